package dev.kith.db.transfer;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorFiles;
import dev.kith.db.Collection;
import dev.kith.db.Kith;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is exported and imported again is what it was. */
@ExtendWith(Seeded.class)
class RoundTripTest {
  @TempDir Path temp;
  private final Kith kith = Kith.inMemory();
  private int made;

  @AfterEach
  void close() {
    kith.close();
  }

  private Collection collection(Schema schema) {
    return kith.create("c" + made++, schema);
  }

  private static long export(Collection from, Path file) throws IOException {
    try (var reader = from.reader()) {
      return PointExport.run(reader, null, file, _ -> {});
    }
  }

  private Collection imported(Path file, Schema schema) throws IOException {
    var into = collection(schema);
    try (var points = PointReader.open(file, schema)) {
      PointImport.run(into, points);
    }
    return into;
  }

  /** Bit for bit, so that -0.0 is not 0.0. */
  private static void assertSame(Collection found, Collection expected) {
    var left = all(found);
    var right = all(expected);
    assertThat(left).hasSameSizeAs(right);
    for (int i = 0; i < left.size(); i++) {
      assertThat(left.get(i).id()).isEqualTo(right.get(i).id());
      assertThat(left.get(i).payload()).isEqualTo(right.get(i).payload());
      assertThat(bits(left.get(i))).isEqualTo(bits(right.get(i)));
    }
  }

  private static List<Point> all(Collection collection) {
    var points = new ArrayList<Point>();
    try (var reader = collection.reader()) {
      reader.forEach(null, points::add);
    }
    return points;
  }

  private static Map<String, List<Integer>> bits(Point point) {
    var bits = new TreeMap<String, List<Integer>>();
    point
        .vectors()
        .forEach(
            (name, vector) -> {
              var one = new ArrayList<Integer>();
              for (float element : vector) {
                one.add(Float.floatToRawIntBits(element));
              }
              bits.put(name, one);
            });
    return bits;
  }

  @Test
  void jsonl_anyPoints_comeBackBitForBit(SplittableRandom random) throws Exception {
    for (int round = 0; round < 10 * Seeded.effort(); round++) {
      var make = new RandomPoints(random);
      var schema = make.schema(random.nextInt(4));
      var from = collection(schema);
      from.upsert(make.points(1 + random.nextInt(200), schema, false));
      var file = temp.resolve("a.jsonl");
      assertThat(export(from, file)).isEqualTo(from.count());
      var again = imported(file, schema);
      assertSame(again, from);

      var copy = temp.resolve("b.jsonl");
      export(again, copy);
      assertThat(copy).hasSameBinaryContentAs(file);
    }
  }

  @Test
  void vectorFiles_anyPointsWithOneVector_comeBackBitForBit(SplittableRandom random)
      throws Exception {
    for (int round = 0; round < 5 * Seeded.effort(); round++) {
      var make = new RandomPoints(random);
      var schema = make.schema(1);
      var from = collection(schema);
      from.upsert(make.points(1 + random.nextInt(200), schema, true));
      for (var name : new String[] {"v.npy", "v.fvecs"}) {
        assertThat(export(from, temp.resolve(name))).isEqualTo(from.count());
        assertSame(imported(temp.resolve(name), schema), from);
      }
    }
  }

  @Test
  void jsonl_ofKnownPoints_isThisText() throws Exception {
    var schema = Schema.of(3, Metric.L2);
    var from = collection(schema);
    String uuid = "00000000-0000-0001-0000-000000000002";
    from.upsert(
        Point.of(PointId.of(-1), new float[] {0.1f, -0.0f, 1e10f}, Payload.of("b", 1, "a", "ü")),
        Point.of(PointId.of(7), new float[] {1, 2, 3}),
        Point.of(PointId.parse(uuid), new float[] {1, 2, 3}),
        new Point(PointId.of(uuid), Map.of(), Payload.EMPTY),
        new Point(PointId.of("7"), Map.of(), Payload.of("deep", Map.of("list", List.of(1, "x")))));
    var file = temp.resolve("a.jsonl");
    export(from, file);
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{\"id\":7,\"vector\":[1.0,2.0,3.0]}",
            "{\"id\":18446744073709551615,\"vector\":[0.1,-0.0,1.0E10],\"payload\":{\"b\":1,\"a\":\"ü\"}}",
            "{\"id\":\"%s\",\"vector\":[1.0,2.0,3.0]}".formatted(uuid),
            "{\"id\":{\"text\":\"%s\"}}".formatted(uuid),
            "{\"id\":\"7\",\"payload\":{\"deep\":{\"list\":[1,\"x\"]}}}");
    var several = schema.withVector("other", VectorField.of(1, Metric.DOT));
    var two = collection(several);
    two.upsert(
        new Point(
            PointId.of(1),
            Map.of("other", new float[] {5}, "vector", new float[] {1, 2, 3}),
            Payload.EMPTY));
    export(two, file);
    assertThat(Files.readString(file))
        .isEqualTo("{\"id\":1,\"vectors\":{\"vector\":[1.0,2.0,3.0],\"other\":[5.0]}}\n");
    assertThat(PointJson.text(all(two).getFirst(), several) + "\n")
        .isEqualTo(Files.readString(file));
  }

