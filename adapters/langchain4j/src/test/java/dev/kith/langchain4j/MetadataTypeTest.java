package dev.kith.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kith.core.testing.Seeded;
import dev.kith.db.point.Payload;
import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import java.util.LinkedHashMap;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class MetadataTypeTest {
  private static final String CHARACTERS = "aZ09_-. /éЖ界\uD83D\uDE00½٣\u0000";

  @ParameterizedTest
  @CsvSource({
    "lang, lang",
    "file_name, file_name",
    "_private, _private",
    "a-b, a-b",
    "ключ, ключ",
    "a.b, a__002eb",
    "2020, __0032020",
    "-a, __002da",
    "a_, a__005f",
    "a__b, a__005f_b"
  })
  void name_ofKey_isAsDocumented(String key, String name) {
    assertThat(MetadataType.name(key)).isEqualTo(name);
    assertThat(MetadataType.key(name)).isEqualTo(key);
  }

  @Test
  void name_ofAnyKey_isAFieldAndComesBack(SplittableRandom random) {
    for (int round = 0; round < 2_000 * Seeded.effort(); round++) {
      var key = new StringBuilder();
      for (int length = random.nextInt(1, 12); key.length() < length; ) {
        key.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
      }
      String path = MetadataType.INT.path(key.toString());

      var schema = KithEmbeddingStore.schema(2).withField(path, MetadataType.INT.fieldType());
      assertThat(schema.fields()).containsKey(path);
      assertThat(path.split("\\.", -1)).hasSize(3);
      String name = path.substring("metadata.int.".length());
      assertThat(MetadataType.key(name)).isEqualTo(key.toString());
    }
  }

  @Test
  void path_ofTooLongAKey_saysHowLong() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MetadataType.STRING.path("k".repeat(241)))
        .withMessage(
            "a metadata key must make a field's path of at most 256 characters: length=257, key=%s...; shorten the key"
                .formatted("k".repeat(40)));
    assertThat(MetadataType.STRING.path("k".repeat(240))).hasSize(256);
  }

  @Test
  void payload_readAgainFromJson_givesTheSegment() {
    var values = new LinkedHashMap<String, Object>();
    values.put("string", "é \u0000 \"quoted\"");
    values.put("empty", "");
    values.put("long string", "é".repeat(5_000));
    values.put("uuid", UUID.fromString("8e1c5bd0-7f0d-4f5e-9d6a-5a2f3c9f0b11"));
    values.put("int", Integer.MIN_VALUE);
    values.put("long", Long.MAX_VALUE);
    values.put("small long", 1L);
    values.put("float", 1.1f);
    values.put("least float", Float.MIN_VALUE);
    values.put("double", 0.1 + 0.2);
    values.put("whole double", 1e22);
    values.put("least double", Double.MIN_VALUE);
    values.put("-0", -0.0);
    values.put("-0f", -0f);
    values.put("NaN", Double.NaN);
    values.put("infinity", Float.NEGATIVE_INFINITY);
    var segment = TextSegment.from("text", Metadata.from(values));

    var payload = Payload.parse(Segments.payload(segment).toString());

    assertThat(Segments.segment(payload)).isEqualTo(segment);
    assertThat(Segments.metadata(payload).toMap()).isEqualTo(values);
  }

  @Test
  void payload_ofASegment_isAsDocumented() {
    var metadata = new Metadata().put("lang", "en").put("year", 2020).put("a b", 1.5f);

    assertThat(Segments.payload(TextSegment.from("Athens", metadata)))
        .hasToString(
            "{\"text\":\"Athens\",\"metadata\":{\"string\":{\"lang\":\"en\"},\"int\":{\"year\":2020},\"float\":{\"a__0020b\":1.5}}}");
  }
}
