package dev.kith.core.search;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Check of one part of an index: of the header that parts begin with, and of whatever else its
 * format demands, with one message for all that contradicts it.
 *
 * <pre>
 * offset  size  field of the header, little-endian
 * 0       8     magic
 * 8       4     version
 * 12      4     metric: 0 L2, 1 COSINE, 2 DOT
 * 16      4     rows
 * 20      4     elements a row
 * 24      36    of the part's own
 * 60      4     CRC32C of bytes 0 to 59
 * </pre>
 *
 * @param name of the part
 * @param rows rows that the index is of
 */
public record PartCheck(String name, VectorSource rows) {
  /** Bytes of the header. */
  public static final int HEADER = 64;

  /** What to do about a part that is damaged. */
  public static final String ADVICE = "restore the index, or build it again";

  private static final int CHECKED = 60;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Writes the checksum of a header of which all else is there. */
  public static void seal(MemorySegment header) {
    header.set(INT, CHECKED, Checksums.crc32c(header.asSlice(0, CHECKED)));
  }

  /**
   * Checks what all headers have: magic, checksum, version, metric, number of rows and dimension.
   *
   * @throws VectorDataException if the part is too short, damaged, or of other rows
   */
  public void requireHeader(MemorySegment part, String magic, int version, Metric metric) {
    if (part.byteSize() < HEADER) {
      throw damaged("must have a header", 0, HEADER + " bytes", part.byteSize());
    }
    var found = new String(part.asSlice(0, 8).toArray(ValueLayout.JAVA_BYTE), US_ASCII);
    if (!found.equals(magic)) {
      throw damaged("starts with its magic", 0, magic, "other bytes");
    }
    int crc = Checksums.crc32c(part.asSlice(0, CHECKED));
    require("must have a header with its checksum", CHECKED, hex(crc), hex(part.get(INT, CHECKED)));
    require("must be of a known version", 8, version, part.get(INT, 8));
    require("must be for this metric", 12, metric.code(), part.get(INT, 12));
    require("must be of these rows", 16, rows.size(), (long) part.get(INT, 16));
    require("must have the rows' dimension", 20, rows.dimension(), part.get(INT, 20));
  }

  /** Exception for a part that contradicts its format at {@code offset}. */
  public VectorDataException damaged(String rule, long offset, Object expected, Object found) {
    return new VectorDataException(
        "the part %s %s: rows=%s, offset in the part=%d, expected=%s, found=%s; %s"
            .formatted(name, rule, rows.name(), offset, expected, found, ADVICE));
  }

  /** Refuses a part that has not what is expected at {@code offset}. */
  public void require(String rule, long offset, Object expected, Object found) {
    if (!expected.equals(found)) {
      throw damaged(rule, offset, expected, found);
    }
  }

  /** A checksum as messages show it. */
  public static String hex(int crc) {
    return "%08x".formatted(crc);
  }
}
