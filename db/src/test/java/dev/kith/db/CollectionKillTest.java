package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.store.CollectionFolder;
import dev.kith.db.store.Verification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A process is killed while it writes, again and again on the same files. */
@ExtendWith(Seeded.class)
class CollectionKillTest {
  private static final int ROUNDS = Seeded.effort() == 1 ? 10 : 50 * Seeded.effort();

  @Test
  void writer_killedAtRandomMoments_losesNothingAcknowledged(
      SplittableRandom random, @TempDir Path folder) throws Exception {
    long version = 1;
    for (int round = 0; round < ROUNDS; round++) {
      var process =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-XX:TieredStopAtLevel=1",
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  KilledWriter.class.getName(),
                  folder.toString(),
                  Long.toString(version))
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("output").toFile())
              .start();
      try {
        awaitFirst(folder, version, process);
        Thread.sleep(random.nextInt(300));
      } finally {
        process.destroyForcibly().waitFor();
      }
      version = check(folder, version) + 1;
      checkSnapshots(folder);
    }
    assertThat(version).isGreaterThan(ROUNDS);
  }

  private static void awaitFirst(Path folder, long version, Process process) throws Exception {
    while (last(folder).values().stream().noneMatch(acked -> Math.abs(acked) >= version)) {
      if (!process.isAlive()) {
        throw new AssertionError(Files.readString(folder.resolve("output")));
      }
      Thread.sleep(10);
    }
  }

  /** The last acknowledged version of each id, negative where it was deleted. */
  private static Map<Long, Long> last(Path folder) throws IOException {
    var last = new HashMap<Long, Long>();
    for (int thread = 0; thread < KilledWriter.THREADS; thread++) {
      var file = KilledWriter.acknowledged(folder, thread);
      if (Files.exists(file)) {
        for (var line : Files.readString(file).split("\n", -1)) {
          var parts = line.split(" ", -1);
          if (parts.length == 2) {
            last.put(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
          }
        }
      }
    }
    return last;
  }

  /** Returns the highest version that was written, acknowledged or not. */
  private static long check(Path folder, long first) throws IOException {
    long highest = first;
    try (var kith = Kith.open(folder.resolve("db"))) {
      var collection = kith.collection(KilledWriter.NAME);
      assertThat(collection.verify()).isEmpty();
      var last = last(folder);
      for (var acknowledged : last.entrySet()) {
        long version = acknowledged.getValue();
        highest = Math.max(highest, Math.abs(version));
        if (version > 0) {
          assertThat(collection.get(PointId.of(acknowledged.getKey())))
              .as("id=%d, acknowledged version=%d", acknowledged.getKey(), version)
              .satisfiesAnyOf(
                  // a later deletion may have been on its way
                  point -> assertThat(point).isNull(),
                  point -> assertThat(version(point)).isGreaterThanOrEqualTo(version));
        }
      }
      int missing = 0;
      try (var reader = collection.reader()) {
        for (var acknowledged : last.entrySet()) {
          var point = reader.get(PointId.of(acknowledged.getKey()));
          missing += acknowledged.getValue() > 0 && point == null ? 1 : 0;
        }
        // A thread has one write under way at most.
        assertThat(missing).isLessThanOrEqualTo(KilledWriter.THREADS);
        var seen = new long[] {highest};
        reader.forEach(
            null,
            point -> {
              long version = version(point);
              long id = ((PointId.Number) point.id()).value();
              long vector = Long.parseLong(requireNonNull(point.payload().get("vector")));
              Model.same(point, KilledWriter.point(id, version, vector));
              Long acked = last.get(id);
              assertThat(version).isGreaterThanOrEqualTo(acked == null ? 0 : Math.abs(acked));
              seen[0] = Math.max(seen[0], version);
            });
        highest = seen[0];
      }
    }
    return highest;
  }

  /** A snapshot that has its description is whole, whenever the process was killed. */
  private static void checkSnapshots(Path folder) throws IOException {
    try (var snapshots = Files.newDirectoryStream(folder, "snapshot-*")) {
      for (var snapshot : snapshots) {
        var files = new CollectionFolder(snapshot);
        if (files.exists()) {
          assertThat(Verification.of(files)).as(snapshot.toString()).isEmpty();
        }
        CollectionFolder.delete(snapshot);
      }
    }
  }

  private static long version(@Nullable Point point) {
    assertThat(point).isNotNull();
    return Long.parseLong(requireNonNull(requireNonNull(point).payload().get("version")));
  }
}
