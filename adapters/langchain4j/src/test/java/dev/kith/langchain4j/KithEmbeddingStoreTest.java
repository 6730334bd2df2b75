package dev.kith.langchain4j;

import static dev.langchain4j.store.embedding.filter.Filter.not;
import static dev.langchain4j.store.embedding.filter.MetadataFilterBuilder.metadataKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.db.Kith;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Schema;
import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.store.embedding.EmbeddingMatch;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.filter.Filter;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Seeded.class)
class KithEmbeddingStoreTest {
  private static Embedding embedding(float... vector) {
    return Embedding.from(vector);
  }

  private static EmbeddingSearchRequest.EmbeddingSearchRequestBuilder near(float... vector) {
    return EmbeddingSearchRequest.builder().queryEmbedding(embedding(vector)).maxResults(100);
  }

  @Test
  void store_closedAndReopened_hasWhatWasAdded(@TempDir Path folder) {
    var uuid = UUID.fromString("8e1c5bd0-7f0d-4f5e-9d6a-5a2f3c9f0b11");
    var segment =
        TextSegment.from(
            "Athens", new Metadata().put("year", 2020L).put("score", 0.1f).put("source id", uuid));
    String withSegment;
    try (var kith = Kith.open(folder)) {
      var store = KithEmbeddingStore.of(kith.create("store", KithEmbeddingStore.schema(2)));
      withSegment = store.add(embedding(3, 4), segment);
      store.add("bare", embedding(4, 3));
    }

    try (var kith = Kith.open(folder)) {
      var store = KithEmbeddingStore.of(kith.collection("store"));

      assertThat(store.search(near(3, 4).build()).matches())
          .containsExactly(
              new EmbeddingMatch<>(1.0, withSegment, embedding(3, 4), segment),
              new EmbeddingMatch<>((24.0 / 25 + 1) / 2, "bare", embedding(4, 3), null));
      var filter =
          metadataKey("year")
              .isGreaterThan(2019.5)
              .and(metadataKey("score").isEqualTo(0.1))
              .and(metadataKey("source id").isEqualTo(uuid));
      assertThat(store.search(near(3, 4).filter(filter).build()).matches())
          .extracting(EmbeddingMatch::embeddingId)
          .containsExactly(withSegment);
    }
  }

  @Test
  void search_minScoreThatAMatchHas_findsIt(SplittableRandom random) {
    try (var kith = Kith.inMemory()) {
      var store = KithEmbeddingStore.of(kith.create("store", KithEmbeddingStore.schema(3)));
      for (int i = 0; i < 50; i++) {
        store.add(embedding(uniform(random), uniform(random), uniform(random)));
      }
      var matches = store.search(near(1, 2, 3).build()).matches();
      assertThat(matches).hasSize(50);
      for (int i = 0; i < 50; i++) {
        double score = matches.get(i).score();
        assertThat(store.search(near(1, 2, 3).minScore(score).build()).matches())
            .isEqualTo(matches.stream().filter(match -> match.score() >= score).toList())
            .hasSizeGreaterThan(i);
      }
    }
  }

  private static float uniform(SplittableRandom random) {
    return random.nextFloat() - 0.5f;
  }

  @Test
  void add_anIdThatIsThere_replacesTheEmbedding() {
    try (var kith = Kith.inMemory()) {
      var store = KithEmbeddingStore.of(kith.create("store", KithEmbeddingStore.schema(2)));
      store.add("a", embedding(1, 0));
      store.add("a", embedding(0, 1));

      assertThat(store.search(near(0, 1).build()).matches())
          .containsExactly(new EmbeddingMatch<>(1.0, "a", embedding(0, 1), null));
    }
  }

  @Test
  void add_embeddingChangedAfterwards_keepsWhatWasGiven() {
    try (var kith = Kith.inMemory()) {
      var store = KithEmbeddingStore.of(kith.create("store", KithEmbeddingStore.schema(2)));
      var added = embedding(3, 4);
      store.add("a", added);
      added.normalize();

      assertThat(store.search(near(3, 4).build()).matches().getFirst().embedding())
          .isEqualTo(embedding(3, 4));
    }
  }

