package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.text.TextEmbedder;
import dev.kith.core.text.TextEmbedding;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Passage;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.QueryResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts in, texts out; their vectors count letters. */
class TextsTest {
  private static final int LETTERS = 26;

  /** Counts letters, so that texts of the same letters are near. */
  private record Letters(TextEmbedding embedding) implements TextEmbedder {
    static Letters of(String model) {
      return new Letters(TextEmbedding.of(model));
    }

    @Override
    public int dimension() {
      return LETTERS;
    }

    @Override
    public float[] embedQuery(String text) {
      var counts = new float[LETTERS];
      text.chars().filter(c -> c >= 'a' && c <= 'z').forEach(c -> counts[c - 'a']++);
      return counts;
    }

    @Override
    public List<float[]> embedPassages(List<String> texts) {
      return texts.stream().map(this::embedQuery).toList();
    }
  }

  private static List<String> found(QueryResult result) {
    return result.stream().map(hit -> String.valueOf(hit.getString(Passage.TEXT))).toList();
  }

  @Test
  void addedTexts_areFoundByMeaning_filterAndWords() {
    try (var kith = Kith.inMemory();
        var model = Letters.of("letters")) {
      var schema = Schema.ofTexts(model).withField("lang", FieldType.KEYWORD);
      var texts = kith.openOrCreate("c", schema).texts(model);
      texts.add(
          Passage.of("1", "aaa", Payload.of("lang", "en")),
          Passage.of("2", "aab", Payload.of("lang", "de")),
          Passage.of("x", "zz"));
      assertThat(found(texts.search("aaaa", 2))).containsExactly("aaa", "aab");
      assertThat(found(texts.search("aaaa", 2, Filter.parse("lang == 'de'"))))
          .containsExactly("aab");
      assertThat(found(texts.searchHybrid("zz", 1))).containsExactly("zz");
      assertThat(found(texts.collection().query(texts.nearest("zz").limit(1))))
          .containsExactly("zz");
      texts.add(Passage.of("x", "qq"));
      assertThat(texts.collection().count()).isEqualTo(3);
      assertThat(requireNonNull(texts.collection().get(PointId.of(2))).payload())
          .isEqualTo(Payload.of("text", "aab", "lang", "de"));
      assertThat(texts.embedding().model()).isEqualTo("letters");
      assertThatThrownBy(() -> Passage.of("1", "a", Payload.of("text", "b")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a passage's metadata must not have the key 'text', which is its text's (point 1)");
    }
  }

  @Test
  void addAll_ofManyTexts_tellsWhatIsDurable() {
    try (var kith = Kith.inMemory();
        var model = Letters.of("letters")) {
      var texts = kith.create("c", Schema.ofTexts(model)).texts(model);
      var progress = new ArrayList<Long>();
      var passages = IntStream.range(0, 3001).mapToObj(i -> Passage.of("p" + i, "a".repeat(i % 7)));
      assertThat(texts.addAll(passages.iterator(), progress::add)).isEqualTo(3001);
      assertThat(progress).isSorted().endsWith(3001L);
      assertThat(texts.collection().count()).isEqualTo(3001);
      assertThat(texts.addAll(IntStream.range(0, 2).mapToObj(i -> Passage.of("q" + i, "b"))))
          .isEqualTo(2);
    }
  }

  @Test
  void texts_ofAnotherModel_areRefusedByName_alsoAfterReopening(@TempDir Path folder) {
    var letters = Letters.of("letters");
    try (var kith = Kith.open(folder)) {
      kith.create("c", Schema.ofTexts(letters)).texts(letters).add(Passage.of("1", "abc"));
    }
    var other = Letters.of("other-letters");
    String message =
        "texts must be embedded as the vectors they are compared with: vector vector of collection"
            + " c has model letters, not other-letters; take that one, or a field of its own";
    for (int mode = 0; mode < 2; mode++) {
      try (var kith = mode == 0 ? Kith.open(folder) : Kith.openReadOnly(folder)) {
        var collection = kith.collection("c");
        assertThatThrownBy(() -> collection.texts(other))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(message);
        assertThat(found(collection.texts(letters).search("abc", 1))).containsExactly("abc");
      }
    }
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection("c");
      assertThatThrownBy(() -> collection.setEmbedding("vector", other.embedding()))
          .hasMessage(message);
      assertThatThrownBy(() -> kith.openOrCreate("c", Schema.ofTexts(other)))
          .hasMessageContaining("vector vector: model letters, not other-letters");
      assertThatThrownBy(() -> collection.texts().close())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "nothing here can load model letters, by which collection c is embedded: add"
                  + " kith-embed, or load it yourself and give it by texts(model)");
      assertThat(collection.verify()).isEmpty();
    }
  }

  @Test
  void texts_ofACollectionThatSaysNothing_areRememberedWhereItIsEmpty() {
    try (var kith = Kith.inMemory();
        var model = Letters.of("letters")) {
      var empty = kith.create("empty", Schema.of(LETTERS, Metric.COSINE));
      assertThatThrownBy(() -> empty.texts().close())
          .hasMessage(
              "collection empty does not say which model makes its vector vector: give one by"
                  + " texts(model), or create it by Schema.ofTexts(model)");
      empty.texts(model);
      assertThat(empty.schema().vector("vector").embedding()).isEqualTo(model.embedding());
      empty.setEmbedding("vector", TextEmbedding.of("another"));
      empty.setEmbedding("vector", model.embedding());

      var filled = kith.create("filled", Schema.of(LETTERS, Metric.COSINE));
      filled.upsert(Point.of(PointId.of(1), model.embedQuery("abc")));
      assertThatThrownBy(() -> filled.texts(model))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "vector vector of collection filled does not say which model made what is there: say"
                  + " it once by setEmbedding(\"vector\", model.embedding())");
      filled.setEmbedding("vector", model.embedding());
      assertThat(filled.texts(model).search("abc", 1).hits()).hasSize(1);
      assertThatThrownBy(() -> filled.texts(model).hybrid("abc", 1))
          .hasMessage(
              "words are looked for in a field of type text: collection filled has none of the name"
                  + " text; add it by addField");

      var narrow = kith.create("narrow", Schema.of(3, Metric.COSINE));
      assertThatThrownBy(() -> narrow.texts(model))
          .hasMessage(
              "a model's vectors must have the collection's dimension: model letters gives 26,"
                  + " vector vector of collection narrow has 3");
    }
  }
}
