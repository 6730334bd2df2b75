package dev.kith.core.quant;

import dev.kith.core.kernel.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * What a walk through a graph reads of the rows: codes of few bits, 16-bit floats, or the rows
 * themselves. Immutable; safe for many threads.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public sealed interface WalkCodes permits RowCodes, RowFloats {

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
