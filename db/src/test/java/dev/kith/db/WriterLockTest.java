package dev.kith.db;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.durability.CollectionLockedException;
import dev.kith.db.durability.Durability;
import dev.kith.db.durability.WritesStoppedException;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One writer a collection, whatever becomes of the lock of the operating system. */
@EnabledOnOs(OS.LINUX)
class WriterLockTest {
  private static final String NAME = LockedWriter.NAME;
  private static final long FIRST = 1_000_000;

  private static void create(Path folder) {
    try (var kith = Kith.open(folder)) {
      kith.create(NAME, Schema.of(1, Metric.L2)).upsert(LockedWriter.point(0));
    }
  }

  /** A {@link LockedWriter} and what it printed. */
  private static final class Writer implements AutoCloseable {
    final Process process;
    private final BufferedReader output;
    final List<Long> acknowledged = new ArrayList<>();
    private String last = "";

    Writer(Path folder, Durability durability, boolean drops) throws IOException {
      process =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-XX:TieredStopAtLevel=1",
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  LockedWriter.class.getName(),
                  folder.toString(),
                  durability.name(),
                  Long.toString(FIRST),
                  Boolean.toString(drops))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    /** Reads until that many points more were acknowledged, or the process has ended. */
    void read(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        var line = output.readLine();
        if (line == null) {
          return;
        }
        last = line;
        if (line.matches("[0-9]+")) {
          acknowledged.add(Long.parseLong(line));
        }
      }
    }

    String lastLine() {
      return last;
    }

    void signal(String name) throws Exception {
      assertThat(
              new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                  .start()
                  .waitFor())
          .isZero();
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void droppedLock_anotherProcessTakesOver_theFirstAcknowledgesNothingMore(
      Durability durability, @TempDir Path folder) throws Exception {
    create(folder);
    try (var writer = new Writer(folder, durability, true)) {
      writer.read(50);
      try (var kith = Kith.open(folder)) {
        var collection = kith.collection(NAME); // the lock is free, so this succeeds
        for (long id = 1; id < 200; id++) {
          collection.upsert(LockedWriter.point(id));
        }
        writer.read(Integer.MAX_VALUE);
        assertThat(writer.process.waitFor()).isZero();
      }
      assertThat(writer.lastLine())
          .startsWith("collection points takes no more writes: another writer has taken the")
          .contains("or its folder was moved or removed (lock=" + folder.resolve(NAME));
      // Without a log only a checkpoint keeps what was acknowledged.
      requireAll(folder, durability == Durability.REQUEST ? writer.acknowledged : List.of());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void stoppedProcess_resumedAfterAnotherTookOver_acknowledgesNothing(
      int round, @TempDir Path folder) throws Exception {
    create(folder);
    try (var writer = new Writer(folder, Durability.REQUEST, true)) {
      writer.read(40 * round);
      writer.signal("STOP");
      try (var kith = Kith.open(folder)) {
        var collection = kith.collection(NAME);
        for (long id = 1; id < 200; id++) {
          collection.upsert(LockedWriter.point(id));
        }
        writer.signal("CONT");
        writer.read(Integer.MAX_VALUE);
        assertThat(writer.process.waitFor()).isZero();
        for (long id = 200; id < 400; id++) {
          collection.upsert(LockedWriter.point(id));
        }
        collection.optimize();
      }
      assertThat(writer.lastLine()).contains("another writer has taken the collection over");
      requireAll(folder, writer.acknowledged);
      try (var kith = Kith.open(folder)) {
        assertThat(kith.collection(NAME).get(PointId.of(399))).isNotNull();
      }
    }
  }

  private static void requireAll(Path folder, List<Long> acknowledged) {
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(NAME);
      assertThat(collection.verify()).isEmpty();
      for (long id = 0; id < 200; id++) {
        assertThat(collection.get(PointId.of(id))).as("point %d", id).isNotNull();
      }
      for (long id : acknowledged) {
        assertThat(collection.get(PointId.of(id))).as("point %d", id).isNotNull();
      }
    }
  }

  @Test
  void lockFileReadByAnotherProcess_leavesTheLock(@TempDir Path folder) throws Exception {
    create(folder);
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(NAME);
      var copy = folder.resolve("copy");
      assertThat(
              new ProcessBuilder("cp", "-r", folder.resolve(NAME).toString(), copy.toString())
                  .start()
                  .waitFor())
          .isZero();
      try (var writer = new Writer(folder, Durability.REQUEST, false)) {
        writer.read(1);
        assertThat(writer.acknowledged).isEmpty();
      }
      collection.upsert(LockedWriter.point(1));
    }
  }

  /** What a web application does that is deployed again before it is undeployed. */
  @Test
  void secondClassLoader_isRefused_andTheFirstKeepsItsLock(@TempDir Path folder) throws Exception {
    create(folder);
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(NAME);
      try (var loader = new URLClassLoader(classPath(), ClassLoader.getPlatformClassLoader())) {
        var other = loader.loadClass(Kith.class.getName());
        assertThat(other).isNotEqualTo(Kith.class);
        var database = other.getMethod("open", Path.class).invoke(null, folder);
        for (int attempt = 0; attempt < 2; attempt++) {
          assertThatThrownBy(
                  () -> other.getMethod("collection", String.class).invoke(database, NAME))
              .rootCause()
              .hasMessageStartingWith(
                  "a collection has one writer: this process has it open already");
        }
      }
      try (var writer = new Writer(folder, Durability.REQUEST, false)) {
        writer.read(1);
        assertThat(writer.acknowledged).isEmpty();
      }
      collection.upsert(LockedWriter.point(1));
    }
  }

