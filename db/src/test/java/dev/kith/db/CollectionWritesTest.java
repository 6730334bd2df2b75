package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes that change a part of points, or depend on what is there. */
class CollectionWritesTest {
  private static final Schema SCHEMA =
      Schema.of(2, Metric.L2)
          .withVector("title", VectorField.of(1, Metric.COSINE))
          .withField("year", FieldType.INTEGER)
          .withField("a.n", FieldType.INTEGER);

  private static final Filter ALL = Filter.parse("year >= 0");

  private static Collection filled(Kith kith, int points) {
    var collection = kith.create("c", SCHEMA);
    var all = new ArrayList<Point>();
    for (int i = 0; i < points; i++) {
      var vectors = Map.of(Schema.VECTOR, new float[] {i, 0}, "title", new float[] {1});
      all.add(new Point(PointId.of(i), vectors, Payload.of("year", i, "text", "t" + i)));
    }
    collection.upsert(all);
    return collection;
  }

  private static Point point(Collection collection, int id) {
    return requireNonNull(collection.get(PointId.of(id)));
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @Test
  void mergePayload_putsKeys_andLeavesTheRest() {
    try (var kith = Kith.inMemory()) {
      var collection = filled(kith, 3);
      var ids = List.of(PointId.of(1), PointId.of(9), PointId.of(1));
      assertThat(collection.mergePayload(ids, Payload.of("seen", true, "year", 7))).isEqualTo(1);
      assertThat(point(collection, 1).payload())
          .isEqualTo(Payload.of("year", 7, "text", "t1", "seen", true));
      assertThat(point(collection, 1).vectors()).containsOnlyKeys(Schema.VECTOR, "title");
      assertThat(collection.count(Filter.parse("year == 7"))).isEqualTo(1);
      assertThat(collection.mergePayload(Filter.parse("year < 5"), Payload.of("text", "old")))
          .isEqualTo(2);
      assertThat(point(collection, 0).payload().getString("text")).isEqualTo("old");
      assertThat(collection.removeKeys(ALL, "text", "gone")).isEqualTo(3);
      assertThat(point(collection, 1).payload()).isEqualTo(Payload.of("year", 7, "seen", true));
      assertThat(collection.removeKeys(List.of(PointId.of(1)), "year")).isEqualTo(1);
      assertThat(collection.count(ALL)).isEqualTo(2);
    }
  }

  @Test
  @SuppressWarnings("deprecation") // which is to work as before
  void setPayload_isReplacePayload() {
    try (var kith = Kith.inMemory()) {
      var collection = filled(kith, 2);
      var ids = List.of(PointId.of(1), PointId.of(2));
      assertThat(collection.setPayload(ids, Payload.of("year", 3))).isEqualTo(1);
      assertThat(point(collection, 1).payload()).isEqualTo(Payload.of("year", 3));
      assertThat(collection.replacePayload(ALL, Payload.of("year", 4))).isEqualTo(2);
      assertThat(point(collection, 0).payload()).isEqualTo(Payload.of("year", 4));
    }
  }

  /** More points than are written together, the last of which does not fit. */
  @Test
  void byFilter_ofManyPoints_oneThatDoesNotFit_changesNone() {
    try (var kith = Kith.inMemory()) {
      var collection = filled(kith, 1201);
      collection.mergePayload(
          List.of(PointId.of(1200)), Payload.parse("{\"a.n\":1,\"a\":{\"n\":\"text\"}}"));
      // Without the key that is the whole path, the path leads to a text.
      String message = "field 'a.n' must be an integer: \"text\" (point 1200)";
      refused(() -> collection.removeKeys(ALL, "a.n", "text"), message);
      refused(
          () -> collection.removeKeys(List.of(PointId.of(3), PointId.of(1200)), "a.n", "text"),
          message);
      assertThat(collection.count(Filter.parse("a.n == 1"))).isEqualTo(1);
      assertThat(point(collection, 3).payload().getString("text")).isEqualTo("t3");
      assertThat(collection.removeKeys(ALL, "a", "a.n", "text")).isEqualTo(1201);
      assertThat(point(collection, 0).payload()).isEqualTo(Payload.of("year", 0));
      assertThat(point(collection, 1200).payload())
          .isEqualTo(Payload.parse("{\"year\":1200,\"a\":{\"n\":\"text\"}}").without(List.of("a")));
      assertThat(collection.mergePayload(ALL, Payload.of("n", 1))).isEqualTo(1201);
      assertThat(collection.get(List.of(PointId.of(0), PointId.of(1200))))
          .allSatisfy(point -> assertThat(point.payload().getLong("n")).isEqualTo(1));
    }
  }

  @Test
  void badInput_isRefusedInOneLine_andChangesNothing() {
    try (var kith = Kith.inMemory()) {
      var collection = filled(kith, 2);
      var ids = List.of(PointId.of(0), PointId.of(1));
      var wrong = Payload.of("year", "new");
      String message = "field 'year' must be an integer: \"new\" (point 0)";
      refused(() -> collection.mergePayload(ids, wrong), message);
      refused(() -> collection.mergePayload(ALL, wrong), message);
      refused(() -> collection.replacePayload(ids, wrong), message);
      refused(() -> collection.replacePayload(ALL, wrong), message);
      refused(
          () ->
              collection.insertIfAbsent(
                  Point.of(PointId.of(5), new float[] {1, 2}),
                  Point.of(PointId.of(6), new float[] {1})),
          "a vector must have the collection's dimension: point=6, vector=vector, expected=2,"
              + " found=1");
      assertThat(collection.get(PointId.of(5))).isNull();
      refused(
          () -> collection.updateVectors(Map.of(PointId.of(77), new float[3])),
          "a vector must have the collection's dimension: point=77, vector=vector, expected=2,"
              + " found=3");
      refused(
          () -> collection.updateVectors("image", Map.of(PointId.of(0), new float[2])),
          "no such vector: image; the collection has vector, title");
      refused(
          () -> collection.updateVectors("image", ALL, _ -> new float[2]),
          "no such vector: image; the collection has vector, title");
      refused(
          () -> collection.updateVectors("title", ALL, _ -> new float[] {Float.NaN}),
          "an element must be finite: point=0, vector=title, element=0, found=NaN");
      assertThat(point(collection, 0).payload()).isEqualTo(Payload.of("year", 0, "text", "t0"));
      assertThat(point(collection, 1).vector("title")).containsExactly(1);
    }
  }

  @Test
  void updateVectors_leavesPayloadsAndOtherVectors() {
    try (var kith = Kith.inMemory()) {
      var collection = filled(kith, 1201);
      var rows = new HashMap<PointId, float[]>();
      rows.put(PointId.of(1), new float[] {5, 6});
      rows.put(PointId.of(-1), new float[] {5, 6});
      assertThat(collection.updateVectors(rows)).isEqualTo(1);
      assertThat(point(collection, 1).vector(Schema.VECTOR)).containsExactly(5, 6);
      assertThat(point(collection, 1).vector("title")).containsExactly(1);
      assertThat(point(collection, 1).payload()).isEqualTo(Payload.of("year", 1, "text", "t1"));
      // Whoever is even is left as it is.
      assertThat(
              collection.updateVectors(
                  "title",
                  ALL,
                  point -> {
                    long year = requireNonNull(point.payload().getLong("year"));
                    return year % 2 == 0 ? null : new float[] {year};
                  }))
          .isEqualTo(600);
      assertThat(point(collection, 1199).vector("title")).containsExactly(1199);
      assertThat(point(collection, 1200).vector("title")).containsExactly(1);
      assertThat(point(collection, 1).vector(Schema.VECTOR)).containsExactly(5, 6);
    }
  }

  /** A point that is written while its vector is computed is computed again. */
  @Test
  void updateVectors_ofAPointThatIsWrittenMeanwhile_seesWhatWasWritten() {
    try (var kith = Kith.inMemory()) {
      var collection = filled(kith, 2);
      var asked = new ArrayList<String>();
      long count =
          collection.updateVectors(
              "title",
              ALL,
              point -> {
                String text = String.valueOf(point.payload().getString("text"));
                asked.add(text);
                if (text.equals("t0")) {
                  collection.mergePayload(List.of(PointId.of(0)), Payload.of("text", "newer"));
                }
                return new float[] {text.length()};
              });
      assertThat(count).isEqualTo(2);
      assertThat(asked).containsExactly("t0", "t1", "newer");
      assertThat(point(collection, 0).vector("title")).containsExactly(5);
      assertThat(point(collection, 0).payload().getString("text")).isEqualTo("newer");
    }
  }

  @Test
  void insertIfAbsent_leavesPointsThatAreThere_alsoAfterReopening(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var collection = filled(kith, 2);
      var first = Point.of(PointId.of(7), new float[] {1, 1}, Payload.of("text", "first"));
      var second = Point.of(PointId.of(7), new float[] {2, 2}, Payload.of("text", "second"));
      var known = Point.of(PointId.of(1), new float[] {3, 3}, Payload.of("text", "other"));
      assertThat(collection.insertIfAbsent(known, first, second)).isEqualTo(1);
      assertThat(collection.insertIfAbsent(second)).isZero();
      assertThat(collection.insertIfAbsent()).isZero();
    }
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection("c");
      assertThat(point(collection, 7).payload()).isEqualTo(Payload.of("text", "first"));
      assertThat(point(collection, 1).payload().getString("text")).isEqualTo("t1");
      assertThat(collection.count()).isEqualTo(3);
    }
  }

  @Test
  void addFields_indexesSeveral_orNone() {
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("c", Schema.of(1, Metric.L2));
      for (int i = 0; i < 600; i++) {
        var payload = Payload.of("n", i, "lang", i % 2 == 0 ? "en" : "de");
        collection.upsert(Point.of(PointId.of(i), new float[] {i}, payload));
      }
      refused(
          () -> collection.addFields(Map.of("n", FieldType.INTEGER, "lang", FieldType.BOOL)),
          "field 'lang' must be true or false: \"en\" (point 0)");
      assertThat(collection.schema().fields()).isEmpty();
      collection.addFields(Map.of("n", FieldType.INTEGER, "lang", FieldType.KEYWORD));
      assertThat(collection.count(Filter.parse("n < 100 and lang == 'en'"))).isEqualTo(50);
      collection.addFields(Map.of());
      refused(
          () -> collection.addFields(Map.of("n", FieldType.INTEGER)),
          "there is a field of that name already: n");
    }
  }

  @Test
  void readOnly_refusesEveryWrite(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      filled(kith, 1);
    }
    try (var kith = Kith.openReadOnly(folder)) {
      var collection = kith.collection("c");
      var ids = List.of(PointId.of(0));
      for (ThrowingCallable write :
          List.<ThrowingCallable>of(
              () -> collection.mergePayload(ids, Payload.EMPTY),
              () -> collection.mergePayload(ALL, Payload.EMPTY),
              () -> collection.removeKeys(ids, "a"),
              () -> collection.delete(ALL),
              () -> collection.updateVectors(Map.of(PointId.of(0), new float[2])),
              () -> collection.updateVectors("title", ALL, _ -> new float[1]),
              () -> collection.insertIfAbsent(Point.of(PointId.of(1), new float[2])))) {
        assertThatThrownBy(write)
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("collection c was opened read-only");
      }
    }
  }
}
