package dev.kith.db.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.db.Kith;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The engine knows no segments: over shards its answers are those of a collection. */
@ExtendWith(Seeded.class)
class QueryEngineTest {
  private static final Schema SCHEMA =
      Schema.of(3, Metric.L2)
          .withVector("other", VectorField.of(2, Metric.COSINE))
          .withField("part", FieldType.KEYWORD)
          .withField("n", FieldType.INTEGER);

  /** Few values, so that many points are equally near. */
  private static float[] vector(int dimension, SplittableRandom random) {
    var vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = random.nextInt(1, 4);
    }
    return vector;
  }

  private static Point point(int id, SplittableRandom random) {
    var first = vector(3, random);
    var payload = Payload.of("part", "p" + random.nextInt(5), "n", random.nextInt(10));
    var vectors =
        random.nextInt(4) == 0
            ? Map.of(Schema.VECTOR, first)
            : Map.of(Schema.VECTOR, first, "other", vector(2, random));
    return new Point(PointId.of(id), vectors, payload);
  }

  private static List<Query> queries(SplittableRandom random) {
    var near = Query.nearest(vector(3, random)).limit(1 + random.nextInt(20));
    var other = Query.nearest("other", vector(2, random)).limit(1 + random.nextInt(20));
    return List.of(
        near,
        Query.nearest(vector(3, random)).limit(near.limit()),
        near.where("n < 7").offset(3).withVectors("other"),
        near.threshold(2).withoutPayload(),
        Query.nearestTo(PointId.of(random.nextInt(80))).limit(9),
        Query.like(PointId.of(1), PointId.of(2)).limit(7),
        Query.fuse(Fusion.rrf(), near, other).limit(15),
        Query.fuse(Fusion.weighted(2, 1), near.where("n > 2"), other).where("part != 'p1'"),
        near.rescoredBy("other", vector(2, random)).limit(6));
  }

  private static void same(Hit found, Hit expected) {
    assertThat(found.id()).isEqualTo(expected.id());
    assertThat(found.score()).isEqualTo(expected.score());
    assertThat(found.payload()).isEqualTo(expected.payload());
    assertThat(found.vectors().keySet()).isEqualTo(expected.vectors().keySet());
  }

  private static void same(List<Hit> found, List<Hit> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      same(found.get(i), expected.get(i));
    }
  }

  @Test
  void answers_overShards_areThoseOfACollection(SplittableRandom random) throws IOException {
    var shards = new Shards(SCHEMA, 1 + random.nextInt(5));
    var engine = new QueryEngine(shards);
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("c", SCHEMA);
      for (int id = 0; id < 80; id++) {
        var point = point(id, random);
        collection.upsert(point);
        shards.put(point);
      }
      for (int round = 0; round < 30 * Seeded.effort(); round++) {
        var queries = queries(random);
        var found = engine.answers(queries);
        var expected = collection.queryBatch(queries);
        for (int q = 0; q < queries.size(); q++) {
          same(found.get(q).hits(), expected.get(q).hits());
          assertThat(found.get(q).report().scoreKind())
              .isEqualTo(expected.get(q).report().scoreKind());
          var field = random.nextBoolean() ? "part" : "n";
          int groups = 1 + random.nextInt(6);
          int size = 1 + random.nextInt(4);
          var grouped = engine.grouped(queries.get(q), field, groups, size).groups();
          var whole = collection.queryGrouped(queries.get(q), field, groups, size).groups();
          assertThat(grouped).hasSameSizeAs(whole);
          for (int g = 0; g < grouped.size(); g++) {
            assertThat(grouped.get(g).value()).isEqualTo(whole.get(g).value());
            same(grouped.get(g).hits(), whole.get(g).hits());
          }
        }
      }
    }
  }

  @Test
  void ranked_equalKeys_goByTheIdsOrder() {
    var place = new Ranked.Place() {};
    var ranked = new ArrayList<Ranked>();
    ranked.add(new Ranked(PointId.of("a"), 1, place));
    ranked.add(new Ranked(PointId.of(-1), 1, place)); // the largest number
    ranked.add(new Ranked(PointId.of(2), 1, place));
    ranked.add(new Ranked(PointId.of(3), 0.5, place));
    ranked.sort(null);
    assertThat(ranked)
        .extracting(one -> one.id().toString())
        .containsExactly("3", "2", "18446744073709551615", "a");
  }

  @Test
  void fusion_ofPointsOfItsOwn_isRefused() {
    var shards = new Shards(SCHEMA, 2);
    shards.put(point(1, new SplittableRandom(1)));
    var made = Query.fuse(_ -> Map.of(PointId.of(7), 1.0), Query.nearest(new float[] {1, 2, 3}));
    assertThatThrownBy(() -> new QueryEngine(shards).answers(List.of(made)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a fusion gives finite scores to points of its lists alone: id=7, score=1.0");
  }
}
