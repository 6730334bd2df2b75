package dev.kith.langchain4j;

import static dev.langchain4j.store.embedding.filter.MetadataFilterBuilder.metadataKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kith.core.testing.Seeded;
import dev.kith.db.Collection;
import dev.kith.db.Kith;
import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.store.embedding.filter.Filter;
import dev.langchain4j.store.embedding.filter.comparison.ContainsString;
import dev.langchain4j.store.embedding.filter.comparison.IsEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsGreaterThan;
import dev.langchain4j.store.embedding.filter.comparison.IsGreaterThanOrEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsIn;
import dev.langchain4j.store.embedding.filter.comparison.IsLessThan;
import dev.langchain4j.store.embedding.filter.comparison.IsLessThanOrEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsNotEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsNotIn;
import dev.langchain4j.store.embedding.filter.logical.And;
import dev.langchain4j.store.embedding.filter.logical.Not;
import dev.langchain4j.store.embedding.filter.logical.Or;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Holds filters to what LangChain4j's own {@code test} says of each segment. */
@ExtendWith(Seeded.class)
class MetadataFiltersTest {
  private static final List<String> KEYS = List.of("k", "file_name", "a b");
  private static final String LONG = "long ".repeat(2_000);

  private static final List<String> STRINGS =
      List.of("a", "A", "b", "ab", "b a", "", "é", "1", LONG, LONG + "b");

  private static final List<UUID> UUIDS =
      List.of(new UUID(0, 1), new UUID(1, 0), new UUID(-1, 0), new UUID(1, -1));

  /**
   * Neighbouring numbers where longs and doubles differ, decimals that are not binary, and the
   * specials.
   */
  private static final List<Number> NUMBERS =
      List.of(
          0,
          1,
          -1,
          2,
          1L,
          (1L << 53) - 1,
          1L << 53,
          (1L << 53) + 1,
          (1L << 60) - 1,
          1L << 60,
          (1L << 60) + 1,
          1_152_921_504_606_846_980L,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          1.1f,
          1f,
          16_777_216f,
          1.1,
          (double) 1.1f,
          1.0,
          1.5,
          -0.5,
          0.0,
          -0.0,
          -0f,
          0x1p53,
          0x1p60,
          0x1p63,
          -0x1p63,
          1e300,
          Double.MIN_VALUE,
          Float.MIN_VALUE,
          Double.NaN,
          Float.NaN,
          Double.POSITIVE_INFINITY,
          Float.NEGATIVE_INFINITY);

  private static final List<List<? extends Comparable<?>>> KINDS =
      List.of(STRINGS, UUIDS, NUMBERS.stream().map(number -> (Comparable<?>) number).toList());

  private final Kith kith = Kith.inMemory();
  private final Collection collection = kith.create("store", KithEmbeddingStore.schema(2));
  private final KithEmbeddingStore store = KithEmbeddingStore.of(collection);

  @AfterEach
  void close() {
    kith.close();
  }

  private static <T> T one(List<? extends T> values, SplittableRandom random) {
    return values.get(random.nextInt(values.size()));
  }

  private static Metadata randomMetadata(SplittableRandom random) {
    var metadata = new Metadata();
    for (var key : KEYS) {
      if (random.nextInt(4) > 0) {
        Object value = one(one(KINDS, random), random);
        switch (value) {
          case String text -> metadata.put(key, text);
          case UUID uuid -> metadata.put(key, uuid);
          case Integer number -> metadata.put(key, number);
          case Long number -> metadata.put(key, number);
          case Float number -> metadata.put(key, number);
          case Double number -> metadata.put(key, number);
          default -> throw new AssertionError(value);
        }
      }
    }
    return metadata;
  }

  private static Filter randomFilter(SplittableRandom random, int depth) {
    if (depth > 0 && random.nextBoolean()) {
      var left = randomFilter(random, depth - 1);
      return switch (random.nextInt(3)) {
        case 0 -> new And(left, randomFilter(random, depth - 1));
        case 1 -> new Or(left, randomFilter(random, depth - 1));
        default -> new Not(left);
      };
    }
    String key = one(KEYS, random);
    List<? extends Comparable<?>> kind = one(KINDS, random);
    Comparable<?> value = one(kind, random);
    var values = List.of(value, one(kind, random), one(kind, random));
    return switch (random.nextInt(9)) {
      case 0 -> new IsEqualTo(key, value);
      case 1 -> new IsNotEqualTo(key, value);
      case 2 -> new IsIn(key, values);
      case 3 -> new IsNotIn(key, values);
      case 4 -> new IsGreaterThan(key, value);
      case 5 -> new IsGreaterThanOrEqualTo(key, value);
      case 6 -> new IsLessThan(key, value);
      case 7 -> new IsLessThanOrEqualTo(key, value);
      default -> new ContainsString(key, one(STRINGS, random));
    };
  }

