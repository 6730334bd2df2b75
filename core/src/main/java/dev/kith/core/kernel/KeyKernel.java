package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The canonical sums of {@code docs/exactness.md}, of one float32 query with picked rows of float32
 * in place. There is one order of operations, so that all implementations give the same bits.
 *
 * <p>Rows are off-heap; row {@code r} is at {@code r * stride} bytes, little-endian, and has as
 * many elements as the query. Implementations are stateless and safe for many threads; a picked row
 * that is not there is refused, and nothing is written then.
 */
public interface KeyKernel {

  /**
   * Sums of {@code (query[j] - row[j])^2}.
   *
   * @param query {@code [d]}
   * @param picked {@code [>= count]} rows
   * @param sums {@code [>= count]}; receives the sum of row {@code picked[i]}
   */
  void squaredDistances(
      float[] query, MemorySegment rows, long stride, int[] picked, int count, double[] sums);

  /**
   * Sums of {@code query[j] * row[j]}, and of {@code row[j]^2}.
   *
   * @param query {@code [d]}
   * @param picked {@code [>= count]} rows
   * @param dots {@code [>= count]}; receives the product with row {@code picked[i]}
   * @param squares {@code [>= count]}; receives the squared length of row {@code picked[i]}
   */
  void products(
      float[] query,
      MemorySegment rows,
      long stride,
      int[] picked,
      int count,
      double[] dots,
      double[] squares);
}
