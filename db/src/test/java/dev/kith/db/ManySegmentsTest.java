package dev.kith.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Query;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What one segment found excludes rows of the others, and never one of the answer. */
@ExtendWith(Seeded.class)
class ManySegmentsTest {
  private static final int DIMENSION = 6;

  /** Few distinct values an element: most keys are those of other points too. */
  private static float[] vector(SplittableRandom random) {
    var vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = random.nextInt(3);
    }
    return vector;
  }

  /** One segment a call, since each is seen before the next. */
  private static void upsert(
      Collection collection, Model model, int count, SplittableRandom random) {
    var points = new ArrayList<Point>();
    for (int i = 0; i < count; i++) {
      var id = PointId.of(random.nextLong(1 << 20));
      points.add(Point.of(id, vector(random), Payload.of("part", random.nextInt(20))));
    }
    collection.upsert(points);
    points.forEach(model::upsert);
    assertThat(collection.count()).isEqualTo(model.points.size());
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void query_segmentsOfAllSizesAndManyTies_isTheDefinition(Metric metric, SplittableRandom random) {
    var schema = Schema.of(DIMENSION, metric).withField("part", FieldType.INTEGER);
    var model = new Model(schema);
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("c", schema);
      for (int size : new int[] {5_000, 1, 4_200, 3, 700, 40, 2}) { // some with a shadow
        upsert(collection, model, size, random);
      }
      assertThat(collection.stats().segments()).isGreaterThan(3);
      for (int round = 0; round < 20 * Seeded.effort(); round++) {
        var queries = queries(random);
        var answers = collection.queryBatch(queries);
        for (int q = 0; q < queries.size(); q++) {
          var query = queries.get(q);
          var asked = ((Query.Nearest) query.source()).query();
          var expected = model.nearest(query, Schema.VECTOR, asked, List.of());
          Model.sameHits(answers.get(q).hits(), expected);
          assertThat(answers.get(q).report().proved()).isTrue();
        }
      }
    }
  }

  /** Alike but for their vectors, so that they are searched together. */
  private static List<Query> queries(SplittableRandom random) {
    int limit = 1 + random.nextInt(random.nextBoolean() ? 5 : 2_000);
    int threads = random.nextInt(4);
    var backend = random.nextBoolean() ? "scalar" : "simd";
    var filter = random.nextBoolean() ? Filter.parse("part < " + random.nextInt(1, 20)) : null;
    return IntStream.range(0, 1 + random.nextInt(3))
        .mapToObj(
            _ -> {
              var query = Query.nearest(vector(random)).limit(limit).threads(threads);
              return (filter == null ? query : query.where(filter)).onBackend(backend);
            })
        .toList();
  }
}