  /**
   * Result of the filter's own test; where it throws, the kinds differ, and the comparison is
   * false.
   */
  private static boolean passes(Filter filter, Metadata metadata) {
    return switch (filter) {
      case And and -> passes(and.left(), metadata) && passes(and.right(), metadata);
      case Or or -> passes(or.left(), metadata) || passes(or.right(), metadata);
      case Not not -> !passes(not.expression(), metadata);
      default -> {
        try {
          yield filter.test(metadata);
        } catch (IllegalArgumentException | ClassCastException e) {
          yield filter instanceof IsNotEqualTo || filter instanceof IsNotIn;
        }
      }
    };
  }

  private void add(List<Metadata> segments) {
    store.addAll(
        IntStream.range(0, segments.size()).mapToObj(Integer::toString).toList(),
        segments.stream().map(_ -> Embedding.from(new float[] {1, 2})).toList(),
        segments.stream().map(metadata -> TextSegment.from("text", metadata)).toList());
  }

  private Set<Integer> found(Filter filter) {
    var found = new TreeSet<Integer>();
    try (var reader = collection.reader()) {
      reader.forEachId(
          new MetadataFilters(reader).of(filter), id -> found.add(Integer.valueOf(id.toString())));
    }
    return found;
  }

  @Test
  void filters_random_findWhatTheirTestSays(SplittableRandom random) {
    var segments = new ArrayList<Metadata>();
    for (int i = 0; i < 150; i++) {
      segments.add(randomMetadata(random));
    }
    add(segments);

    for (int round = 0; round < 500 * Seeded.effort(); round++) {
      var filter = randomFilter(random, 3);
      var expected = new TreeSet<Integer>();
      for (int i = 0; i < segments.size(); i++) {
        if (passes(filter, segments.get(i))) {
          expected.add(i);
        }
      }
      assertThat(found(filter)).as(filter.toString()).isEqualTo(expected);
    }
  }

  /** Every pair of a stored number and one that it is compared with. */
  @Test
  void numbers_everyPair_compareAsLangChain4jDoes() {
    var segments = NUMBERS.stream().map(MetadataFiltersTest::number).toList();
    add(segments);

    for (var number : NUMBERS) {
      var value = (Comparable<?>) number;
      for (var filter :
          List.of(
              new IsEqualTo("k", value),
              new IsGreaterThan("k", value),
              new IsGreaterThanOrEqualTo("k", value),
              new IsLessThan("k", value),
              new IsLessThanOrEqualTo("k", value))) {
        var expected = new TreeSet<Integer>();
        for (int i = 0; i < segments.size(); i++) {
          if (filter.test(segments.get(i))) {
            expected.add(i);
          }
        }
        assertThat(found(filter)).as(filter.toString()).isEqualTo(expected);
      }
    }
  }

  private static Metadata number(Number number) {
    return Metadata.from(java.util.Map.of("k", number));
  }

  @Test
  void uuid_andTheStringItIsWrittenAs_areEqual() {
    var uuid = new UUID(1, 2);
    add(List.of(new Metadata().put("k", uuid), new Metadata().put("k", uuid.toString())));

    assertThat(found(metadataKey("k").isEqualTo(uuid))).containsExactly(0, 1);
    assertThat(found(metadataKey("k").isEqualTo(uuid.toString()))).containsExactly(0, 1);
    assertThat(found(metadataKey("k").isIn(uuid))).containsExactly(0, 1);
  }

  @Test
  void filter_onAKeyThatNoSegmentHas_findsNothingAndItsComplementAll() {
    add(List.of(new Metadata().put("k", 1), new Metadata()));

    assertThat(found(metadataKey("other").isEqualTo(1))).isEmpty();
    assertThat(found(metadataKey("other").isNotEqualTo(1))).containsExactly(0, 1);
    assertThat(found(metadataKey("other").isLessThan(Double.POSITIVE_INFINITY))).isEmpty();
  }

  @Test
  void filter_ofAnotherType_isUnsupported() {
    Filter own = _ -> true;

    assertThatExceptionOfType(UnsupportedFeatureException.class)
        .isThrownBy(() -> found(own))
        .withMessage(
            "a filter must be made of LangChain4j's own comparisons and and, or, not: "
                + own.getClass().getName());
  }

  @Test
  void filter_comparedWithABoolean_saysWhatIsComparable() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found(new IsEqualTo("k", true)))
        .withMessage(
            "metadata is compared with a String, a UUID or a number: key=k, compared with a"
                + " java.lang.Boolean");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found(new IsLessThan("k", true)))
        .withMessageContaining("key=k, compared with a java.lang.Boolean");
  }
}
