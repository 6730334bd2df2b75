package dev.kith.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.testing.Seeded;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.testing.Trees;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Groups of every kind of query, compared with the query's own ranking. */
@ExtendWith(Seeded.class)
class GroupedQueryTest {
  private static final int POINTS = 120;
  private static final List<String> WORDS = List.of("red", "green", "blue", "old", "new");

  private final Kith kith = Kith.inMemory();
  private SplittableRandom random;
  private Collection collection;

  @BeforeEach
  void create(SplittableRandom seeded) {
    random = seeded;
    collection = filled();
  }

  @AfterEach
  void close() {
    kith.close();
  }

  private Collection filled() {
    var filled =
        kith.create(
            "points",
            Schema.of(2, random.nextBoolean() ? Metric.L2 : Metric.DOT)
                .withField("text", FieldType.TEXT)
                .withField("lang", FieldType.KEYWORD)
                .withField("year", FieldType.INTEGER)
                .withField("ok", FieldType.BOOL));
    for (int i = 0; i < POINTS; i++) {
      filled.upsert(Point.of(PointId.of(i), vector(), payload()));
      if (random.nextInt(40) == 0) {
        filled.checkpoint();
      }
    }
    filled.delete(List.of(PointId.of(POINTS - 1)));
    return filled;
  }

  /** Of few values, so that scores are often equal. */
  private float[] vector() {
    return new float[] {random.nextInt(6), random.nextInt(6)};
  }

  private Payload payload() {
    var payload =
        new LinkedHashMap<String, Object>(Map.of("text", words(), "ok", random.nextBoolean()));
    // most points share one value, so that other groups stand deep in a ranking
    payload.put(
        "lang", random.nextInt(4) > 0 ? List.of("en") : List.of("l" + random.nextInt(6), "en"));
    if (random.nextInt(5) > 0) {
      payload.put("year", random.nextInt(12) - 2);
    }
    return Payload.of(payload);
  }

  private String words() {
    return String.join(
        " ",
        IntStream.range(0, random.nextInt(5) + 1)
            .mapToObj(_ -> WORDS.get(random.nextInt(WORDS.size())))
            .toList());
  }

  private PointId id() {
    return PointId.of(random.nextInt(POINTS - 1));
  }

  private Query query(int depth) {
    return refined(
        switch (random.nextInt(depth == 0 ? 4 : 7)) {
          case 0 -> Query.nearest(vector());
          case 1 -> Query.nearestTo(id());
          case 2 ->
              Query.by(new Query.Recommend(Schema.VECTOR, List.of(id(), id()), List.of(id())));
          case 3 -> Query.words("text", words());
          case 4 -> Query.fuse(Fusion.rrf(), query(depth - 1), query(depth - 1));
          case 5 -> Query.fuse(Fusion.weighted(0.3, 2), query(depth - 1), query(depth - 1));
          default -> query(depth - 1).rescoredBy(Schema.VECTOR, vector());
        });
  }

  private Query refined(Query query) {
    var refined = query.limit(random.nextInt(60) + 1);
    if (random.nextInt(3) == 0) {
      refined = refined.where("year > %d".formatted(random.nextInt(8) - 3));
    }
    if (random.nextInt(4) == 0) {
      refined = refined.offset(random.nextInt(4));
    }
    return refined;
  }

  /** With the score of some hit as the threshold, at times. */
  private Query cut(Query query) {
    var hits = collection.query(query).hits();
    return hits.isEmpty() || random.nextInt(3) > 0
        ? query
        : query.threshold(hits.get(random.nextInt(hits.size())).score());
  }

  private Map<String, List<Hit>> groupedNaively(Query query, String field, int groups, int size) {
    var found = new LinkedHashMap<String, List<Hit>>();
    for (var hit : collection.query(query.offset(0).limit(1000)).hits()) {
      for (var value : values(hit, field)) {
        var group = found.computeIfAbsent(value, _ -> new ArrayList<>());
        if (group.size() < size) {
          group.add(hit);
        }
      }
    }
    found.keySet().retainAll(found.keySet().stream().limit(groups).toList());
    return found;
  }

