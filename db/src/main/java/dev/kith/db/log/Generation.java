package dev.kith.db.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The bytes of one file of a log: {@code docs/formats/translog.md}. All checksums begin with salt,
 * number and offset, so that bytes of another log, file or place never pass.
 *
 * <pre>
 *   0     header   magic 8, version 4, zero 4, number 8, salt 8, zeros, CRC32C 4
 *   512   seal     zeros while the file grows; end 8, CRC32C 4, zeros
 *   1024  records  length 4, durable 8, CRC32C of the payload 4, CRC32C of these 16 bytes 4, payload
 * </pre>
 *
 * A record of length 0 is a <i>mark</i>: it only says how far the file was durable.
 *
 * @param file where it is
 * @param number which of the log's files it is, from 1
 * @param salt the same random number in all files of a log
 */
record Generation(Path file, long number, long salt) {
  static final int SECTOR = 512;

  /** Where the seal is. */
  static final int SEAL = SECTOR;

  private static final int SEAL_SIZE = 12;

  /** Where records begin. */
  static final int RECORDS = 2 * SECTOR;

  /** Bytes of a record before its payload. */
  static final int RECORD_HEADER = 20;

  /** Bytes of the longest payload. */
  static final int MAX_PAYLOAD = 1 << 30;

  static final long MAGIC = 0x474f4c544854494bL; // KITHTLOG
  static final int VERSION = 1;

  private static final String SUFFIX = ".log";
  private static final int DIGITS = 20;
  private static final int HEADER_CRC = SECTOR - 4;

  static String fileName(long number) {
    String digits = Long.toString(number); // of ASCII in every locale, which formatting is not
    return "0".repeat(DIGITS - digits.length()) + digits + SUFFIX;
  }

  /**
   * The number in a file's name, or -1 if it is not a log's. Digits may be of any script: earlier
   * versions took the locale's.
   */
  static long numberOf(String fileName) {
    if (fileName.length() != DIGITS + SUFFIX.length() || !fileName.endsWith(SUFFIX)) {
      return -1;
    }
    try {
      return Long.parseUnsignedLong(fileName, 0, DIGITS, 10);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Header and an open seal. */
  ByteBuffer header() {
    var bytes = littleEndian(RECORDS);
    bytes.putLong(0, MAGIC).putInt(8, VERSION).putLong(16, number).putLong(24, salt);
    return bytes.putInt(HEADER_CRC, crc(salt, number, 0, bytes.slice(0, HEADER_CRC)));
  }

  /** Whether the sector's checksum is that of a header which holds this number and salt. */
  static boolean isHeader(ByteBuffer sector) {
    return crc(sector.getLong(24), sector.getLong(16), 0, sector.slice(0, HEADER_CRC))
        == sector.getInt(HEADER_CRC);
  }

  /** A seal: the file has ended at {@code end} and is durable. */
  ByteBuffer seal(long end) {
    var bytes = littleEndian(SEAL_SIZE).putLong(0, end);
    return bytes.putInt(8, crc(salt, number, SEAL, bytes.slice(0, 8)));
  }

  /** Where a sealed file ends; 0 if it is not sealed, -1 if the sector is neither. */
  long sealedEnd(ByteBuffer sector, long size) {
    long end = sector.getLong(0);
    if (padded(seal(end)).equals(sector)) {
      return end;
    }
    // none, or one that was not written to its end
    int written = SECTOR;
    while (written > 0 && sector.get(written - 1) == 0) {
      written--;
    }
    boolean begun =
        written <= SEAL_SIZE && seal(size).limit(written).equals(sector.slice(0, written));
    return begun ? 0 : -1;
  }

  private static ByteBuffer padded(ByteBuffer seal) {
    return littleEndian(SECTOR).put(seal).clear();
  }

  /**
   * Fills in what is known when a record is written.
   *
   * @param at where its header is in {@code buffer}, with length and payload's checksum
   * @param offset where it will be in the file
   * @param durable bytes of the file that have been forced
   */
  void stamp(ByteBuffer buffer, int at, long offset, long durable) {
    buffer.putLong(at + 4, durable).putInt(at + 16, headerCrc(buffer, at, offset));
  }

  ByteBuffer mark(long offset) {
    var bytes = littleEndian(RECORD_HEADER);
    stamp(bytes, 0, offset, offset);
    return bytes;
  }

  /** Whether there is a whole header of a record at {@code at}, which is {@code offset} there. */
  boolean isRecordHeader(ByteBuffer buffer, int at, long offset) {
    int length = buffer.getInt(at);
    long durable = buffer.getLong(at + 4);
    return length >= 0
        && length <= MAX_PAYLOAD
        && durable >= RECORDS
        && durable <= offset
        && headerCrc(buffer, at, offset) == buffer.getInt(at + 16);
  }

  int headerCrc(ByteBuffer buffer, int at, long offset) {
    return crc(salt, number, offset, buffer.slice(at, 16));
  }

  private static int crc(long salt, long number, long offset, ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(littleEndian(24).putLong(salt).putLong(number).putLong(offset).flip());
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
