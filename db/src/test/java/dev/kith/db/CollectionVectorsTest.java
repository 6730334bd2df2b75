package dev.kith.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Query;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors that a collection gets later, and the memory for those in no segment yet. */
class CollectionVectorsTest {
  private static final VectorField TITLE = VectorField.of(2, Metric.COSINE);

  private static Point old(int id) {
    return Point.of(PointId.of(id), new float[] {id, 0, 0});
  }

  private static Point both(int id) {
    return new Point(
        PointId.of(id),
        Map.of(Schema.VECTOR, new float[] {id, 0, 0}, "title", new float[] {1, id}),
        Payload.EMPTY);
  }

  @Test
  void addVector_toPointsThatThereAre_leavesThemAndTakesNewOnes(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("points", Schema.of(3, Metric.L2));
      points.upsert(old(1), old(2));
      assertThatThrownBy(() -> points.upsert(both(3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no such vector: title; the collection has vector");

      points.addVector("title", TITLE);

      assertThat(points.schema().vectors().keySet()).containsExactly(Schema.VECTOR, "title");
      points.upsert(both(3), both(2));
      check(points);
      points.optimize();
      check(points);
    }
    try (var kith = Kith.open(folder)) {
      check(kith.collection("points"));
      assertThat(kith.collection("points").verify()).isEmpty();
    }
  }

  private static void check(Collection points) {
    assertThat(points.schema().vector("title")).isEqualTo(TITLE);
    var byTitle = points.query(Query.nearest("title", new float[] {0, 1}));
    assertThat(byTitle.hits()).extracting(hit -> hit.id().toString()).containsExactly("3", "2");
    assertThat(byTitle.report().passed()).isEqualTo(2);
    var byVector = points.query(Query.nearest(new float[3]).withVectors("title", Schema.VECTOR));
    assertThat(byVector.hits())
        .extracting(hit -> hit.id().toString())
        .containsExactly("1", "2", "3");
    assertThat(byVector.hits().getFirst().vectors().keySet()).containsExactly(Schema.VECTOR);
    assertThat(byVector.hits().getLast().vectors().get("title")).containsExactly(1, 3);
    assertThatThrownBy(() -> points.query(Query.by(new Query.NearestTo("title", PointId.of(1)))))
        .hasMessage("the point has no such vector: id=1, vector=title (points)");
  }

  @Test
  void addVector_thatCannotBe_saysWhyAndChangesNothing(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("points", Schema.of(3, Metric.L2));
      assertThatThrownBy(() -> points.addVector(Schema.VECTOR, TITLE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("there is a vector of that name already: vector");
      assertThatThrownBy(() -> points.addVector("a b", TITLE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a vector's name must be a letter or _, then up to 63 letters, digits, _ or -: 'a"
                  + " b'");
      assertThat(points.schema()).isEqualTo(Schema.of(3, Metric.L2));
      points.checkpoint();
      try (var reading = Kith.openReadOnly(folder)) {
        assertThatThrownBy(() -> reading.collection("points").addVector("title", TITLE))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("collection points was opened read-only");
      }
    }
  }

  @Test
  void memoryBytes_few_makeSegmentsSooner() {
    try (var kith = Kith.inMemory()) {
      var small = CollectionOptions.DEFAULT.withMemoryBytes(1 << 20);
      assertThat(segments(kith.create("small", Schema.of(256, Metric.L2), small))).isGreaterThan(1);
      var large = CollectionOptions.DEFAULT.withMemoryBytes(64 << 20);
      assertThat(segments(kith.create("large", Schema.of(256, Metric.L2), large))).isEqualTo(1);
    }
  }

  /** After four megabytes of vectors that no query saw on their way. */
  private static int segments(Collection points) {
    points.upsert(
        IntStream.range(0, 4096).mapToObj(i -> Point.of(PointId.of(i), new float[256])).toList());
    return points.stats().segments();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, (1 << 20) - 1, (1L << 30) + 1})
  void memoryBytes_outOfBounds_saysWhichThereAre(long bytes) {
    assertThatThrownBy(() -> CollectionOptions.DEFAULT.withMemoryBytes(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("memoryBytes must be 1 MiB to 1 GiB: " + bytes);
  }

  @Test
  void withMemoryBytes_changesNothingElse() {
    var options = CollectionOptions.DEFAULT.withCheckpointBytes(7).withMemoryBytes(2 << 20);
    assertThat(options.memoryBytes()).isEqualTo(2 << 20);
    assertThat(options.withMemoryBytes(CollectionOptions.DEFAULT.memoryBytes()))
        .isEqualTo(CollectionOptions.DEFAULT.withCheckpointBytes(7));
  }
}
