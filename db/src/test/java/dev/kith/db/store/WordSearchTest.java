package dev.kith.db.store;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.testing.Seeded;
import dev.kith.db.Collection;
import dev.kith.db.Kith;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class WordSearchTest {
  private final Kith kith = Kith.inMemory();
  private Collection collection;

  @BeforeEach
  void open() {
    var schema =
        new Schema(Map.of(), Map.of("t", FieldType.TEXT, "year", FieldType.INTEGER), false);
    collection = kith.create("c", schema);
  }

  @AfterEach
  void close() {
    kith.close();
  }

  private void put(int id, String text) {
    collection.upsert(
        new Point(PointId.of(id), Map.of(), Payload.of("t", text, "year", 2000 + id)));
  }

  private List<Hit> hits(Query query) {
    return collection.query(query).hits();
  }

  private static String words(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "w" + i).collect(joining(" "));
  }

  private static String random(SplittableRandom random, int count) {
    return IntStream.range(0, count)
        .mapToObj(_ -> "w" + random.nextInt(0, 1500) * random.nextInt(0, 2))
        .collect(joining(" "));
  }

  @Test
  void words_manyThousands_areAnswered() {
    for (int id = 1; id <= 20; id++) {
      put(id, words(0, 10 * id));
    }
    var pasted = words(5, 300_000);
    var found = hits(Query.words("t", pasted).where("year != 2020").limit(3));
    assertThat(found).extracting(Hit::id).containsExactly(id(19), id(18), id(17));
    assertThat(hits(Query.fuse(Fusion.rrf(), Query.words("t", pasted)))).hasSize(10);
  }

  private static PointId id(int id) {
    return PointId.of(id);
  }

  @Test
  void words_repeated_countAsOftenAsTheyAreAsked() {
    put(1, "one two");
    put(2, "two three");
    double one = hits(Query.words("t", "one")).getFirst().score();
    for (int times : new int[] {2, 3, 2000}) {
      assertThat(hits(Query.words("t", "one ".repeat(times))).getFirst().score())
          .isCloseTo(times * one, within(times * one * 1e-6));
    }
  }

  /** What is asked beyond Lucene's limit adds words that no point has, so scores stay. */
  @Test
  void words_beyondLucenesLimit_scoreAsThoseWithin(SplittableRandom random) {
    for (int id = 1; id <= 60; id++) {
      put(id, random(random, random.nextInt(1, 60)));
    }
    for (int id = 1; id <= 60; id += 7) {
      collection.delete(PointId.of(id));
    }
    for (int round = 0; round < 20; round++) {
      var some = random(random, random.nextInt(1, 500));
      var query = Query.words("t", some).limit(random.nextInt(1, 70));
      if (random.nextBoolean()) {
        query = query.where("year >= " + (2000 + random.nextInt(60)));
      }
      var many =
          query.withSource(new Query.Words(List.of("t"), some + " " + words(100_000, 102_000)));
      var found = hits(many);
      var expected = hits(query);
      assertThat(found).hasSameSizeAs(expected);
      for (int i = 0; i < found.size(); i++) {
        double score = expected.get(i).score();
        assertThat(found.get(i).score()).isCloseTo(score, within(2.0 * Math.ulp((float) score)));
      }
    }
  }

  @Test
  void words_withAFilterOfManyTests_areAnswered() {
    put(1, "w1 w2");
    var parts =
        IntStream.range(0, 240).mapToObj(i -> Filter.field("t").matches("w" + i).not()).toList();
    var filter = Filter.any(parts);
    for (int count : new int[] {10, 600, 1000}) {
      assertThat(hits(Query.words("t", words(0, count)).where(filter))).hasSize(1);
    }
  }

  @Test
  void words_many_keepTheDeadline() {
    put(1, words(0, 5000));
    assertThatThrownBy(
            () -> hits(Query.words("t", words(0, 300_000)).deadline(Duration.ofMillis(1))))
        .isInstanceOf(SearchStoppedException.class)
        .hasMessageStartingWith("the search reached its deadline: deadline=1 ms");
  }
}
