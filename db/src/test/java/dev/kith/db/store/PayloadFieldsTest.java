package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.kith.core.metric.Metric;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.RandomFilters;
import dev.kith.db.json.PayloadJson;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.lucene.document.DoubleField;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.util.NumericUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PayloadFieldsTest {
  private static final Schema SCHEMA = RandomFilters.schema();

  private static List<IndexableField> fields(Schema schema, String json) {
    return new PayloadFields(schema).of(PointId.of(17), Payload.parse(json.replace('\'', '"')));
  }

  private static List<String> texts(Schema schema, String json) {
    return fields(schema, json).stream().map(PayloadFieldsTest::text).toList();
  }

  private static String text(IndexableField field) {
    Number number = field instanceof DoubleField ? (Number) real(field) : field.numericValue();
    return field.name()
        + " "
        + (number != null
            ? number
            : field.stringValue() != null
                ? field.stringValue()
                : field.binaryValue() == null ? "" : field.binaryValue().utf8ToString());
  }

  private static Double real(IndexableField field) {
    return NumericUtils.sortableLongToDouble(
        Objects.requireNonNull(field.numericValue()).longValue());
  }

  @Test
  void of_arraysNullsAndPaths_findsAllValues() {
    assertThat(texts(SCHEMA, "{'lang': ['en', null, ['de', []]], 'year': null, 'other': {'x': 1}}"))
        .containsExactly("term.lang en", "term.lang de");
    assertThat(
            texts(
                SCHEMA,
                "{'a': [{'b': {'year': 1}}, 5, null, {'b': [{'year': [2, 3]}, {'lang': 'x'}]},"
                    + " [{'b': {'year': 4}}]]}"))
        .containsExactly(
            "long.a.b.year 1",
            "long.a.b.year 2",
            "long.a.b.year 3",
            "long.a.b.year 4",
            "term.a.b.lang x");
    assertThat(texts(SCHEMA, "{'a.b.year': 9, 'a': {'b': {'year': 1}}}"))
        .as("the key that is the whole path goes first")
        .containsExactly("long.a.b.year 9");
    assertThat(texts(SCHEMA, "{}")).isEmpty();
    assertThat(texts(Schema.of(2, Metric.L2), "{'x': 1}")).isEmpty();
  }

  @Test
  void of_eachType_givesItsFields() {
    assertThat(texts(SCHEMA, "{'year': 2020.0, 'price': -0.0, 'ok': true}"))
        .containsExactly("long.year 2020", "double.price 0.0", "term.ok true");
    assertThat(texts(SCHEMA, "{'price': 9007199254740993}"))
        .containsExactly("double.price 9.007199254740992E15");
    assertThat(
            texts(
                SCHEMA,
                "{'at': ['1970-01-02', '1970-01-01T01:00:00.0019+01:00',"
                    + " '1969-12-31T23:59:59.9999']}"))
        .containsExactly("long.at 86400000", "long.at 1", "long.at -1");
    var tree = JsonNodeFactory.instance.objectNode().put("price", 0.1f);
    var float32 =
        new PayloadFields(SCHEMA).of(PointId.of(17), Payload.ofStored(PayloadJson.of(tree)));
    assertThat(real(float32.getFirst()))
        .as("what its JSON says, so that it is the same after a restart")
        .isEqualTo(0.1);
    var place = fields(SCHEMA, "{'place': {'lat': 52.5, 'lon': 13.4, 'note': 'x', 'name': 'B'}}");
    assertThat(place)
        .extracting(IndexableField::name)
        .containsExactly("geo.place", "geo.place", "term.place.name");
    assertThat(fields(SCHEMA, "{'lang': 'x', 'title': 'y', 'year': 1, 'price': 1, 'ok': true}"))
        .noneMatch(field -> field.fieldType().stored());
    assertThat(fields(SCHEMA, "{'title': 'y'}").getFirst().fieldType().indexOptions())
        .isEqualTo(IndexOptions.DOCS_AND_FREQS_AND_POSITIONS);
  }

  @Test
  void of_textWithoutWords_stillExists() throws IOException {
    var points =
        Map.of(
            PointId.of(1), Payload.of("title", "!!!"),
            PointId.of(2), Payload.of("title", ""),
            PointId.of(3), Payload.of("title", List.of()),
            PointId.of(4), Payload.of("title", "the word"),
            PointId.of(5), Payload.of("lang", ""));
    try (var index = new FilterIndex(SCHEMA, points, 10)) {
      assertThat(index.find(Filter.parse("title != null"))).hasToString("[1, 2, 4]");
      assertThat(index.find(Filter.parse("title == null"))).hasToString("[3, 5]");
      assertThat(index.find(Filter.parse("title ~ 'THE'"))).hasToString("[4]");
      assertThat(index.find(Filter.parse("lang == ''"))).hasToString("[5]");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\1',
      textBlock =
          """
          {'year': 'x'}                 | field 'year' must be an integer: "x" (point 17)
          {'year': [1, 2020.5]}         | field 'year' must be an integer: 2020.5 (point 17)
          {'year': 9223372036854775808} | field 'year' must be an integer of 64 bits: 9223372036854775808 (point 17)
          {'year': 1e999999999}         | field 'year' must be an integer: 1E+999999999 (point 17)
          {'year': true}                | field 'year' must be an integer: true (point 17)
          {'price': 1e999}              | field 'price' must be a finite number: 1E+999 (point 17)
          {'price': '1'}                | field 'price' must be a finite number: "1" (point 17)
          {'lang': 5}                   | field 'lang' must be a string: 5 (point 17)
          {'lang': {'x': [1]}}          | field 'lang' must be a string: {"x":[1]} (point 17)
          {'title': ['a', false]}       | field 'title' must be a string: false (point 17)
          {'ok': 'true'}                | field 'ok' must be true or false: "true" (point 17)
          {'at': 1714550400000}         | field 'at' must be an ISO 8601 date or instant like 2024-05-01T10:00:00Z: 1714550400000 (point 17)
          {'at': '2024-13-01'}          | field 'at' must be an ISO 8601 date or instant like 2024-05-01T10:00:00Z: "2024-13-01" (point 17)
          {'at': '2024-02-30'}          | field 'at' must be an ISO 8601 date or instant like 2024-05-01T10:00:00Z: "2024-02-30" (point 17)
          {'at': '+999999999-01-01'}    | field 'at' must be an ISO 8601 date or instant like 2024-05-01T10:00:00Z: "+999999999-01-01" (point 17)
          {'place': [52.5, 13.4]}       | field 'place' must be an object of numbers lat and lon: 52.5 (point 17)
          {'place': {'lat': 1}}         | field 'place' must be an object of numbers lat and lon: {"lat":1} (point 17)
          {'place': {'lat': 91, 'lon': 0}} | field 'place' must be a place whose lat is -90 to 90: {"lat":91,"lon":0} (point 17)
          {'place': {'lat': 0, 'lon': -180.1}} | field 'place' must be a place whose lon is -180 to 180: {"lat":0,"lon":-180.1} (point 17)
          {'a': [{'b': {'year': 'x\\n'}}]} | field 'a.b.year' must be an integer: "x\\n" (point 17)
          """)
  void of_wrongType_saysFieldValueAndPoint(String json, String problem) {
    assertThatThrownBy(() -> fields(SCHEMA, json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(problem);
  }

  @Test
  void of_longKeyword_saysHowLong() {
    assertThat(fields(SCHEMA, "{'lang': '" + "é".repeat(4095) + "x'}")).hasSize(1);
    assertThatThrownBy(() -> fields(SCHEMA, "{'lang': '" + "é".repeat(4096) + "'}"))
        .hasMessage(
            "field 'lang' must have at most 8191 bytes of UTF-8: bytes=8192 (point 17); make it"
                + " text, or leave it out of the schema");
  }

  @Test
  void of_idOfText_isQuotedAndCut() {
    var id = PointId.of("a\n" + "b".repeat(200));
    assertThatThrownBy(() -> new PayloadFields(SCHEMA).of(id, Payload.of("ok", "c".repeat(200))))
        .hasMessage(
            "field 'ok' must be true or false: \"%s... (point 'a\\n%s...)",
            "c".repeat(79), "b".repeat(76));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\1',
      textBlock =
          """
          {'lang': 'x', 'a': {'b': 'y'}, 'place': {'lat': 1, 'lon': 2}} | ok
          {'lang': null, 'a': [null, {'b': ['y']}], 'a.b': 'z'} | ok
          {'a': []}                  | ok
          {'year': 1}                | year
          {'year': null}             | year
          {'a': 5}                   | a
          {'a': [{'b': 'y'}, 'z']}   | a
          {'a': {'c': 1}}            | a.c
          {'a': {'b': 'y', 'c': 1}}  | a.c
          {'a': {'lat': 1}}          | a.lat
          {'x': {'a.b': 'y'}}        | x
          {'a': {'b.c': 'y'}}        | a.b.c
          {'place': {'lat': 1, 'lon': 2, 'x': 1}} | place.x
          {'x\\ny': 1}                | x\\ny
          """)
  void of_strictSchema_allowsItsFieldsAlone(String json, String unknown) {
    var strict =
        Schema.of(2, Metric.L2)
            .withField("lang", FieldType.KEYWORD)
            .withField("a.b", FieldType.KEYWORD)
            .withField("place", FieldType.GEO)
            .asStrict();
    if (unknown.equals("ok")) {
      assertThat(fields(strict, json)).isNotNull();
    } else {
      assertThatThrownBy(() -> fields(strict, json))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the schema is strict and has no field '%s'; it has lang, a.b, place (point 17)",
              unknown);
    }
  }

  @Test
  void of_strictSchemaWithoutFields_allowsNothing() {
    var strict = Schema.of(2, Metric.L2).asStrict();
    assertThat(fields(strict, "{}")).isEmpty();
    assertThatThrownBy(() -> fields(strict, "{'x': 1}"))
        .hasMessage("the schema is strict and has no field 'x'; it has none (point 17)");
  }
}