  @Test
  void add_newKeyByManyThreads_isFound_andNoSegmentIsWrittenAgain() {
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("store", KithEmbeddingStore.schema(2));
      IntStream.range(0, 64)
          .parallel()
          .forEach(
              i ->
                  KithEmbeddingStore.of(collection)
                      .add(
                          embedding(1, i),
                          TextSegment.from("text", new Metadata().put("key" + i / 16, i))));

      assertThat(collection.schema().fields()).isEmpty();
      assertThat(collection.stats().deleted()).isZero();
      assertThat(
              KithEmbeddingStore.of(collection)
                  .search(near(1, 0).filter(metadataKey("key3").isLessThan(56)).build())
                  .matches())
          .hasSize(8);
    }
  }

  @Test
  void removeAll_byFilterOnMetadata_leavesTheOthers() {
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("store", KithEmbeddingStore.schema(2));
      var store = KithEmbeddingStore.of(collection);
      for (int i = 0; i < 10; i++) {
        store.add(embedding(1, i), TextSegment.from("text", new Metadata().put("i", i)));
      }
      store.removeAll(metadataKey("i").isGreaterThanOrEqualTo(4.5));

      assertThat(collection.count()).isEqualTo(5);
      assertThat(
              store.search(near(1, 0).build()).matches().stream()
                  .map(match -> match.embedded().metadata().getInteger("i")))
          .containsExactly(0, 1, 2, 3, 4);
    }
  }

  @Test
  void of_collectionOfAnotherMetric_saysHowToMakeOne() {
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("store", Schema.of(2, Metric.L2));

      assertThatIllegalArgumentException()
          .isThrownBy(() -> KithEmbeddingStore.of(collection))
          .withMessage(
              "an embedding store needs vectors compared by cosine: collection=store, metric=l2;"
                  + " make it with KithEmbeddingStore.schema");
    }
  }

  @Test
  void of_collectionOfAStrictSchema_saysHowToMakeOne() {
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("store", KithEmbeddingStore.schema(2).asStrict());

      assertThatIllegalArgumentException()
          .isThrownBy(() -> KithEmbeddingStore.of(collection))
          .withMessage(
              "an embedding store needs a schema that is not strict: collection=store; make it with"
                  + " KithEmbeddingStore.schema");
    }
  }

  @Test
  void add_keyWhoseFieldIsOfAnotherType_isRefused() {
    try (var kith = Kith.inMemory()) {
      var schema = KithEmbeddingStore.schema(2).withField("metadata.string.lang", FieldType.TEXT);
      var store = KithEmbeddingStore.of(kith.create("store", schema));

      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  store.addAll(
                      List.of(embedding(1, 2)),
                      List.of(TextSegment.from("text", Metadata.from("lang", "en")))))
          .withMessage("there is a field of that name already: metadata.string.lang");
    }
  }

  @Test
  void addAll_halfASurrogate_isRefused_asAFilterOfItIs() {
    try (var kith = Kith.inMemory()) {
      var store = KithEmbeddingStore.of(kith.create("c", KithEmbeddingStore.schema(2)));
      String half = "\ud83d";
      assertThatThrownBy(() -> store.add(embedding(1, 0), TextSegment.from("a" + half)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a string in a payload must be Unicode text: it has half a surrogate, \\ud83d, at"
                  + " /text");
      var metadata = Metadata.from("k", half);
      assertThatThrownBy(() -> store.add(embedding(1, 0), TextSegment.from("a", metadata)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageEndingWith("it has half a surrogate, \\ud83d, at /metadata/string/k");
      assertThatThrownBy(
              () -> store.search(near(1, 0).filter(metadataKey("k").isEqualTo(half)).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("filter: a string must be Unicode text: it has half a surrogate");
      assertThat(store.search(near(1, 0).build()).matches()).isEmpty();
    }
  }

  @Test
  void addAll_textBeyondTheLimit_saysWhich() {
    try (var kith = Kith.inMemory()) {
      var store = KithEmbeddingStore.of(kith.create("c", KithEmbeddingStore.schema(2)));
      var segment = TextSegment.from("a".repeat(20_000_001));
      assertThatThrownBy(() -> store.add(embedding(1, 0), segment))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a string in a payload must have at most 20000000 characters: characters=20000001 at"
                  + " /text");
    }
  }

  @Test
  void search_filterNestedTooDeep_saysSo() {
    try (var kith = Kith.inMemory()) {
      var store = KithEmbeddingStore.of(kith.create("c", KithEmbeddingStore.schema(2)));
      Filter filter = metadataKey("k").isEqualTo("v");
      for (int i = 0; i < 100_000; i++) {
        filter = not(filter);
      }
      var request = near(1, 0).filter(filter).build();
      assertThatThrownBy(() -> store.search(request))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a filter's and, or and not may be nested at most 1000 deep; use isIn for many"
                  + " values");
    }
  }
}
