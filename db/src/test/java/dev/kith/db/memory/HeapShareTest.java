package dev.kith.db.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.db.CollectionOptions;
import dev.kith.db.Kith;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Budgets that follow the heap. */
class HeapShareTest {
  private static final int POINTS = 300_000;

  @TempDir Path temp;

  @Test
  void bytes_followTheHeap_withinBounds() {
    assertThat(HeapShare.bytes(64L << 20, 16, 48L << 20)).isEqualTo(4L << 20);
    assertThat(HeapShare.bytes(8L << 20, 16, 48L << 20)).isEqualTo(1L << 20);
    assertThat(HeapShare.bytes(8L << 30, 16, 48L << 20)).isEqualTo(48L << 20);
    assertThat(CollectionOptions.DEFAULT.withMemoryBytes(9L << 20).memoryBytes())
        .isEqualTo(9L << 20);
  }

  @Test
  @Timeout(300)
  void upsertAll_heapOf64MiB_keepsAllPoints() throws Exception {
    var log = temp.resolve("log");
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Import.class.getName(),
                temp.resolve("db").toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(280, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
  }

  /** What the other JVM does. */
  static final class Import {
    private Import() {}

    /** Puts the points into a database in that folder, with defaults. */
    public static void main(String[] args) {
      try (var kith = Kith.open(Path.of(args[0]))) {
        var collection = kith.create("c", Schema.of(8, Metric.L2));
        collection.upsertAll(
            IntStream.range(0, POINTS)
                .mapToObj(i -> Point.of(PointId.of(i), new float[] {i, 1, 2, 3, 4, 5, 6, 7})));
        if (collection.count() != POINTS) {
          throw new IllegalStateException("points=" + collection.count());
        }
      }
    }
  }
}
