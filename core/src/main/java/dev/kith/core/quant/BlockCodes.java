package dev.kith.core.quant;

import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;

/**
 * Codes of all rows in {@link CodeBlocks}, with terms that bound what they lost: what searches over
 * them share, whatever the codes. Immutable; safe for many threads.
 */
public sealed interface BlockCodes permits RotatedCodes, ProductCodes {
  /** Space that was coded. */
  WalkSpace space();

  /** Codes of all rows. */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  CodeBlocks blocks();

  /** Codes and what they need, as they are stored. */
  MemorySegment body();

  /**
   * Codes all rows again, on all cores, with the same centres, and compares.
   *
   * @return the first row of a block that differs, or -1
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
   */
  long firstDifference(VectorSource rows);

  /** Creates a query of zeros. */
  BlockQuery query();
}