  @Test
  void export_whileWritten_isOfOneMoment_andFiltered() throws Exception {
    var schema = Schema.of(1, Metric.L2).withField("n", FieldType.INTEGER);
    var from = collection(schema);
    for (int i = 0; i < 10; i++) {
      from.upsert(Point.of(PointId.of(i), new float[] {i}, Payload.of("n", i)));
    }
    var file = temp.resolve("a.npy");
    var seen = new ArrayList<Long>();
    try (var reader = from.reader()) {
      from.delete(PointId.of(3));
      from.upsert(Point.of(PointId.of(99), new float[] {99}, Payload.of("n", 99)));
      PointExport.run(reader, Filter.parse("n >= 3 && n < 6"), file, seen::add);
    }
    assertThat(seen).containsExactly(1L, 2L, 3L);
    try (var rows = VectorFiles.open(file)) {
      assertThat(rows.size()).isEqualTo(3);
      assertThat(rows.row(0)).containsExactly(3);
    }
    assertThat(Files.readAllLines(temp.resolve("a.ids.jsonl")))
        .containsExactly(
            "{\"id\":3,\"payload\":{\"n\":3}}",
            "{\"id\":4,\"payload\":{\"n\":4}}",
            "{\"id\":5,\"payload\":{\"n\":5}}");
  }

  @Test
  void vectorFile_withoutIds_isNumberedFromTheFirstId() throws Exception {
    var schema = Schema.of(2, Metric.L2);
    var from = collection(schema);
    from.upsert(
        Point.of(PointId.of("a"), new float[] {1, 2}, Payload.of("k", "v")),
        Point.of(PointId.of("b"), new float[] {3, 4}));
    var file = temp.resolve("a.fvecs");
    export(from, file);
    try (var points = PointReader.open(file, schema, OptionalLong.of(100))) {
      assertThat(points.size()).hasValue(2);
      assertPoint(points.next(), PointId.of(100), 1, 2);
      assertThat(points.place()).isEqualTo(file + " row 0");
      assertPoint(points.next(), PointId.of(101), 3, 4);
      assertThat(points.next()).isNull();
    }
    Files.delete(temp.resolve("a.ids.jsonl"));
    try (var points = PointReader.open(file, schema)) {
      assertPoint(points.next(), PointId.of(0), 1, 2);
    }
  }

  private static void assertPoint(@Nullable Point found, PointId id, float... vector) {
    var point = requireNonNull(found);
    assertThat(point.id()).isEqualTo(id);
    assertThat(point.vector(Schema.VECTOR)).isEqualTo(vector);
    assertThat(point.payload()).isEqualTo(Payload.EMPTY);
  }

  @Test
  void export_thatCannotBe_leavesNoFile_orTheOldOne() throws Exception {
    var one = collection(Schema.of(2, Metric.L2));
    one.upsert(
        Point.of(PointId.of(1), new float[] {1, 2}),
        new Point(PointId.of(2), Map.of(), Payload.EMPTY));
    var file = Files.writeString(temp.resolve("v.npy"), "old");
    assertThatThrownBy(() -> export(one, file))
        .isInstanceOf(TransferException.class)
        .hasMessage(
            "a file of vectors takes points that all have one: point=2 has no vector 'vector';"
                + " write .jsonl, or leave it out by a filter");
    assertThat(file).hasContent("old");
    var two = collection(Schema.of(2, Metric.L2).withVector("b", VectorField.of(1, Metric.L2)));
    assertThatThrownBy(() -> export(two, file))
        .hasMessage(
            "a file of vectors takes a collection with one vector a point: the collection has"
                + " vector, b; write .jsonl");
    assertThatThrownBy(() -> export(one, temp.resolve("v.parquet")))
        .hasMessage(
            "points are written to files that end in .jsonl, .npy or .fvecs: file="
                + temp.resolve("v.parquet"));
    var none = collection(Schema.of(2, Metric.L2));
    assertThatThrownBy(() -> export(none, temp.resolve("v.fvecs")))
        .hasMessageStartingWith("a .fvecs file cannot be empty, and no point passes: file=");
    assertThatThrownBy(() -> export(one, temp.resolve("missing").resolve("v.jsonl")))
        .isInstanceOf(NoSuchFileException.class);
    try (var files = Files.list(temp)) {
      assertThat(files).containsExactly(file);
    }
    export(none, file);
    assertThat(imported(file, none.schema()).count()).isZero();
    try (var files = Files.list(temp)) {
      assertThat(files).containsExactlyInAnyOrder(file, temp.resolve("v.ids.jsonl"));
    }
  }
}
