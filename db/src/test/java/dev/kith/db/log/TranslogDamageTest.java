package dev.kith.db.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import dev.kith.db.durability.DamagedLogException;
import dev.kith.db.durability.Durability;
import dev.kith.db.testing.SimulatedDisk;
import dev.kith.db.testing.SimulatedDisk.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is not as it was written is reported, or cut off by the rule, and never read. */
@ExtendWith(Seeded.class)
class TranslogDamageTest {
  private static final int HEADER = Generation.RECORD_HEADER;

  /** Tests run in the folder of their module. */
  private static final Path DOCUMENT =
      Path.of(Files.isDirectory(Path.of("docs")) ? "docs" : "../docs", "formats", "translog.md");

  /** Held, so that it stays quiet: these tests tear thousands of tails. */
  private static final Logger LOG = Logger.getLogger(Translog.class.getName());

  private final List<String> logged = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          logged.add(MessageFormat.format(entry.getMessage(), entry.getParameters()));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOG.setUseParentHandlers(false);
    LOG.addHandler(handler);
  }

  @AfterEach
  void beAsBefore() {
    LOG.setUseParentHandlers(true);
    LOG.setLevel(null);
    LOG.removeHandler(handler);
  }

  private static ByteBuffer record(int i) {
    var bytes = new byte[10 + i];
    Arrays.fill(bytes, (byte) i);
    return ByteBuffer.wrap(bytes);
  }

  private static Path file(SimulatedDisk disk, long number) {
    return LogModel.folder(disk).resolve(Generation.fileName(number));
  }

  private static Translog open(SimulatedDisk disk, List<Integer> found) throws IOException {
    return Translog.open(
        LogModel.folder(disk),
        Translog.FIRST_GENERATION,
        Durability.REQUEST,
        Duration.ofDays(1),
        Fence.NONE,
        (generation, offset, payload) -> {
          int i = payload.get(0);
          assertThat(payload).isEqualTo(record(i));
          found.add(i);
        });
  }

  private static List<Integer> read(SimulatedDisk disk) throws IOException {
    var found = new ArrayList<Integer>();
    open(disk, found).close();
    return found;
  }

  private static List<Integer> upTo(int records) {
    var all = new ArrayList<Integer>();
    for (int i = 0; i < records; i++) {
      all.add(i);
    }
    return all;
  }

  /** Generation 1 with records 0 to 2, then 2 with records 3 to 5, each flushed. */
  private static Translog write(SimulatedDisk disk) throws IOException {
    var log = open(disk, new ArrayList<>());
    for (int i = 0; i < 6; i++) {
      if (i == 3) {
        log.roll();
      }
      log.append(record(i));
      log.flush();
    }
    return log;
  }

  private static SimulatedDisk closed() throws IOException {
    var disk = LogModel.newDisk();
    write(disk).close();
    return disk;
  }

  /** A log whose process was killed: it was never closed. */
  private static SimulatedDisk killed() throws IOException {
    var disk = LogModel.newDisk();
    try (var log = write(disk)) {
      log.append(record(6)); // never written
      awaitMark(disk);
      return disk.kill();
    }
  }

  /** The mark behind a flush is written after its waiters were released. */
  private static void awaitMark(SimulatedDisk disk) throws IOException {
    long end = Generation.RECORDS + 3 * (2 * HEADER + 10) + 3 + 4 + 5;
    while (Files.size(file(disk, 2)) < end) {
      Thread.onSpinWait();
    }
  }

  private static SimulatedDisk with(SimulatedDisk disk, long number, byte[] bytes)
      throws IOException {
    var damaged = disk.kill();
    Files.write(file(damaged, number), bytes);
    return damaged;
  }

  @Test
  void open_closedLogWithAnyBitFlipped_isReported() throws IOException {
    var disk = closed();
    for (long number = 1; number <= 2; number++) {
      var bytes = Files.readAllBytes(file(disk, number));
      for (int bit = 0; bit < 8 * bytes.length; bit++) {
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
        var damaged = with(disk, number, bytes);
        if (bit / 8 == Generation.SEAL + 11 && number == 2 && bytes[bit / 8] == 0) {
          // a seal without its last byte was not written to its end
          assertThat(read(damaged)).isEqualTo(upTo(6));
          bytes[bit / 8] ^= (byte) (1 << bit % 8);
          continue;
        }
        assertThatThrownBy(() -> read(damaged))
            .as("bit %d of generation %d", bit, number)
            .isInstanceOf(DamagedLogException.class)
            .hasMessageContaining("file=" + file(damaged, number));
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
      }
    }
    assertThat(read(disk)).isEqualTo(upTo(6));
    assertThat(logged).isEmpty();
  }

  @Test
  void open_killedLogWithAnyBitFlipped_isReportedOrWhole() throws IOException {
    var disk = killed();
    int whole = 0;
    LOG.setLevel(Level.OFF);
    var bytes = Files.readAllBytes(file(disk, 2));
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      var damaged = with(disk, 2, bytes);
      try {
        assertThat(read(damaged)).isEqualTo(upTo(6));
        whole++;
      } catch (DamagedLogException e) {
        assertThat(e).hasMessageContaining("file=" + file(damaged, 2));
      }
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
    // only the last mark, which nobody needs, may be cut off
    assertThat(whole).isEqualTo(8 * HEADER);
  }

  /** A program can die in the middle of a write, too. */
  @Test
  void open_sealWrittenInPart_isAsIfItHadNotBeenClosed() throws IOException {
    var disk = closed();
    var bytes = Files.readAllBytes(file(disk, 2));
    for (int end = Generation.SEAL + 12; end >= Generation.SEAL; end--) {
      Arrays.fill(bytes, end, Generation.RECORDS, (byte) 0);
      assertThat(read(with(disk, 2, bytes))).isEqualTo(upTo(6));
    }
    Arrays.fill(bytes, Generation.SEAL, Generation.SEAL + 3, (byte) 9);
    assertThatThrownBy(() -> read(with(disk, 2, bytes)))
        .hasMessageContaining(
            "a log file's seal must be whole: file=/db/log/00000000000000000002.log, offset=512,"
                + " expected=zeros or a seal, found=neither");
  }

  @Test
  void open_closedLogCutShortAnywhere_isReported() throws IOException {
    var disk = closed();
    for (long number = 1; number <= 2; number++) {
      var bytes = Files.readAllBytes(file(disk, number));
      for (int length = 0; length < bytes.length; length++) {
        var damaged = with(disk, number, Arrays.copyOf(bytes, length));
        assertThatThrownBy(() -> read(damaged))
            .as("%d bytes of generation %d", length, number)
            .isInstanceOf(DamagedLogException.class);
      }
      var damaged = with(disk, number, Arrays.copyOf(bytes, bytes.length + 1));
      assertThatThrownBy(() -> read(damaged)).isInstanceOf(DamagedLogException.class);
    }
  }

  @Test
  void open_closedLogWithASectorZeroed_isReportedOrWhole() throws IOException {
    var disk = closed();
    for (long number = 1; number <= 2; number++) {
      var bytes = Files.readAllBytes(file(disk, number));
      for (int at = 0; at < bytes.length; at += Generation.SECTOR) {
        var zeroed = bytes.clone();
        Arrays.fill(zeroed, at, Math.min(bytes.length, at + Generation.SECTOR), (byte) 0);
        var damaged = with(disk, number, zeroed);
        if (number == 2 && at == Generation.SEAL) {
          assertThat(read(damaged)).isEqualTo(upTo(6)); // as if it had not been closed
        } else {
          assertThatThrownBy(() -> read(damaged)).isInstanceOf(DamagedLogException.class);
        }
      }
    }
  }

  @Test
  void open_recordsCopiedFromElsewhere_areNeverRead() throws IOException {
    var disk = killed();
    var first = Files.readAllBytes(file(disk, 1));
    var second = Files.readAllBytes(file(disk, 2));
    // generation 1's records, in generation 2: same lengths, other seeds
    var mixed = second.clone();
    System.arraycopy(first, Generation.RECORDS, mixed, Generation.RECORDS, 2 * HEADER + 10);
    assertThatThrownBy(() -> read(with(disk, 2, mixed))).isInstanceOf(DamagedLogException.class);
    // its own first record again at the end, where the next would be
    int length = HEADER + 13;
    var repeated = Arrays.copyOf(second, second.length + length);
    System.arraycopy(second, Generation.RECORDS, repeated, second.length, length);
    assertThat(read(with(disk, 2, repeated))).isEqualTo(upTo(6));
    // another log's file of the same number
    assertThatThrownBy(() -> read(with(disk, 2, Files.readAllBytes(file(killed(), 2)))))
        .hasMessageContaining("all files of a log must have the same salt");
  }

  @Test
  void open_randomBytes_neverReadsThem(SplittableRandom random) throws IOException {
    var disk = killed();
    LOG.setLevel(Level.OFF);
    var bytes = Files.readAllBytes(file(disk, 2));
    for (int round = 0; round < 2000 * Seeded.effort(); round++) {
      var fuzzed = Arrays.copyOf(bytes, random.nextInt(bytes.length + 200));
      for (int i = random.nextInt(4); i >= 0 && fuzzed.length > 0; i--) {
        int from = random.nextInt(fuzzed.length);
        var noise = new byte[random.nextInt(fuzzed.length - from + 1)];
        if (random.nextBoolean()) {
          random.nextBytes(noise);
        } else if (random.nextBoolean()) {
          int source = random.nextInt(fuzzed.length - noise.length + 1);
          System.arraycopy(fuzzed, source, noise, 0, noise.length);
        }
        System.arraycopy(noise, 0, fuzzed, from, noise.length);
      }
      try {
        var found = read(with(disk, 2, fuzzed));
        assertThat(found.size()).isBetween(3, 6);
        assertThat(found).isEqualTo(upTo(found.size()));
      } catch (DamagedLogException e) {
        assertThat(e.getMessage()).doesNotContain("\n");
      }
    }
  }

  /** A later record that nobody was told about is no evidence that earlier ones were durable. */
  @Test
  void open_holeBeforeARecordOfTheSameFlush_isATornTail() throws IOException {
    var disk = LogModel.newDisk();
    var log = open(disk, new ArrayList<>());
    log.append(record(0));
    log.flush();
    log.append(record(1));
    log.append(record(2));
    log.flush();
    var killed = disk.kill();
    log.close();
    // as after a power cut during the second flush: record 1 never came, record 2 did
    int second = Generation.RECORDS + HEADER + 10 + HEADER;
    int third = second + HEADER + 11;
    var bytes = Arrays.copyOf(Files.readAllBytes(file(killed, 1)), third + HEADER + 12);
    Arrays.fill(bytes, second, third, (byte) 0);

    assertThat(read(with(killed, 1, bytes))).isEqualTo(upTo(1));
    assertThat(logged)
        .singleElement()
        .asString()
        .matches(
            "a torn tail that was never acknowledged is cut off: file=/db/log/0{19}1.log,"
                + " offset=1074, bytes=63, expected a record's header with CRC32C \\w{8}, found"
                + " 00000000");
  }

  @Test
  void open_damageBeforeDurableRecords_saysWhereAndWhatToDo() throws IOException {
    var disk = killed();
    var bytes = Files.readAllBytes(file(disk, 2));
    bytes[Generation.RECORDS + HEADER] ^= 1;
    assertThatThrownBy(() -> read(with(disk, 2, bytes)))
        .isInstanceOf(DamagedLogException.class)
        .message()
        .matches(
            "what a log had made durable, here up to 10\\d\\d, must be whole:"
                + " file=/db/log/0{19}2.log, offset=1024, expected=a payload with CRC32C \\w{8},"
                + " found=\\w{8}; restore the folder from a backup: opened without these bytes, the"
                + " collection would lack acknowledged writes");
  }

  @Test
  void open_generationMissing_saysWhich() throws IOException {
    var disk = closed();
    Files.delete(file(disk, 1));
    assertThatThrownBy(() -> read(disk))
        .isInstanceOf(DamagedLogException.class)
        .hasMessage(
            "a log must have all generations from 1 on: file=/db/log/00000000000000000001.log,"
                + " offset=0, expected=this file, found=00000000000000000002.log; restore the"
                + " folder from a backup: opened without these bytes, the collection would lack"
                + " acknowledged writes");
    Files.delete(file(disk, 2));
    assertThatThrownBy(
            () ->
                Translog.open(
                    LogModel.folder(disk),
                    2,
                    Durability.REQUEST,
                    Duration.ofDays(1),
                    Fence.NONE,
                    (g, o, p) -> {}))
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining("found=none");
  }

  @Test
  void open_unknownVersion_saysWhatToDo() throws IOException {
    var disk = closed();
    var all = Files.readAllBytes(file(disk, 1));
    var bytes = ByteBuffer.wrap(all);
    var header = Generation.littleEndian(Generation.SECTOR).put(bytes.slice(0, 508)).clear();
    header.putInt(8, 2);
    bytes.put(0, withCrc(header, header.getLong(24), header.getLong(16)), 0, Generation.SECTOR);
    assertThatThrownBy(() -> read(with(disk, 1, all)))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "a log file must be of a version that is known: file=/db/log/00000000000000000001.log,"
                + " expected=1, found=2; open it with the Kith that wrote it");
  }

  private static ByteBuffer withCrc(ByteBuffer sector, long salt, long number) {
    var crc = new CRC32C();
    crc.update(Generation.littleEndian(24).putLong(salt).putLong(number).putLong(0).flip());
    crc.update(sector.slice(0, 508));
    return sector.putInt(508, (int) crc.getValue());
  }

  @Test
  void append_logFailed_saysWhyAndWhatToDo() throws IOException {
    var disk = LogModel.newDisk();
    try (var log = write(disk)) {
      awaitMark(disk);
      disk.failFrom(disk.operations() + 1, Fault.FULL);
      log.append(record(6));
      var expected =
          "a log must be written to go on: file=/db/log/00000000000000000002.log,"
              + " cause=java.io.IOException: No space left on device; acknowledged writes are safe,"
              + " free space or mend the disk, then close the collection and open it again";
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(log::flush).isInstanceOf(LogFailedException.class).hasMessage(expected);
        assertThatThrownBy(() -> log.append(record(7))).hasMessage(expected);
        assertThatThrownBy(log::roll).hasMessage(expected);
        disk.repair(); // and yet nothing is tried again
      }
    }
    assertThat(read(disk)).isEqualTo(upTo(6));
  }

  /** The example of docs/formats/translog.md. */
  @Test
  void bytes_ofTheExample_areThoseOfTheDocument() throws IOException {
    var generation = new Generation(Path.of("x"), 7, 0x1122334455667788L);
    var payload = "kith".getBytes(StandardCharsets.US_ASCII);
    var crc = new CRC32C();
    crc.update(payload);
    var file = Generation.littleEndian(1068).put(generation.header());
    file.putInt(payload.length).putLong(0).putInt((int) crc.getValue()).putInt(0).put(payload);
    generation.stamp(file, 1024, 1024, 1024);
    file.put(generation.mark(1048));
    file.put(512, generation.seal(1068), 0, 12);
    var all = new byte[1068];
    file.get(0, all);
    var shown = new StringBuilder();
    var hex = HexFormat.ofDelimiter(" ");
    for (int at = 0; at < 1068; at += 16) {
      var line = Arrays.copyOfRange(all, at, Math.min(at + 16, all.length));
      if (!Arrays.equals(line, new byte[line.length])) {
        shown.append("%-5d %s%n".formatted(at, hex.formatHex(line)));
      }
    }
    assertThat(Files.readString(DOCUMENT)).contains(shown);
  }
}
