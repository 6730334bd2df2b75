package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Checks that all loops over picked rows make alike, before they read a row: a wrong shape or a row
 * that is not there is refused, and nothing is written.
 */
public final class PickChecks {
  private static final int MOST_CODES = 65_536;

  private PickChecks() {}

  /**
   * Checks the shapes of {@link CodeKernel#estimate8} and {@link CodeKernel#estimate4}.
   *
   * @param bits of a row's code, 8 or 4
   * @return the number of rows, one a term, all of which lie within the codes
   * @throws IllegalArgumentException if the query is not filled up or is too long, or if rows
   *     overlap
   * @throws IndexOutOfBoundsException if the last row ends behind the codes, or if there is no room
   *     for {@code count} picks
   */
  public static long rows(
      int bits,
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    int width = query.codes().length;
    int unit = 512 / bits;
    long rowBytes = (long) width * bits / Byte.SIZE;
    if (width % unit != 0 || width > MOST_CODES || stride < rowBytes) {
      throw new IllegalArgumentException(
          ("a query of %d codes against rows of %d bits a code, %d bytes apart; the query must be"
                  + " filled up to a multiple of %d codes, at most %d, and rows must be at least as"
                  + " far apart as they are long")
              .formatted(width, bits, stride, unit, MOST_CODES));
    }
    Objects.checkFromIndexSize(0, count, picks.rows().length);
    long rows = terms.byteSize() / Float.BYTES;
    if (rows > 0 && Math.multiplyExact(rows - 1, stride) > codes.byteSize() - rowBytes) {
      throw new IndexOutOfBoundsException(
          "%d rows have terms, but the codes are %d bytes; rows of %d bytes, %d apart, need more"
              .formatted(rows, codes.byteSize(), rowBytes, stride));
    }
    return rows;
  }

  /**
   * The number of float32 rows, of the query's length and {@code stride} bytes apart, that lie
   * within {@code rows}.
   *
   * @throws IllegalArgumentException if a row does not fit between two
   */
  public static long floatRows(float[] query, MemorySegment rows, long stride) {
    long bytes = 4L * query.length;
    if (stride < bytes) {
      throw new IllegalArgumentException(
          "rows of %d float32 elements cannot lie %d bytes apart".formatted(query.length, stride));
    }
    return rows.byteSize() < bytes ? 0 : (rows.byteSize() - bytes) / stride + 1;
  }

  /**
   * Checks that the first {@code count} picks are rows.
   *
   * @param picked row numbers, {@code [>= count]}
   * @param rows the number of rows
   * @throws IndexOutOfBoundsException naming the first that is none
   */
  public static void requireWithin(int[] picked, int count, long rows) {
    int least = 0;
    int most = -1;
    for (int i = 0; i < count; i++) {
      least = Math.min(least, picked[i]);
      most = Math.max(most, picked[i]);
    }
    if (least >= 0 && most < rows) {
      return;
    }
    for (int i = 0; i < count; i++) {
      if (picked[i] < 0 || picked[i] >= rows) {
        throw outside(i, picked[i], rows);
      }
    }
  }

  /** Returns the exception for pick {@code i}, which is no row. */
  public static IndexOutOfBoundsException outside(int i, int row, long rows) {
    return new IndexOutOfBoundsException(
        "pick %d is row %d, of %d rows; picks are row numbers, counted from 0"
            .formatted(i, row, rows));
  }
}