  private static List<String> values(Hit hit, String field) {
    var payload = hit.payload();
    var value = payload == null ? null : Trees.of(payload).get(field);
    if (value == null) {
      return List.of();
    }
    return value.isArray()
        ? StreamSupport.stream(value.spliterator(), false)
            .map(one -> one.asText())
            .sorted()
            .toList()
        : List.of(value.asText());
  }

  @Test
  void queryGrouped_anyKindOfQuery_isTheQuerysOwnRankingGrouped() {
    for (int round = 0; round < 3 * Seeded.effort(); round++) {
      for (int i = 0; i < 80; i++) {
        var query = cut(query(3));
        var field = List.of("lang", "year", "ok").get(random.nextInt(3));
        int groups = random.nextInt(8) + 1;
        int size = random.nextInt(5) + 1;
        var expected = groupedNaively(query, field, groups, size);
        var found = collection.queryGrouped(query, field, groups, size).groups();
        assertThat(found.stream().map(group -> group.value()).toList())
            .as("%s by %s", query, field)
            .isEqualTo(List.copyOf(expected.keySet()));
        for (var group : found) {
          Model.sameHits(group.hits(), expected.getOrDefault(group.value(), List.of()));
        }
      }
      kith.drop("points");
      collection = filled();
    }
  }

  @Test
  void queryBatch_anyKindOfQueries_isEachAlone() {
    for (int i = 0; i < 30 * Seeded.effort(); i++) {
      var queries = new ArrayList<Query>();
      while (queries.size() < 5) {
        var query = cut(query(2));
        queries.add(query);
        if (random.nextBoolean() && query.source() instanceof Query.Nearest) {
          queries.add(query.withSource(new Query.Nearest(Schema.VECTOR, vector())));
        }
      }
      var together = collection.queryBatch(queries);
      for (int q = 0; q < queries.size(); q++) {
        Model.sameHits(together.get(q).hits(), collection.query(queries.get(q)).hits());
      }
    }
  }

  @Test
  void query_fusedOrRescoredOnABackend_isServedByItOrNotAtAll() {
    var near = Query.nearest(vector());
    for (var query :
        List.of(Query.fuse(Fusion.rrf(), near, near), near.rescoredBy("vector", vector()))) {
      assertThat(collection.query(query.onBackend("scalar")).report().backend())
          .contains("scalar")
          .doesNotContain("simd");
      assertThatThrownBy(() -> collection.query(query.onBackend("abacus")))
          .isInstanceOf(BackendUnavailableException.class);
    }
  }

  @Test
  void report_wordsHadAPart_isNotProved() {
    var near = Query.nearest(vector());
    var words = Query.words("text", "red");
    assertThat(collection.query(Query.fuse(Fusion.rrf(), near, near)).report().proved()).isTrue();
    assertThat(collection.query(near.rescoredBy("vector", vector())).report().proved()).isTrue();
    for (var query :
        List.of(
            Query.fuse(Fusion.rrf(), near, words),
            words.rescoredBy("vector", vector()),
            Query.fuse(Fusion.rrf(), near, words.rescoredBy("vector", vector())))) {
      assertThat(collection.query(query).report().proved()).isFalse();
      assertThat(collection.queryGrouped(query, "lang", 2, 2).report().proved()).isFalse();
    }
  }

  @Test
  void queryGrouped_noTimeLeft_stops() {
    var near = Query.nearest(vector());
    for (var query : List.of(near, Query.words("text", "red"), Query.fuse(Fusion.rrf(), near))) {
      assertThatThrownBy(() -> collection.queryGrouped(query.deadline(Duration.ZERO), "lang", 2, 2))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessageStartingWith("the search reached its deadline: deadline=0 ms");
    }
  }

  @Test
  void facet_integersOfEqualCounts_smallerNumberFirst() {
    var schema = Schema.of(2, Metric.L2).withField("year", FieldType.INTEGER);
    var points = kith.create("years", schema);
    for (int year : new int[] {10, 9, -3, 100}) {
      points.upsert(Point.of(PointId.of(year), new float[2], Payload.of("year", year)));
    }
    assertThat(points.facet("year", null, 4).stream().map(Facet::value))
        .containsExactly("-3", "9", "10", "100");
  }
}
