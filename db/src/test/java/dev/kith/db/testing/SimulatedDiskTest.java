package dev.kith.db.testing;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import dev.kith.db.testing.SimulatedDisk.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.NoLockFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeded.class)
class SimulatedDiskTest {
  private static final int CRASHES = 200;

  private final SimulatedDisk disk = new SimulatedDisk();

  private static void force(Path path) throws IOException {
    try (var channel =
        Files.isDirectory(path) ? FileChannel.open(path, READ) : FileChannel.open(path, WRITE)) {
      channel.force(true);
    }
  }

  private static byte[] filled(int size, int value) {
    var bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void files_written_readBackAsOnAnyFileSystem() throws IOException {
    var folder = Files.createDirectories(disk.path("/a/b"));
    var file = folder.resolve("f");
    Files.writeString(file, "hello");
    Files.writeString(file, " world", APPEND);
    Files.move(file, folder.resolve("g"), StandardCopyOption.ATOMIC_MOVE);
    Files.copy(folder.resolve("g"), folder.resolve("h"));

    assertThat(Files.readString(folder.resolve("g"))).isEqualTo("hello world");
    assertThat(Files.size(folder.resolve("h"))).isEqualTo(11);
    assertThat(Files.exists(file)).isFalse();
    assertThat(Files.isDirectory(folder)).isTrue();
    assertThat(Files.isSameFile(folder.resolve("g"), disk.path("a", "b", ".", "g"))).isTrue();
    assertThat(folder.resolve("..").toRealPath()).isEqualTo(disk.path("/a"));
    try (var entries = Files.list(folder)) {
      assertThat(entries.map(p -> p.getFileName().toString())).containsExactly("g", "h");
    }
    assertThatThrownBy(() -> Files.delete(folder)).isInstanceOf(DirectoryNotEmptyException.class);
    assertThatThrownBy(() -> Files.size(file)).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.newOutputStream(folder.resolve("g"), CREATE_NEW, WRITE))
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  @Test
  void channel_positionalAccess_leavesPositionAlone() throws IOException {
    try (var channel = FileChannel.open(disk.path("/f"), CREATE, READ, WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 4);
      assertThat(channel.position()).isZero();
      assertThat(channel.size()).isEqualTo(7);
      var bytes = ByteBuffer.allocate(10);
      assertThat(channel.read(bytes, 3)).isEqualTo(4);
      assertThat(bytes.array()).startsWith(0, 1, 2, 3, 0);
      assertThat(channel.read(bytes, 7)).isEqualTo(-1);
      channel.truncate(5);
      channel.write(ByteBuffer.wrap(new byte[] {9}), 6);
      assertThat(Files.readAllBytes(disk.path("/f"))).containsExactly(0, 0, 0, 0, 1, 0, 9);
    }
  }

  @Test
  void lock_heldByAnother_throwsUntilReleasedOrKilled() throws IOException {
    try (var first = FileChannel.open(disk.path("/f"), CREATE, WRITE);
        var second = FileChannel.open(disk.path("/f"), WRITE)) {
      var lock = first.tryLock();
      assertThatThrownBy(second::tryLock).isInstanceOf(OverlappingFileLockException.class);
      try (var afterKill = FileChannel.open(disk.kill().path("/f"), WRITE)) {
        assertThat(afterKill.tryLock().isValid()).isTrue();
      }
      lock.release();
      assertThat(second.tryLock().isValid()).isTrue();
    }
    try (var third = FileChannel.open(disk.path("/f"), WRITE)) {
      assertThat(third.tryLock().isValid()).isTrue();
    }
  }

  @Test
  void channel_interrupted_isClosed() throws IOException {
    try (var channel = FileChannel.open(disk.path("/f"), CREATE, WRITE)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1)))
          .isInstanceOf(ClosedByInterruptException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(channel.isOpen()).isFalse();
    }
  }

  @Test
  void crash_fileAndFolderForced_losesNothing(SplittableRandom random) throws IOException {
    var folder = Files.createDirectory(disk.path("/d"));
    Files.write(folder.resolve("f"), filled(2000, 7));
    force(folder.resolve("f"));
    force(folder);
    force(disk.path("/"));
    for (int i = 0; i < CRASHES; i++) {
      var after = disk.crash(random);
      assertThat(Files.readAllBytes(after.path("/d/f"))).isEqualTo(filled(2000, 7));
    }
  }

  @Test
  void crash_folderNotForced_losesTheFileOrNot(SplittableRandom random) throws IOException {
    Files.write(disk.path("/f"), filled(10, 7));
    force(disk.path("/f"));
    int kept = 0;
    for (int i = 0; i < CRASHES; i++) {
      kept += Files.exists(disk.crash(random).path("/f")) ? 1 : 0;
    }
    assertThat(kept).isBetween(1, CRASHES - 1);
  }

  @Test
  void crash_writesNotForced_leavesAnyPatternOfSectors(SplittableRandom random) throws IOException {
    Files.write(disk.path("/f"), filled(1024, 1));
    force(disk.path("/f"));
    force(disk.path("/"));
    Files.write(disk.path("/f"), filled(1024, 2), WRITE);
    Files.write(disk.path("/f"), filled(1536, 3), WRITE);
    var seen = new TreeSet<String>();
    for (int i = 0; i < 10 * CRASHES; i++) {
      var bytes = Files.readAllBytes(disk.crash(random).path("/f"));
      var pattern = new StringBuilder();
      for (int at = 0; at < bytes.length; at += 512) {
        assertThat(Arrays.copyOfRange(bytes, at, at + 512)).containsOnly(bytes[at]);
        pattern.append(bytes[at]);
      }
      seen.add(pattern.toString());
    }
    // two old sectors with three versions each; a third that is missing, a hole, or there
    assertThat(seen).hasSize(9 * 3).contains("11", "33", "22", "130", "213", "333");
  }

  @Test
  void crash_moveNotForced_happenedOrNot(SplittableRandom random) throws IOException {
    Files.write(disk.path("/old"), filled(1, 1));
    Files.write(disk.path("/new"), filled(1, 2));
    force(disk.path("/old"));
    force(disk.path("/new"));
    force(disk.path("/"));
    Files.move(disk.path("/new"), disk.path("/old"), StandardCopyOption.ATOMIC_MOVE);
    var seen = new TreeSet<String>();
    for (int i = 0; i < CRASHES; i++) {
      var after = disk.crash(random);
      seen.add(Files.readAllBytes(after.path("/old"))[0] + " " + Files.exists(after.path("/new")));
    }
    assertThat(seen).containsExactly("1 true", "2 false");
  }

  @Test
  void kill_nothingForced_keepsAllAndItStaysVolatile(SplittableRandom random) throws IOException {
    Files.write(disk.path("/f"), filled(3000, 5));
    var killed = disk.kill();
    assertThat(Files.readAllBytes(killed.path("/f"))).isEqualTo(filled(3000, 5));
    int kept = 0;
    for (int i = 0; i < CRASHES; i++) {
      kept += Files.exists(killed.crash(random).path("/f")) ? 1 : 0;
    }
    assertThat(kept).isBetween(1, CRASHES - 1);
    Files.write(killed.path("/f"), filled(1, 6));
    assertThat(Files.size(disk.path("/f"))).isEqualTo(3000);
  }

  @Test
  void force_failed_takesPagesForCleanAndNeverWritesThem(SplittableRandom random)
      throws IOException {
    Files.write(disk.path("/f"), new byte[512]);
    force(disk.path("/f"));
    force(disk.path("/"));
    try (var channel = FileChannel.open(disk.path("/f"), WRITE)) {
      channel.write(ByteBuffer.wrap(filled(512, 4)));
      disk.failFrom(disk.operations() + 1, Fault.ONCE);
      assertThatThrownBy(() -> channel.force(true)).hasMessage("Input/output error");
      channel.force(true);
      assertThat(Files.readAllBytes(disk.path("/f"))).containsOnly(4);
      assertThat(Files.readAllBytes(disk.crash(random).path("/f"))).containsOnly(0);
      channel.write(ByteBuffer.wrap(filled(1, 4)), 0);
      channel.force(true);
      assertThat(Files.readAllBytes(disk.crash(random).path("/f"))).containsOnly(4);
    }
  }

  /** Power that is cut during a force may find it half done. */
  @Test
  void crash_duringAForce_leavesAnyPatternOfSectors(SplittableRandom random) throws IOException {
    Files.write(disk.path("/f"), new byte[512]);
    force(disk.path("/f"));
    force(disk.path("/"));
    try (var channel = FileChannel.open(disk.path("/f"), WRITE)) {
      channel.write(ByteBuffer.wrap(filled(512, 4)));
      disk.failFrom(disk.operations() + 1, Fault.OFF);
      assertThatThrownBy(() -> channel.force(true)).hasMessage("The disk is off");
    }
    int kept = 0;
    for (int i = 0; i < CRASHES; i++) {
      kept += Files.readAllBytes(disk.crash(random).path("/f"))[0] == 4 ? 1 : 0;
    }
    assertThat(kept).isBetween(1, CRASHES - 1);
  }

  @Test
  void ignoreForces_ofAFile_losesIt(SplittableRandom random) throws IOException {
    disk.ignoreForces(path -> path.equals(disk.path("/f")));
    Files.write(disk.path("/f"), filled(512, 1));
    force(disk.path("/f"));
    force(disk.path("/"));
    boolean lost = false;
    for (int i = 0; i < CRASHES; i++) {
      lost |= Files.size(disk.crash(random).path("/f")) == 0;
    }
    assertThat(lost).isTrue();
    assertThat(disk.forces()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource
  void failFrom_eachOperation_failsAsItsFaultSays(Fault fault) throws IOException {
    int failures = 0;
    for (int n = 1; ; n++) {
      var faulty = new SimulatedDisk();
      faulty.failFrom(n, fault);
      try (var channel = FileChannel.open(faulty.path("/f"), CREATE, WRITE)) {
        channel.write(ByteBuffer.wrap(filled(100, 1)));
        channel.force(true);
        channel.truncate(50);
        Files.move(faulty.path("/f"), faulty.path("/g"));
        Files.delete(faulty.path("/g"));
        Files.createDirectory(faulty.path("/h"));
      } catch (IOException e) {
        assertThat(e)
            .hasMessage(
                switch (fault) {
                  case ONCE, SHORT_WRITE -> "Input/output error";
                  case FULL -> "No space left on device";
                  case READ_ONLY -> "Read-only file system";
                  case OFF -> "The disk is off";
                });
        failures++;
      }
      if (fault == Fault.SHORT_WRITE && n == 2) {
        assertThat(Files.size(faulty.path("/f"))).isEqualTo(50);
      }
      if (!faulty.faultFired()) {
        assertThat(n).isEqualTo(8);
        break;
      }
    }
    assertThat(failures).isEqualTo(7);
  }

  /** A real tenant: an index that is committed, then crashes in the middle of another commit. */
  @Test
  void luceneIndex_crashedAnywhere_opensWithItsLastCommit(SplittableRandom random)
      throws IOException {
    int last = 0;
    for (int n = 60; ; n += 7) {
      var host = new SimulatedDisk();
      host.failFrom(n, Fault.OFF);
      int committed = 0;
      try {
        try (var directory = new NIOFSDirectory(host.path("/index"), NoLockFactory.INSTANCE);
            var writer =
                new IndexWriter(
                    directory,
                    new IndexWriterConfig().setMergeScheduler(new SerialMergeScheduler()))) {
          force(host.path("/"));
          for (int i = 1; i <= 3; i++) {
            var document = new Document();
            document.add(new StringField("id", String.valueOf(i), Field.Store.YES));
            writer.addDocument(document);
            writer.commit();
            committed = i;
          }
        }
      } catch (IOException e) {
        assertThat(host.faultFired()).isTrue();
      }
      var after = host.crash(random);
      if (committed > 0) {
        try (var directory = new NIOFSDirectory(after.path("/index"), NoLockFactory.INSTANCE);
            var reader = DirectoryReader.open(directory)) {
          assertThat(reader.numDocs()).isBetween(committed, committed + 1);
          last = reader.numDocs();
        }
      }
      if (!host.faultFired()) {
        break;
      }
    }
    assertThat(last).isEqualTo(3);
  }
}
