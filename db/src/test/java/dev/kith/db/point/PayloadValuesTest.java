package dev.kith.db.point;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.db.Kith;
import dev.kith.db.filter.Filter;
import dev.kith.db.query.Query;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Java's own values in payloads, and the way back. */
class PayloadValuesTest {
  private static final Instant NOON = Instant.parse("2024-05-01T12:00:00.123456789Z");

  /** Of an article. */
  public enum Kind {
    /** Of the day. */
    NEWS,
    /** Of a person. */
    OPINION
  }

  /** Inside of an article. */
  public record Author(String name, @Nullable Integer born) {}

  /** What is kept as a payload. */
  public record Article(
      String title,
      Kind kind,
      int words,
      float price,
      Instant at,
      LocalDate day,
      @Nullable Date changed,
      List<Author> authors,
      Map<String, Double> scores) {}

  private static final Article ARTICLE =
      new Article(
          "On hills",
          Kind.OPINION,
          300,
          0.1f,
          NOON,
          LocalDate.of(2024, 5, 1),
          null,
          List.of(new Author("Ada", 1815), new Author("Bob", null)),
          Map.of("style", 0.5));

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @Test
  void of_record_isAnObject_andComesBack() {
    var payload = Payload.of(ARTICLE);
    assertThat(payload)
        .hasToString(
            "{\"title\":\"On hills\",\"kind\":\"OPINION\",\"words\":300,\"price\":0.1,"
                + "\"at\":\"2024-05-01T12:00:00.123456789Z\",\"day\":\"2024-05-01\","
                + "\"authors\":[{\"name\":\"Ada\",\"born\":1815},{\"name\":\"Bob\"}],"
                + "\"scores\":{\"style\":0.5}}");
    assertThat(payload.as(Article.class)).isEqualTo(ARTICLE);
    var inside = Payload.of("article", ARTICLE, "others", List.of(new Author("Cy", 1)));
    assertThat(inside.getString("article.title")).isEqualTo("On hills");
    assertThat(inside.get("others")).isEqualTo("[{\"name\":\"Cy\",\"born\":1}]");
  }

