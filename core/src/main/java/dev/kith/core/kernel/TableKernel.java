package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The loops over {@link CodeBlocks}: each group of a row's code is looked up in the query's table
 * of that group, and the entries are added. With {@code sum(p)} the sum over the groups of plane
 * {@code p}, and {@code n} planes that are looked at, a row's sum is an exact int32,
 *
 * <pre>
 * s = sum(0) * 2^(n-1) + sum(1) * 2^(n-2) + ... + sum(n-1)
 * </pre>
 *
 * and its bound, each operation rounded to float32 and never fused, so that all implementations
 * keep the same rows with the same bounds,
 *
 * <pre>
 * v     = scale * (float) s + shift
 * bound = v                                            where there are no terms
 *         base + v                                     where there is a base
 *         (base + slope * v) - weight * error          where there are all terms
 * </pre>
 *
 * A row is dropped if its bound is above the query's threshold; what is not a number stays.
 *
 * <p>Implementations are stateless and safe for many threads, and check shapes.
 */
public interface TableKernel {

  /** Short name of the instruction set behind it, for reports. */
  String name();

  /**
   * Sums of all rows of {@code count} blocks.
   *
   * @param first block
   * @param planes looked at: the first one, or all
   * @param sums off-heap, {@code [32 * count]} int32
   */
  void sums(
      CodeBlocks blocks, long first, int count, int planes, TableQuery query, MemorySegment sums);

  /**
   * Bounds rows and keeps those that are not above the threshold.
   *
   * @param first block
   * @param rows to look at, from the first block's first on
   * @param planes looked at: the first one, or all
   * @param allowed off-heap, one word of 32 bits a block, counted from the first block of all: bit
   *     {@code r} is set iff row {@code r} of the block may be kept; {@link MemorySegment#NULL} for
   *     all rows
   * @param hits room for all {@code rows}; receives those that are kept, ascending
   * @return how many
   */
  int scan(
      CodeBlocks blocks,
      long first,
      int rows,
      int planes,
      TableQuery query,
      MemorySegment allowed,
      BlockHits hits);

  /** Checks the shapes of {@link #sums}. */
  static void requireSums(
      CodeBlocks blocks, long first, int count, int planes, TableQuery query, MemorySegment sums) {
    query.requireFor(blocks.shape());
    blocks.require(first, (long) CodeBlocks.ROWS * count, planes);
    if (!sums.isNative() || sums.byteSize() < 4L * CodeBlocks.ROWS * count) {
      throw new IllegalArgumentException(
          "sums of %d blocks need %d bytes off-heap"
              .formatted(count, 4L * CodeBlocks.ROWS * count));
    }
  }

  /**
   * Checks the shapes of {@link #scan}.
   *
   * @return the number of blocks
   */
  static int requireScan(
      CodeBlocks blocks,
      long first,
      int rows,
      int planes,
      TableQuery query,
      MemorySegment allowed,
      BlockHits hits) {
    query.requireFor(blocks.shape());
    int count = blocks.require(first, rows, planes);
    hits.requireRoom(rows);
    if (allowed.byteSize() != 0
        && (allowed.byteSize() < 4 * (first + count) || !allowed.isNative())) {
      throw new IllegalArgumentException(
          "filters of %d blocks need %d bytes off-heap: found %d"
              .formatted(first + count, 4 * (first + count), allowed.byteSize()));
    }
    return count;
  }
}
