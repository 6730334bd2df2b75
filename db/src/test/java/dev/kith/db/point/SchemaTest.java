package dev.kith.db.point;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.text.TextEmbedding;
import dev.kith.db.Kith;
import dev.kith.db.filter.Filter;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaTest {
  @Test
  void parse_byteOrderMark_isNoText() {
    var schema = Schema.of(2, Metric.L2);
    assertThat(Schema.parse("\ufeff" + schema.toJson())).isEqualTo(schema);
    assertThat(Schema.parse(schema.toJson().getBytes(UTF_16))).isEqualTo(schema);
    for (var charset : List.of(UTF_8, UTF_16LE, UTF_16BE)) {
      assertThat(Schema.parse(schema.toJson().getBytes(charset))).isEqualTo(schema);
      assertThat(Schema.parse(("\ufeff" + schema.toJson()).getBytes(charset))).isEqualTo(schema);
    }
    assertThatThrownBy(() -> Schema.parse(new byte[] {'{', '"', (byte) 0xff}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a schema must be JSON");
  }

  @Test
  void parse_beyondALimit_saysWhich() {
    assertThatThrownBy(() -> Schema.parse("[".repeat(5000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a schema must be JSON: Document nesting depth (1001) exceeds the maximum allowed"
                + " (1000)");
    assertThatThrownBy(() -> Schema.parse("{\"strict\": " + "9".repeat(2000) + "}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a schema must be JSON: Number value length (2000) exceeds the maximum allowed (1000)");
    assertThatThrownBy(() -> Schema.parse("{\n \"strict\" }"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a schema must be JSON: line 2, column ");
  }

  @Test
  void parse_model_isReadAsItIsWritten_andMayBeLeftOut() {
    var plain = VectorField.of(2, Metric.COSINE);
    var whole =
        TextEmbedding.of("bge")
            .withPooling("cls")
            .withMaxLength(512)
            .withNormalized(false)
            .withPrefixes("query: ", "passage: ")
            .withChecksum("sha256:00");
    for (var embedding : List.of(whole, TextEmbedding.of("bge"))) {
      var schema = Schema.of(plain.embeddedBy(embedding).withIndex("flat"));
      assertThat(Schema.parse(schema.toJson())).isEqualTo(schema);
      assertThat(schema.vector("vector").embedding()).isEqualTo(embedding);
    }
    assertThat(Schema.of(plain.embeddedBy(whole)).toJson())
        .contains(
            "\"model\":{\"name\":\"bge\",\"pooling\":\"cls\",\"maxLength\":512,\"normalized\":false,\"queryPrefix\":\"query:"
                + " \",\"passagePrefix\":\"passage: \",\"checksum\":\"sha256:00\"}");
    // What was written before models were remembered.
    assertThat(Schema.of(plain).toJson())
        .isEqualTo(
            "{\"vectors\":{\"vector\":{\"dimension\":2,\"metric\":\"cosine\",\"type\":\"float32\","
                + "\"index\":\"auto(recall=0.99)\"}},\"fields\":{},\"strict\":false}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1 | vector v must have a model that is a JSON object with a name: 1",
        "{} | vector v must have a name",
        "{\"name\":\" \"} | a model must have a name",
        "{\"name\":\"m\",\"size\":1} | the model of vector v has no key 'size'; known are name,"
            + " pooling, maxLength, normalized, queryPrefix, passagePrefix, checksum",
        "{\"name\":\"m\",\"maxLength\":\"1\"} | vector v must have a maxLength that is a number of"
            + " tokens: \"1\"",
        "{\"name\":\"m\",\"maxLength\":-1} | the most tokens of a text must be 0 (not said) or"
            + " more: -1",
        "{\"name\":\"m\",\"normalized\":1} | vector v must have a normalized that is true or false:"
            + " 1",
        "{\"name\":\"m\",\"checksum\":1} | vector v must have a checksum that is a string: 1"
      })
  void parse_wrongModel_saysWhatIsWrong(String model, String message) {
    assertThatThrownBy(
            () ->
                Schema.parse(
                    "{\"vectors\":{\"v\":{\"dimension\":2,\"metric\":\"l2\",\"model\":"
                        + model
                        + "}}}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"tb_9.6.11", "my key", "a-b/c", "`", "\\", "9", "ä.ö", "a=b", "😀", ".", "a..b"})
  void withField_anyKey_isFound(String path) {
    var schema = Schema.of(1, Metric.L2).withField(path, FieldType.KEYWORD);
    assertThat(Schema.parse(schema.toJson())).isEqualTo(schema);
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("c", schema.asStrict());
      collection.upsert(Point.of(PointId.of(1), new float[] {1}, Payload.of(path, "x")));
      collection.upsert(Point.of(PointId.of(2), new float[] {1}, Payload.of(path, "y")));
      var filter = Filter.field(path).is("x");
      assertThat(Filter.parse(filter.toString())).isEqualTo(filter);
      assertThat(collection.query(Query.nearest(new float[] {1}).where(filter.toString())).hits())
          .extracting(Hit::id)
          .containsExactly(PointId.of(1));
    }
  }

  @Test
  void withField_whatIsNoKeyForALine_isRefused() {
    var schema = Schema.of(1, Metric.L2);
    String rule =
        "a field's path must be 1 to 256 characters of Unicode text, without control characters: ";
    for (var wrong : List.of("|", "a\nb|a\\u000ab", "\ud83d|\\ud83d")) {
      String path = wrong.substring(0, wrong.indexOf('|'));
      assertThatThrownBy(() -> schema.withField(path, FieldType.KEYWORD))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(rule + "'" + wrong.substring(wrong.indexOf('|') + 1) + "'");
    }
    assertThatThrownBy(() -> schema.withField("a".repeat(257), FieldType.KEYWORD))
        .hasMessageStartingWith(rule);
  }
}
