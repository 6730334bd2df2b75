package dev.kith.cli.collection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.cli.Kith;
import dev.kith.core.metric.Metric;
import dev.kith.db.Collection;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that read change nothing that they need not change. */
class ReadingCommandsTest {
  @TempDir Path temp;

  /** Database with two points, changed by {@code then} before it was closed. */
  private Path database(Consumer<Collection> then) {
    var db = temp.resolve("db");
    try (var kith = dev.kith.db.Kith.open(db)) {
      var points = kith.create("c", Schema.of(2, Metric.COSINE));
      points.upsert(point(1), point(2));
      then.accept(points);
    }
    return db;
  }

  private static Point point(int id) {
    return Point.of(PointId.of(id), new float[] {id, 1});
  }

  /** Copy of the folder while it is written, as a killed process would leave it. */
  private Path killed() {
    var copy = temp.resolve("killed");
    database(
        points -> {
          points.checkpoint();
          points.upsert(point(3));
          copy(temp.resolve("db"), copy);
        });
    return copy;
  }

  private static void copy(Path from, Path to) {
    try (var files = Files.walk(from)) {
      for (var file : files.toList()) {
        var target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else if (!file.endsWith("lock")) { // closing it here would drop the writer's lock
          Files.copy(file, target);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<Path, String> state(Path folder) throws IOException {
    var state = new TreeMap<Path, String>();
    try (var files = Files.walk(folder)) {
      for (var file : files.toList()) {
        state.put(file, Files.getLastModifiedTime(file) + " " + Files.size(file));
      }
    }
    return state;
  }

  private List<Kith.Result> readAll(Path db, int id) throws IOException {
    var query = Files.writeString(temp.resolve("q.json"), "[1, 0]");
    var results = new ArrayList<Kith.Result>();
    results.add(Kith.run("list", "--db", db));
    results.add(Kith.run("get", "--db", db, "c", id));
    results.add(Kith.run("search", "--db", db, "c", "--vector", query));
    results.add(Kith.run("stats", "--db", db, "c"));
    results.add(Kith.run("count", "--db", db, "c"));
    results.add(Kith.run("browse", "--db", db, "c"));
    results.add(Kith.run("recommend", "--db", db, "c", id));
    results.add(Kith.run("verify", "--db", db, "c"));
    results.add(Kith.run("export", "--db", db, "c", temp.resolve("out.jsonl")));
    return results;
  }

  @Test
  void readingCommands_closedCollection_changeNoFile() throws IOException {
    var db = database(_ -> {});
    var before = state(db);
    for (var result : readAll(db, 2)) {
      result.done();
    }
    assertThat(state(db)).isEqualTo(before);
  }

  @Test
  void readingCommands_afterAKill_seeWhatWasAcknowledged() throws IOException {
    var db = killed();
    assertThat(Kith.run("get", "--db", db, "c", 3).done()).startsWith("id      3\n");
    for (var result : readAll(db, 3)) {
      result.done();
    }
  }

  @Test
  void readingCommands_readOnlyFileSystem_readTheCheckpointAndSaySo() throws Exception {
    var mounted = Files.createDirectories(temp.resolve("mounted"));
    for (var db : List.of(killed(), temp.resolve("db"))) {
      assumeTrue(run("mount", "--bind", db, mounted) == 0, "this user may not mount");
      try {
        assumeTrue(run("mount", "-o", "remount,ro,bind", mounted) == 0, "no read-only mounts");
        var results = readAll(mounted, 2);
        for (var result : results) {
          assertThat(result.exit()).as(result.err()).isZero();
        }
        assertThat(results.get(2).err().contains("c cannot be written here: read as its last"))
            .isEqualTo(db.endsWith("killed"));
      } finally {
        run("umount", mounted);
      }
    }
  }

  private static int run(Object... command) throws Exception {
    var words = new ArrayList<String>();
    for (var word : command) {
      words.add(word.toString());
    }
    return new ProcessBuilder(words).start().waitFor();
  }

  @Test
  void zeroVectors_forCosine_areCounted() throws Exception {
    var db = database(points -> points.upsert(Point.of(PointId.of(9), new float[] {0, -0.0f})));
    assertThat(Kith.run("stats", "--db", db, "c").done())
        .contains("vector: 1 rows of zeros, which have no direction");
    assertThat(Kith.run("verify", "--db", db, "c").done().strip())
        .isEqualTo("c is whole; 1 vectors for cosine are zeros, which have no direction");
    assertThat(Kith.run("verify", "--db", db, "c", "--json").json().get("zeroVectors").asInt())
        .isEqualTo(1);
  }
}
