package dev.kith.db.log;

import static dev.kith.db.log.Generation.RECORDS;
import static dev.kith.db.log.Generation.RECORD_HEADER;
import static dev.kith.db.log.Generation.SEAL;
import static dev.kith.db.log.Generation.SECTOR;

import dev.kith.db.durability.DamagedLogException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads one file of a log and tells a torn tail from damage: bytes that are not a whole record are
 * damage if the file is sealed, if it is not the last, or if a header behind them says that the
 * file had been durable beyond. Else nobody was told that they were safe.
 */
final class GenerationReader {
  private static final int WINDOW = 1 << 16;

  private final FileChannel channel;
  private final Path file;
  private final long size;

  /** Bytes of the file from {@code windowStart} on. */
  private ByteBuffer window = Generation.littleEndian(0);

  private long windowStart;

  /**
   * What was found.
   *
   * @param generation the file's identity
   * @param durable bytes that are known to have been forced
   * @param end where the last whole record ends
   * @param tear why what follows {@code end} is cut off; null if nothing follows
   */
  record Outcome(Generation generation, long durable, long end, @Nullable String tear) {}

  private GenerationReader(FileChannel channel, Path file) throws IOException {
    this.channel = channel;
    this.file = file;
    this.size = channel.size();
  }

  /**
   * Reads a file and gives its records to {@code consumer}.
   *
   * @param number which it must be
   * @param salt which it must have; null if it is the first
   * @param last whether it is the last: others must be sealed
   * @throws DamagedLogException if it is damaged; whole records before may have been given out
   */
  static Outcome read(
      FileChannel channel,
      Path file,
      long number,
      @Nullable Long salt,
      boolean last,
      RecordConsumer consumer)
      throws IOException {
    return new GenerationReader(channel, file).read(number, salt, last, consumer);
  }

  private Outcome read(long number, @Nullable Long salt, boolean last, RecordConsumer consumer)
      throws IOException {
    var generation = header(number, salt);
    long sealedEnd = sealedEnd(generation, last);
    long durable = RECORDS;
    long offset = RECORDS;
    while (offset < size) {
      var tear = tear(generation, offset);
      if (tear != null) {
        if (sealedEnd > 0) {
          throw damaged("a sealed log file must consist of whole records", offset, tear);
        }
        requireNeverDurable(generation, offset, tear);
        return new Outcome(generation, durable, offset, tear.expected + ", found " + tear.found);
      }
      var header = bytes(offset, RECORD_HEADER);
      int length = header.getInt(0);
      durable = Math.max(durable, header.getLong(4));
      if (length > 0) {
        consumer.accept(
            number, offset, readOnly(bytes(offset, RECORD_HEADER + length), RECORD_HEADER, length));
      }
      offset += RECORD_HEADER + length;
    }
    return new Outcome(generation, sealedEnd > 0 ? sealedEnd : durable, offset, null);
  }

