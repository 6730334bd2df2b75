package dev.kith.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.metric.Metric.ScoreKind;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Queries by a field's order, parts of payloads, and streams. */
class ReadingTest {
  private final Kith kith = Kith.inMemory();
  private Collection articles;

  @BeforeEach
  void fill() {
    var schema =
        Schema.of(1, Metric.L2)
            .withField("year", FieldType.INTEGER)
            .withField("price", FieldType.FLOAT)
            .withField("at", FieldType.DATETIME)
            .withField("lang", FieldType.KEYWORD);
    articles = kith.create("articles", schema);
    articles.upsert(
        point(1, "{\"year\":2020,\"price\":2.5,\"at\":\"2024-05-01\",\"lang\":\"en\"}"),
        point(2, "{\"year\":[1999,2030],\"price\":-1,\"title\":\"b\"}"),
        point(3, "{\"year\":2020,\"at\":\"2023-05-01T10:00:00Z\",\"lang\":\"de\"}"),
        point(4, "{\"year\":null,\"price\":1e300}"),
        point(5, "{\"year\":9007199254740993,\"title\":\"e\",\"o\":{\"x\":1,\"y\":2}}"),
        point(6, "{\"year\":9007199254740992}"));
  }

  @AfterEach
  void close() {
    kith.close();
  }

  private static Point point(int id, String payload) {
    return Point.of(PointId.of(id), new float[] {id}, Payload.parse(payload));
  }

  private List<String> ids(Query query) {
    return articles.query(query).stream().map(hit -> hit.id().toString()).toList();
  }

  @Test
  void ascendingAndDescending_orderByValueThenId() {
    assertThat(ids(Query.ascending("year"))).containsExactly("2", "1", "3", "6", "5");
    assertThat(ids(Query.descending("year"))).containsExactly("5", "6", "2", "1", "3");
    assertThat(ids(Query.ascending("price"))).containsExactly("2", "1", "4");
    assertThat(ids(Query.descending("at"))).containsExactly("1", "3");
    assertThat(ids(Query.descending("year").offset(1).limit(2))).containsExactly("6", "2");
    assertThat(ids(Query.ascending("year").where("lang == 'de'"))).containsExactly("3");
    assertThat(ids(Query.ascending("year").threshold(2020))).containsExactly("2", "1", "3");
    assertThat(ids(Query.descending("year").threshold(2030))).containsExactly("5", "6", "2");
    assertThat(ids(Query.ascending("year").limit(Query.MAX_LIMIT))).hasSize(5);
    articles.delete(PointId.of(2));
    assertThat(ids(Query.ascending("year").limit(1))).containsExactly("1");
  }

  @Test
  void order_scoresAreTheValues_andTheReportSaysSo() {
    var result = articles.query(Query.descending("at").withVectors("vector"));
    assertThat(result.hits().getFirst().score())
        .isEqualTo((double) Instant.parse("2024-05-01T00:00:00Z").toEpochMilli());
    assertThat(result.hits().getFirst().vectors()).containsOnlyKeys("vector");
    assertThat(result.report().backend()).isEqualTo("lucene");
    assertThat(result.report().index()).isEqualTo("order");
    assertThat(result.report().scoreKind()).isEqualTo(ScoreKind.SIMILARITY);
    assertThat(articles.query(Query.ascending("at")).report().scoreKind())
        .isEqualTo(ScoreKind.DISTANCE);
    assertThat(articles.query(Query.ascending("price")).stream().map(Hit::score))
        .containsExactly(-1.0, 2.5, 1e300);
    // The newest and the nearest, by their ranks: 3 is second in both, 1 first and third.
    var fused =
        Query.fuse(Fusion.rrf(), Query.descending("at"), Query.nearest(new float[] {4}).limit(3));
    assertThat(ids(fused)).contains("1", "3");
    assertThat(articles.queryGrouped(Query.ascending("year"), "lang", 2, 1).groups())
        .extracting(group -> group.value())
        .containsExactly("en", "de");
  }

  @Test
  void order_byAFieldWithoutOne_saysWhichFieldsHave() {
    assertThatThrownBy(() -> articles.query(Query.ascending("lang")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "points are ordered by an integer, float or datetime field: lang is of type keyword"
                + " (articles)");
    assertThatThrownBy(() -> articles.query(Query.ascending("title")))
        .hasMessage(
            "points are ordered by an integer, float or datetime field: title is not indexed"
                + " (articles)");
  }

  @Test
  void withPayload_bringsTheseKeysAlone() {
    var query = Query.nearest(new float[] {5}).limit(1);
    assertThat(articles.query(query.withPayload("title", "o.y", "gone")).hits().getFirst())
        .extracting(Hit::payload)
        .isEqualTo(Payload.parse("{\"title\":\"e\",\"o\":{\"y\":2}}"));
    assertThat(query.withPayload("title").payloadPaths()).isEqualTo(Set.of("title"));
    assertThat(query.withPayload("title")).isNotEqualTo(query);
    assertThat(query.withPayload("title").withoutPayload()).isEqualTo(query.withoutPayload());
    assertThat(
            articles.query(query.withPayload("title").withoutPayload()).hits().getFirst().payload())
        .isNull();
    assertThatThrownBy(() -> query.withPayload(new String[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "name the keys of the payload that hits bring, or ask for none by withoutPayload()");
  }

  @Test
  void stream_ofMorePointsThanAPage_givesEachOnce_asTheyWere() {
    var points = new ArrayList<Point>();
    for (int i = 0; i < 1200; i++) {
      points.add(point(i, "{\"year\":" + i % 2 + "}"));
    }
    articles.upsert(points);
    try (var all = articles.stream(null);
        var odd = articles.stream(Filter.parse("year == 1"))) {
      articles.delete(Filter.parse("year >= 0"));
      assertThat(all.map(point -> point.id().toString()).toList())
          .hasSize(1200)
          .startsWith("0", "1");
      assertThat(odd.limit(501).toList()).hasSize(501);
    }
    try (var none = articles.stream(null)) {
      assertThat(none).isEmpty();
    }
  }
}