  private static URL[] classPath() throws IOException {
    var urls = new ArrayList<URL>();
    for (var entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return urls.toArray(URL[]::new);
  }

  @Test
  void bindMount_isTheSameFolder(@TempDir Path folder) throws Exception {
    create(folder.resolve("db"));
    var mounted = Files.createDirectory(folder.resolve("mounted"));
    assumeTrue(
        new ProcessBuilder("mount", "--bind", folder.resolve("db").toString(), mounted.toString())
                .start()
                .waitFor()
            == 0,
        "this user may not mount");
    try (var kith = Kith.open(folder.resolve("db"));
        var other = Kith.open(mounted)) {
      var collection = kith.collection(NAME);
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> other.collection(NAME))
            .isInstanceOf(CollectionLockedException.class)
            .hasMessageContaining("this process has it open already");
      }
      try (var writer = new Writer(mounted, Durability.REQUEST, false)) {
        writer.read(1);
        assertThat(writer.acknowledged).isEmpty();
      }
      collection.upsert(LockedWriter.point(1));
    } finally {
      new ProcessBuilder("umount", mounted.toString()).start().waitFor();
    }
  }

  @Test
  void lockFileReplaced_anotherProcessTakesOver_theFirstIsFenced(@TempDir Path folder)
      throws Exception {
    create(folder);
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(NAME);
      var copy = Files.writeString(folder.resolve("copy"), "1");
      Files.move(copy, folder.resolve(NAME).resolve("lock"), StandardCopyOption.REPLACE_EXISTING);
      try (var writer = new Writer(folder, Durability.REQUEST, false)) {
        writer.read(10);
        assertThat(writer.acknowledged).hasSize(10);
        assertThatThrownBy(() -> collection.upsert(LockedWriter.point(1)))
            .isInstanceOf(WritesStoppedException.class)
            .hasMessageContaining("another writer has taken the collection over");
        assertThat(collection.get(PointId.of(0))).isNotNull(); // reads go on
      }
    }
  }

  @Test
  void folderRemoved_underAWriter_acknowledgesNothingMore(@TempDir Path folder) throws Exception {
    create(folder);
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(NAME);
      collection.upsert(LockedWriter.point(1));
      Files.move(folder.resolve(NAME), folder.resolve(".moved"));
      assertThatThrownBy(() -> collection.upsert(LockedWriter.point(2)))
          .isInstanceOf(WritesStoppedException.class)
          .hasMessageContaining("or its folder was moved or removed");
      Files.move(folder.resolve(".moved"), folder.resolve(NAME));
    }
    requireNonNull(folder);
    try (var kith = Kith.open(folder)) {
      assertThat(kith.collection(NAME).get(PointId.of(1))).isNotNull();
    }
  }

  @Test
  void logFileReplaced_underAWriter_acknowledgesNothingMore(@TempDir Path folder) throws Exception {
    create(folder);
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(NAME);
      Path current;
      try (var logs = Files.list(folder.resolve(NAME).resolve("log"))) {
        current = logs.sorted().toList().getLast();
      }
      var copy = folder.resolve("copy");
      Files.copy(current, copy);
      Files.move(copy, current, StandardCopyOption.REPLACE_EXISTING);
      assertThatThrownBy(() -> collection.upsert(LockedWriter.point(2)))
          .isInstanceOf(WritesStoppedException.class)
          .hasMessageContaining("the log's file was removed or replaced while it was written");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lock", "log", "segments", "collection.json", "log/1.log.tmp"})
  void symbolicLinkInTheFolder_isRefused_andItsTargetUntouched(String name, @TempDir Path folder)
      throws Exception {
    create(folder.resolve("db"));
    var file = folder.resolve("db").resolve(NAME).resolve(name);
    var target = folder.resolve("target");
    if (Files.exists(file)) {
      Files.move(file, target);
    } else {
      Files.writeString(target, "precious");
    }
    Files.createSymbolicLink(file, target);
    var before = content(target);
    try (var kith = Kith.open(folder.resolve("db"));
        var reading = Kith.openReadOnly(folder.resolve("db"))) {
      for (var database : List.of(kith, reading)) {
        assertThatThrownBy(() -> database.collection(NAME))
            .isInstanceOf(VectorDataException.class)
            .hasMessage(
                "a collection's folder must hold no symbolic links: file=%s; put the file that it leads to in its place"
                    .formatted(file));
      }
    }
    assertThat(content(target)).isEqualTo(before);
  }

  private static List<String> content(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(Arrays.toString(Files.readAllBytes(path)));
    }
    try (var files = Files.list(path)) {
      return files.map(Path::toString).sorted().toList();
    }
  }
}
