package dev.kith.core.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;

/** What Kith's files say of bytes and of rows, so that others are told apart from them. */
public final class Checksums {
  /** Rows that {@link #identity} reads, at most. */
  private static final int SAMPLE = 256;

  private static final long CHUNK = 1 << 30;

  private Checksums() {}

  /** CRC32C of memory of any size. */
  public static int crc32c(MemorySegment bytes) {
    var crc = new CRC32C();
    update(crc, bytes);
    return (int) crc.getValue();
  }

  /** Adds memory of any size to a checksum. */
  public static void update(CRC32C crc, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
      crc.update(bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer());
    }
  }

  /**
   * Identity of rows: the first 8 bytes of the SHA-256 of the element type and of at most 256
   * evenly spaced rows, the first and the last among them. Tells sources apart that differ in more
   * than a few rows; {@code docs/formats/shadow.md} gives it byte by byte.
   */
  public static long identity(VectorSource rows) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    digest.update(rows.elementType().name().getBytes(US_ASCII));
    long sample = Math.min(SAMPLE, rows.size());
    for (long i = 0; i < sample; i++) {
      long number = sample == 1 ? 0 : i * (rows.size() - 1) / (sample - 1);
      digest.update(rows.block(number, 1).data().asByteBuffer());
    }
    return ByteBuffer.wrap(digest.digest()).order(LITTLE_ENDIAN).getLong();
  }
}