  private static ByteBuffer readOnly(ByteBuffer bytes, int from, int length) {
    return bytes.slice(from, length).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private Generation header(long number, @Nullable Long salt) throws IOException {
    if (size < RECORDS) {
      throw damaged(
          "a log file must have a header", size, new Tear("1024 bytes or more", size + " bytes"));
    }
    var sector = bytes(0, SECTOR);
    if (sector.getLong(0) != Generation.MAGIC) {
      throw damaged(
          "a log file must begin with its magic",
          0,
          new Tear("%016x".formatted(Generation.MAGIC), "%016x".formatted(sector.getLong(0))));
    }
    if (!Generation.isHeader(sector)) {
      throw damaged(
          "a log file's header must be whole",
          0,
          new Tear("its CRC32C at 508", "%08x".formatted(sector.getInt(SECTOR - 4))));
    }
    if (sector.getInt(8) != Generation.VERSION) {
      throw new IOException(
          "a log file must be of a version that is known: file=%s, expected=%d, found=%d; open it with the Kith that wrote it"
              .formatted(file, Generation.VERSION, sector.getInt(8)));
    }
    if (sector.getLong(16) != number) {
      throw damaged(
          "a log file must hold the generation of its name",
          16,
          new Tear(String.valueOf(number), String.valueOf(sector.getLong(16))));
    }
    if (salt != null && sector.getLong(24) != salt) {
      throw damaged(
          "all files of a log must have the same salt",
          24,
          new Tear("%016x".formatted(salt), "%016x".formatted(sector.getLong(24))));
    }
    return new Generation(file, number, sector.getLong(24));
  }

  /** Where the file must end, or 0 if it was not closed. */
  private long sealedEnd(Generation generation, boolean last) throws IOException {
    long end = generation.sealedEnd(bytes(SEAL, SECTOR), size);
    if (end < 0) {
      throw damaged(
          "a log file's seal must be whole", SEAL, new Tear("zeros or a seal", "neither"));
    }
    if (end == 0 && !last) {
      throw damaged(
          "a log file that others follow must be sealed", SEAL, new Tear("a seal", "zeros"));
    }
    if (end > 0 && end != size) {
      throw damaged(
          "a sealed log file must end where its seal says",
          Math.min(end, size),
          new Tear(end + " bytes", size + " bytes"));
    }
    return end;
  }

  /** What is wrong somewhere. */
  private record Tear(String expected, String found) {}

  /** Why there is no whole record at {@code offset}; null if there is one. */
  private @Nullable Tear tear(Generation generation, long offset) throws IOException {
    if (size - offset < RECORD_HEADER) {
      return new Tear("a record of 20 bytes or more", size - offset + " bytes");
    }
    var header = bytes(offset, RECORD_HEADER);
    if (!generation.isRecordHeader(header, 0, offset)) {
      return new Tear(
          "a record's header with CRC32C %08x".formatted(generation.headerCrc(header, 0, offset)),
          "%08x".formatted(header.getInt(16)));
    }
    int length = header.getInt(0);
    int expected = header.getInt(12);
    if (length > size - offset - RECORD_HEADER) {
      return new Tear(
          "a record of %d bytes".formatted(RECORD_HEADER + (long) length),
          size - offset + " bytes");
    }
    var crc = new CRC32C();
    crc.update(bytes(offset, RECORD_HEADER + length).slice(RECORD_HEADER, length));
    int found = (int) crc.getValue();
    return found == expected
        ? null
        : new Tear("a payload with CRC32C %08x".formatted(expected), "%08x".formatted(found));
  }

  /** Looks for a header after {@code offset} that says the file had been durable beyond. */
  private void requireNeverDurable(Generation generation, long offset, Tear tear)
      throws IOException {
    for (long at = offset + 1; at <= size - RECORD_HEADER; ) {
      int length = (int) Math.min(WINDOW, size - at);
      var bytes = bytes(at, length);
      int starts = length - RECORD_HEADER + 1;
      for (int i = 0; i < starts; i++) {
        if (bytes.getLong(i + 4) > offset && generation.isRecordHeader(bytes, i, at + i)) {
          throw damaged(
              "what a log had made durable, here up to %d, must be whole"
                  .formatted(bytes.getLong(i + 4)),
              offset,
              tear);
        }
      }
      at += starts;
    }
  }

  private DamagedLogException damaged(String rule, long offset, Tear tear) {
    return new DamagedLogException(rule, file, offset, tear.expected, tear.found);
  }

  /** A view of the file; valid until the next call. */
  private ByteBuffer bytes(long offset, int length) throws IOException {
    if (offset < windowStart || offset + length > windowStart + window.limit()) {
      int wanted = (int) Math.min(Math.max(length, WINDOW), size - offset);
      if (window.capacity() < wanted || window.capacity() > Math.max(wanted, 64 * WINDOW)) {
        window = Generation.littleEndian(wanted);
      }
      window.clear().limit(wanted);
      windowStart = offset;
      readFully(channel, file, window, offset);
      window.flip();
    }
    return window.slice((int) (offset - windowStart), length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads from {@code offset} on until {@code target} is full. */
  static void readFully(FileChannel channel, Path file, ByteBuffer target, long offset)
      throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target, offset + target.position()) < 0) {
        throw new IOException(
            "a log file must not shrink while it is read: file=%s, offset=%d; open it in one process only"
                .formatted(file, offset + target.position()));
      }
    }
  }
}
