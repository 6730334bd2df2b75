package dev.kith.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.FilterException;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Payload keys that no schema names. */
class UnnamedFieldsTest {
  private static final Schema SCHEMA = Schema.of(2, Metric.L2);

  private static Point point(long id, Payload payload) {
    return Point.of(PointId.of(id), new float[] {id, 0}, payload);
  }

  private static Point point(long id, String json) {
    return point(id, Payload.parse(json.replace('\'', '"')));
  }

  private static List<Long> found(Collection points, String filter) {
    var ids = new ArrayList<Long>();
    try (var reader = points.reader()) {
      reader.forEachId(Filter.parse(filter), id -> ids.add(Long.parseLong(id.toString())));
    }
    return ids;
  }

  private static QueryReport report(Collection points, @Nullable Filter filter) {
    var query = Query.nearest(new float[2]);
    return points.query(filter == null ? query : query.where(filter)).report();
  }

  /** A payload of more values than are indexed. */
  private static Payload wide(String key, Object value) {
    var values = new HashMap<String, Object>();
    for (int i = 0; i < 600; i++) {
      values.put("key" + i, i);
    }
    values.put(key, value);
    return Payload.of(values);
  }

  @Test
  void filter_keyFirstMetNow_isFound_andOlderPointsStayAsTheyAre(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("c", SCHEMA);
      points.upsert(List.of(point(1, "{'lang': 'en'}"), point(2, "{'lang': 'de', 'year': 2020}")));
      points.checkpoint();
      points.upsert(List.of(point(3, "{'year': 2021, 'at': '2024-05-01', 'a': {'b': [true]}}")));
      assertThat(found(points, "lang == 'en'")).containsExactly(1L);
      assertThat(found(points, "lang != 'en'")).containsExactly(2L, 3L);
      assertThat(found(points, "year >= 2020.5")).containsExactly(3L);
      assertThat(found(points, "at > '2024-04-30T23:00:00Z'")).containsExactly(3L);
      assertThat(found(points, "a.b == true && a != null")).containsExactly(3L);
      assertThat(found(points, "lang == 5 || nowhere == 'x'")).isEmpty();
      assertThat(report(points, Filter.field("year").exists()).scannedPaths()).isEmpty();
      var stats = points.stats();
      assertThat(stats.deleted()).as("points that were written again").isZero();
      assertThat(points.verify()).isEmpty();
    }
    try (var kith = Kith.open(folder)) {
      assertThat(found(kith.collection("c"), "year in 2020..2021")).containsExactly(2L, 3L);
    }
  }

  @Test
  void filter_pointThatIsNotIndexed_isFoundInItsPayload_andTheReportSaysSo() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", SCHEMA);
      points.upsert(List.of(point(1, wide("lang", "en")), point(2, "{'lang': 'en'}")));
      assertThat(found(points, "lang == 'en'")).containsExactly(1L, 2L);
      assertThat(found(points, "lang == null")).isEmpty();
      assertThat(found(points, "key7 == 7")).containsExactly(1L);
      var filter = Filter.field("lang").is("en").and(Filter.field("key7").isNot(7));
      var report = report(points, filter);
      assertThat(report.scannedPaths()).containsExactly("key7", "lang");
      assertThat(report.passed()).isEqualTo(1);
      assertThat(report(points, null).scannedPaths()).isEmpty();
      var both = Query.fuse(Fusion.rrf(), Query.nearest(new float[2])).where(filter);
      assertThat(points.query(both).report().scannedPaths()).containsExactly("key7", "lang");

      points.addFields(Map.of("lang", FieldType.KEYWORD));
      assertThat(report(points, Filter.field("lang").is("en")).scannedPaths()).isEmpty();
      assertThat(found(points, "lang == 'en'")).containsExactly(1L, 2L);
    }
  }

  @Test
  void filter_longStrings_areComparedWhole() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", SCHEMA);
      var text = "word ".repeat(2000);
      points.upsert(List.of(point(1, Payload.of("text", text)), point(2, Payload.of("text", "x"))));
      assertThat(points.count(Filter.field("text").is(text))).isEqualTo(1);
      assertThat(points.count(Filter.field("text").in(text, "x"))).isEqualTo(2);
      assertThat(points.count(Filter.field("text").is(text + " "))).isZero();
      assertThat(points.facet("text", null, 5))
          .containsExactly(new Facet(text, 1), new Facet("x", 1));
    }
  }

  @Test
  void facet_unnamedPath_countsPointsAValue() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", SCHEMA);
      points.upsert(
          List.of(
              point(1, "{'tag': ['a', 'a', 3]}"),
              point(2, "{'tag': ['a', true, 9007199254740993]}"),
              point(3, wide("tag", List.of("a", 3, 2.5))),
              point(4, "{'tags': 'a'}")));
      assertThat(points.facet("tag", null, 9))
          .containsExactly(
              new Facet("a", 3),
              new Facet("3", 2),
              new Facet("2.5", 1),
              new Facet("9007199254740993", 1),
              new Facet("true", 1));
      assertThat(points.facet("tag", Filter.field("tag").is(3), 2))
          .containsExactly(new Facet("3", 2), new Facet("a", 2));
    }
  }

  @Test
  void filter_strictSchema_isRefused() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", SCHEMA.withField("lang", FieldType.KEYWORD).asStrict());
      assertThatThrownBy(() -> points.count(Filter.field("year").is(5)))
          .isInstanceOf(FilterException.class)
          .hasMessage("filter: no indexed field is called year; the collection has lang");
      assertThatThrownBy(() -> points.facet("year", null, 1))
          .hasMessage("values are counted of an indexed field: year is not indexed (c)");
    }
  }
}