  @Test
  void of_timesAndEnums_areTextThatDatetimeFieldsRead() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("instant", NOON);
    values.put("date", LocalDate.of(2024, 5, 1));
    values.put("local", LocalDateTime.of(2024, 5, 1, 12, 0));
    values.put("offset", OffsetDateTime.parse("2024-05-01T14:00:00+02:00"));
    values.put(
        "zoned",
        OffsetDateTime.parse("2024-05-01T14:00:00+02:00")
            .atZoneSameInstant(ZoneId.of("Europe/Berlin")));
    values.put("old", Date.from(Instant.parse("2024-05-01T12:00:00Z")));
    values.put("kind", Kind.NEWS);
    values.put("nothing", null);
    var payload = Payload.of(values);
    assertThat(payload)
        .hasToString(
            "{\"instant\":\"2024-05-01T12:00:00.123456789Z\",\"date\":\"2024-05-01\","
                + "\"local\":\"2024-05-01T12:00\",\"offset\":\"2024-05-01T14:00+02:00\","
                + "\"zoned\":\"2024-05-01T14:00+02:00\",\"old\":\"2024-05-01T12:00:00Z\","
                + "\"kind\":\"NEWS\",\"nothing\":null}");
    for (var key : List.of("local", "offset", "zoned", "old")) {
      assertThat(payload.getInstant(key)).isEqualTo("2024-05-01T12:00:00Z");
    }
    assertThat(payload.getInstant("instant")).isEqualTo(NOON);
    assertThat(payload.getDate("date")).isEqualTo("2024-05-01");
    assertThat(payload.getEnum("kind", Kind.class)).isEqualTo(Kind.NEWS);
    assertThat(payload.getInstant("nothing")).isNull();
  }

  /** What a float says in decimal is what is kept, and what a filter by that float looks for. */
  @Test
  void of_float_keepsItsDecimals_andIsFoundByThem() {
    assertThat(Payload.of("x", 0.1f)).hasToString("{\"x\":0.1}");
    assertThat(Payload.of("x", List.of(0.1f, 2e9f))).hasToString("{\"x\":[0.1,2.0E9]}");
    try (var kith = Kith.inMemory()) {
      var schema = Schema.of(1, Metric.L2).withField("x", FieldType.FLOAT);
      var points = kith.create("points", schema);
      points.upsert(Point.of(PointId.of(1), new float[] {1}, Payload.of("x", 0.1f)));
      var x = Filter.field("x");
      for (var filter :
          List.of(
              x.is(0.1f),
              x.is(0.1),
              x.in(0.1f, 3f),
              x.atLeast(0.1f),
              x.atMost(0.1f),
              x.between(0.1f, 0.1f),
              x.isNot(0.2f),
              x.notIn(0.2f),
              x.above(0f),
              x.below(1f))) {
        assertThat(points.count(filter)).as("%s", filter).isEqualTo(1);
      }
      assertThat(points.count(x.above(0.1f))).isZero();
      assertThat(x.is(0.1f)).hasToString("x == 0.1");
      var hit = points.query(Query.nearest(new float[] {1})).hits().getFirst();
      assertThat(hit.getDouble("x")).isEqualTo(0.1);
      assertThat(hit.as(Priced.class)).isEqualTo(new Priced(0.1f));
      var bare = points.query(Query.nearest(new float[] {1}).withoutPayload()).hits().getFirst();
      assertThatThrownBy(() -> bare.getDouble("x"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the hit has no payload, for the query asked for none: id=1");
    }
  }

  /** Of one component. */
  public record Priced(float x) {}

  @Test
  void getters_giveJavasValues() {
    var payload =
        Payload.parse(
            "{\"s\":\"x\",\"n\":7,\"big\":9223372036854775808,\"whole\":2020.0,\"f\":2.5,"
                + "\"b\":true,\"t\":\"2024-05-01T10:00:00+09\",\"list\":[\"a\",\"b\"],"
                + "\"o\":{\"in\":1},\"o.in\":2,\"null\":null}");
    assertThat(payload.getString("s")).isEqualTo("x");
    assertThat(payload.getLong("n")).isEqualTo(7);
    assertThat(payload.getLong("whole")).isEqualTo(2020);
    assertThat(payload.getDouble("n")).isEqualTo(7.0);
    assertThat(payload.getDouble("f")).isEqualTo(2.5);
    assertThat(payload.getBoolean("b")).isTrue();
    assertThat(payload.getInstant("t")).isEqualTo("2024-05-01T01:00:00Z");
    assertThat(payload.getDate("t")).isEqualTo("2024-05-01");
    assertThat(payload.getStrings("list")).containsExactly("a", "b");
    assertThat(payload.getStrings("s")).containsExactly("x");
    assertThat(payload.getStrings("gone")).isEmpty();
    assertThat(payload.getLong("o.in")).isEqualTo(2);
    assertThat(payload.getString("gone")).isNull();
    assertThat(payload.getLong("null")).isNull();
    assertThat(payload.getEnum("gone", Kind.class)).isNull();
    refused(() -> payload.getString("n"), "payload value 'n' must be a string: 7");
    refused(() -> payload.getLong("s"), "payload value 's' must be an integer: \"x\"");
    refused(() -> payload.getLong("f"), "payload value 'f' must be an integer of 64 bits: 2.5");
    refused(
        () -> payload.getLong("big"),
        "payload value 'big' must be an integer of 64 bits: 9223372036854775808");
    refused(() -> payload.getDouble("s"), "payload value 's' must be a number: \"x\"");
    refused(() -> payload.getBoolean("n"), "payload value 'n' must be true or false: 7");
    refused(
        () -> payload.getInstant("s"),
        "payload value 's' must be an ISO 8601 date or instant like 2024-05-01T10:00:00Z: \"x\"");
    refused(
        () -> payload.getEnum("s", Kind.class),
        "payload value 's' must be one of [NEWS, OPINION]: \"x\"");
    refused(
        () -> payload.getStrings("o"), "payload value 'o' must be an array of strings: {\"in\":1}");
  }

  @Test
  void as_whatDoesNotFit_saysWhere() {
    record Small(int n, @Nullable String s) {}
    assertThat(Payload.parse("{\"n\":1,\"more\":[2]}").as(Small.class))
        .isEqualTo(new Small(1, null));
    assertThatThrownBy(() -> Payload.parse("{\"n\":\"one\"}").as(Small.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a payload must fit Small: ")
        .hasMessageEndingWith(" at /n");
    assertThatThrownBy(() -> Payload.parse("{\"n\":1.5}").as(Small.class))
        .hasMessageStartingWith("a payload must fit Small: ")
        .hasMessageEndingWith(" at /n");
    assertThatThrownBy(() -> Payload.parse("{\"s\":\"x\"}").as(Small.class))
        .hasMessageStartingWith("a payload must fit Small: ")
        .hasMessageEndingWith(" at /n");
    assertThatThrownBy(
            () -> Payload.of(ARTICLE).mergedWith(Payload.of("at", "noon")).as(Article.class))
        .hasMessage(
            "a payload must fit Article: it must be an ISO 8601 date or instant: \"noon\" at /at");
  }

  @Test
  void mergedWith_takesTheOthersValuesWhole_andLeavesTheRestAsItIsWritten() {
    var payload = Payload.parse("{\"a\":1.50,\"o\":{\"x\":1,\"y\":2},\"e\":1e5}");
    assertThat(payload.mergedWith(Payload.parse("{\"o\":{\"x\":3},\"new\":[-0.0]}")))
        .hasToString("{\"a\":1.50,\"e\":1e5,\"o\":{\"x\":3},\"new\":[-0.0]}");
    assertThat(payload.mergedWith(Payload.EMPTY)).isSameAs(payload);
    assertThat(Payload.EMPTY.mergedWith(payload)).hasToString(payload.toString());
    assertThat(payload.mergedWith(Payload.parse("{\"a\":null}")).values()).containsEntry("a", null);
  }

  @Test
  void without_paths_leadThroughObjects_orAreAKey() {
    var payload =
        Payload.parse(
            "{\"a\":1.50,\"o\":{\"x\":{\"z\":1},\"y\":[{\"x\":1}]},\"o.x\":2,\"l\":[{\"x\":1}]}");
    assertThat(payload.without(List.of("a", "gone", "l.x", "a.b")))
        .hasToString("{\"o\":{\"x\":{\"z\":1},\"y\":[{\"x\":1}]},\"o.x\":2,\"l\":[{\"x\":1}]}");
    assertThat(payload.without(List.of("o.x")).get("o.x")).isEqualTo("{\"z\":1}");
    assertThat(payload.without(List.of("o.x")).without(List.of("o.x")).get("o"))
        .isEqualTo("{\"y\":[{\"x\":1}]}");
    assertThat(payload.without(List.of("o.x.z", "o.y")).get("o")).isEqualTo("{\"x\":{}}");
    assertThat(payload.without(List.of("a", "o", "o.x", "l"))).isEqualTo(Payload.EMPTY);
    assertThat(payload.without(List.of())).hasToString(payload.toString());
  }

  @Test
  void only_paths_keepsWhatTheyLeadTo() {
    var payload =
        Payload.parse("{\"a\":1.50,\"o\":{\"x\":{\"z\":1},\"y\":2},\"l\":[{\"x\":1}],\"s\":\"t\"}");
    assertThat(payload.only(List.of("a", "s", "gone"))).hasToString("{\"a\":1.50,\"s\":\"t\"}");
    assertThat(payload.only(List.of("o.x"))).hasToString("{\"o\":{\"x\":{\"z\":1}}}");
    assertThat(payload.only(List.of("o.x", "o.y")))
        .hasToString("{\"o\":{\"x\":{\"z\":1},\"y\":2}}");
    assertThat(payload.only(List.of("l.x", "a.b"))).isEqualTo(Payload.EMPTY);
    assertThat(payload.only(List.of("l"))).hasToString("{\"l\":[{\"x\":1}]}");
    assertThat(new BigDecimal(String.valueOf(payload.only(List.of("a")).get("a"))))
        .isEqualTo("1.50");
  }
}
