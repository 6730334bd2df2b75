package dev.kith.db.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.db.durability.Durability;
import dev.kith.db.testing.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TranslogTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final RecordConsumer NOBODY =
      (generation, offset, payload) -> {
        throw new AssertionError("no record was expected");
      };

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> read(Path folder, long firstGeneration) throws IOException {
    var found = new ArrayList<String>();
    Translog.open(
            folder,
            firstGeneration,
            Durability.REQUEST,
            DAY,
            Fence.NONE,
            (generation, offset, payload) ->
                found.add(generation + ":" + StandardCharsets.UTF_8.decode(payload)))
        .close();
    return found;
  }

  @Test
  void open_rolledAndDeleted_replaysWhatIsLeftInOrder(@TempDir Path temp) throws IOException {
    var folder = temp.resolve("log");
    try (var log = Translog.open(folder, 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY)) {
      log.awaitDurable(log.append(bytes("a")));
      assertThat(log.roll()).isEqualTo(2);
      var part = bytes("b");
      log.append(part, bytes(""), bytes("c"));
      assertThat(part.remaining()).isEqualTo(1);
      log.append(bytes("d"));
      assertThat(log.roll()).isEqualTo(3).isEqualTo(log.generation());
      log.append(bytes("e"));
      log.deleteBefore(2);
      assertThatThrownBy(() -> log.deleteBefore(4))
          .hasMessage(
              "the current generation must be kept: deleteBefore=4, current=3, log=%s; roll first"
                  .formatted(folder));
      log.flush();
      // generation 2 with bc, d and a mark; generation 3 with e and a mark
      assertThat(log.bytes()).isEqualTo(2 * 1024 + (22 + 21 + 20) + (21 + 20));
    }
    assertThat(read(folder, 2)).containsExactly("2:bc", "2:d", "3:e");
    assertThat(read(folder, 3)).containsExactly("3:e");
    assertThat(Files.exists(folder.resolve(Generation.fileName(2)))).isFalse();
    Translog.delete(folder);
    assertThat(read(folder, 1)).isEmpty();
  }

  @Test
  void append_largerThanTheBuffers_isKept(@TempDir Path temp) throws IOException {
    var large = new byte[33 << 20];
    large[large.length - 1] = 7;
    try (var log = Translog.open(temp, 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY)) {
      log.append(bytes("small"));
      log.append(ByteBuffer.wrap(large)); // waits for room, and nobody else asks for a flush
      log.append(bytes("small"));
    }
    var sizes = new ArrayList<Integer>();
    Translog.open(
            temp,
            1,
            Durability.REQUEST,
            DAY,
            Fence.NONE,
            (generation, offset, payload) -> {
              sizes.add(payload.remaining());
              assertThat(payload.remaining() == 5 || payload.equals(ByteBuffer.wrap(large)))
                  .isTrue();
            })
        .close();
    assertThat(sizes).containsExactly(5, large.length, 5);
  }

  @Test
  void awaitDurable_manyThreads_shareForces() throws Exception {
    var disk = LogModel.newDisk();
    disk.forceTakes(Duration.ofMillis(2));
    try (var log =
        Translog.open(LogModel.folder(disk), 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY)) {
      long before = disk.forces();
      var acknowledged = new AtomicLong();
      var threads = new ArrayList<Thread>();
      for (int t = 0; t < 32; t++) {
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int i = 0; i < 50; i++) {
                        log.awaitDurable(log.append(ByteBuffer.allocate(2048)));
                        acknowledged.incrementAndGet();
                      }
                    }));
      }
      for (var thread : threads) {
        thread.join();
      }
      assertThat(acknowledged.get()).isEqualTo(1600);
      assertThat(disk.forces() - before).isBetween(50L, 400L);
    }
  }

  @Test
  void awaitDurable_intervalDurability_returnsAtOnceAndFlushesSoon() throws Exception {
    var disk = LogModel.newDisk();
    try (var log =
        Translog.open(
            LogModel.folder(disk),
            1,
            Durability.INTERVAL,
            Duration.ofMillis(50),
            Fence.NONE,
            NOBODY)) {
      var file = LogModel.folder(disk).resolve(Generation.fileName(1));
      long before = disk.forces();
      for (int i = 0; i < 3; i++) {
        log.awaitDurable(log.append(bytes("abc")));
      }
      while (disk.forces() == before || Files.size(file) < 1024 + 3 * 23 + 20) {
        Thread.sleep(1);
      }
      assertThat(read(folderOf(disk.kill()), 1)).containsExactly("1:abc", "1:abc", "1:abc");
      assertThat(disk.forces()).isEqualTo(before + 1);
    }
  }

  private static Path folderOf(SimulatedDisk disk) {
    return LogModel.folder(disk);
  }

  @Test
  void awaitDurable_interruptedThread_isAcknowledgedAndTheLogGoesOn() throws IOException {
    var disk = LogModel.newDisk();
    try (var log =
        Translog.open(LogModel.folder(disk), 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY)) {
      Thread.currentThread().interrupt();
      log.awaitDurable(log.append(bytes("a")));
      log.roll();
      assertThat(Thread.interrupted()).isTrue();
      log.awaitDurable(log.append(bytes("b")));
    }
    assertThat(read(LogModel.folder(disk), 1)).containsExactly("1:a", "2:b");
  }

  @Test
  void wrongUse_anyKind_saysWhatToDo() throws IOException {
    var disk = LogModel.newDisk();
    var folder = LogModel.folder(disk);
    assertThatThrownBy(() -> Translog.open(folder, 1, Durability.NONE, DAY, Fence.NONE, NOBODY))
        .hasMessage(
            "a log needs durability REQUEST or INTERVAL and a generation from 1: durability=NONE,"
                + " firstGeneration=1; without durability there is no log to open");
    assertThatThrownBy(
            () -> Translog.open(folder, 1, Durability.INTERVAL, Duration.ZERO, Fence.NONE, NOBODY))
        .hasMessage("a log's interval must be positive: interval=PT0S; take a second");
    var log = Translog.open(folder, 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY);
    assertThatThrownBy(() -> log.append(bytes("")))
        .hasMessage("a record must have 1 to 1073741824 bytes: bytes=0, log=/db/log; split it");
    assertThatThrownBy(() -> log.awaitDurable(1))
        .hasMessage(
            "a position must be one that append returned: position=1, appended=0, log=/db/log;"
                + " await what was appended here");
    log.close();
    log.close();
    assertThatThrownBy(() -> log.append(bytes("a")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a log must be open: log=/db/log, closed; open it again");
    assertThatThrownBy(log::roll).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void fileName_localeOfOtherDigits_isAscii() {
    var before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertThat("%d".formatted(2)).isEqualTo("\u0662");
      assertThat(Generation.fileName(2)).isEqualTo("00000000000000000002.log");
      assertThat(Generation.fileName(Long.MAX_VALUE)).isEqualTo("09223372036854775807.log");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void open_filesNamedInOtherDigits_areRead_andGoWithTheNextOpening(@TempDir Path temp)
      throws IOException {
    var folder = temp.resolve("log");
    try (var log = Translog.open(folder, 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY)) {
      log.awaitDurable(log.append(bytes("a")));
    }
    var arabic = folder.resolve("\u0660".repeat(19) + "\u0661.log");
    Files.move(folder.resolve(Generation.fileName(1)), arabic);
    assertThat(read(folder, 1)).containsExactly("1:a");
    assertThat(read(folder, 1)).containsExactly("1:a");
    assertThat(read(folder, 2)).isEmpty();
    assertThat(arabic).doesNotExist();
  }

  /** A writer that was replaced while it read the log leaves the other's files alone. */
  @Test
  void open_writerReplacedMeanwhile_changesNothing(@TempDir Path temp) throws IOException {
    var folder = temp.resolve("log");
    try (var log = Translog.open(folder, 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY)) {
      log.awaitDurable(log.append(bytes("first")));
    }
    var other = new Translog[1];
    var failure = new IOException("replaced");
    assertThatThrownBy(
            () ->
                Translog.open(
                    folder,
                    1,
                    Durability.REQUEST,
                    DAY,
                    () -> {
                      if (other[0] != null) {
                        throw failure;
                      }
                    },
                    (_, _, _) -> {
                      other[0] =
                          Translog.open(
                              folder, 1, Durability.REQUEST, DAY, Fence.NONE, (_, _, _) -> {});
                      other[0].awaitDurable(other[0].append(bytes("second")));
                    }))
        .isSameAs(failure);
    other[0].close();
    assertThat(read(folder, 1)).containsExactly("1:first", "2:second");
  }

  @Test
  void roll_generationThatIsThere_isNotReplaced(@TempDir Path temp) throws IOException {
    var folder = temp.resolve("log");
    var log = Translog.open(folder, 1, Durability.REQUEST, DAY, Fence.NONE, NOBODY);
    var next = Files.writeString(folder.resolve(Generation.fileName(2)), "another writer's");
    assertThatThrownBy(log::roll)
        .isInstanceOf(LogFailedException.class)
        .hasMessageContaining("a generation of the log is there already");
    assertThat(Files.readString(next)).isEqualTo("another writer's");
    log.close();
  }
}
