package dev.kith.core.quant;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;

/**
 * What a walk through a graph reads of the rows: codes of few bits, 16-bit floats, or the rows
 * themselves. Immutable; safe for many threads.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public sealed interface WalkCodes permits RowCodes, RowFloats {

  /**
   * Bytes of codes of {@code size} rows of {@code given} elements.
   *
   * @param bits as {@link #bits} gives them
   * @param axes as {@link #axes} gives them
   */
  static long bytes(int bits, int axes, Metric metric, int given, int size) {
    return switch (bits) {
      case 4, 8 -> RowCodes.bytes(bits, axes, metric, given, size);
      case 16 -> RowFloats.halfBytes(metric, given, size);
      case 32 -> RowFloats.bytesInPlace(metric, size);
      default -> throw new IllegalArgumentException("codes have 4, 8, 16 or 32 bits: " + bits);
    };
  }

  /**
   * Opens codes that were made of {@code rows}.
   *
   * @param bits as {@link #bits} gave them
   * @param axes as {@link #axes} gave them
   * @param body as {@link #body} gave it, of {@link #bytes} bytes
   */
  static WalkCodes open(int bits, int axes, MemorySegment body, VectorSource rows, Metric metric) {
    int size = Math.toIntExact(rows.size());
    return switch (bits) {
      case 4, 8 -> RowCodes.open(body, bits, axes, metric, rows.dimension(), size);
      case 16 -> RowFloats.openHalves(body, metric, rows.dimension(), size);
      case 32 -> RowFloats.openInPlace(body, rows, metric);
      default -> throw new IllegalArgumentException("codes have 4, 8, 16 or 32 bits: " + bits);
    };
  }

  /** Bits an element: 4 or 8 of codes, 16 of a copy in float16, 32 of rows in place. */
  int bits();

  /** Dimensions that rows were projected to before they were coded, or 0 where all are read. */
  int axes();

  /**
   * Makes all codes again, and compares.
   *
   * @return the first row whose codes differ, or -1
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
   */
  long firstDifference(VectorSource rows);

  /** Number of rows. */
  int size();

  /** What was made of the rows, as it is stored. */
  MemorySegment body();

  /** Scorers over all rows with the loops of {@code kernels}. */
  Scorers scorers(Kernels kernels);

  /**
   * Scorers over some rows, which are copied so that they lie side by side: row {@code i} of these
   * is row {@code picked[i]}.
   */
  Scorers scorersOf(int[] picked, Kernels kernels);

  /** Hash of what is read of {@code row}, the same for rows that are {@link #equal}. */
  int hash(int row);

  /** Whether estimates of two rows are always equal, since what is read of them is. */
  boolean equal(int row, int other);
}
