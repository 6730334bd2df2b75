package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The loops over row-major codes of rows that are picked one by one, as a walk through a graph
 * picks them. A code is an unsigned number of 8 or 4 bits; the query's codes are signed bytes. What
 * a row is estimated at is
 *
 * <pre>
 * terms[row] - scale * (float) p      p = sum over j of query[j] * code[row][j], an exact int32
 * </pre>
 *
 * one multiplication and one subtraction, each rounded to float32 and never fused, so that all
 * implementations give the same bits, and a walk visits the same rows whichever ran it.
 *
 * <p>Rows of codes are {@code stride} bytes apart, a multiple of 64, and filled up with code 0
 * behind element {@code d}; the query is filled up with 0, to a multiple of 64 codes of 8 bits or
 * of 128 codes of 4 bits, which is the {@code width} that the loops run over. In 4 bits, byte
 * {@code j} of the {@code b}-th 64 bytes of a row holds the code of element {@code 128 b + j} in
 * its lower half and that of element {@code 128 b + 64 + j} in its upper half. With {@code width <=
 * 65,536} no sum overflows.
 *
 * <p>Implementations are stateless and safe for many threads. They check, by {@link PickChecks},
 * what a native call must not get wrong: that there are codes for all terms and that every picked
 * row has a term. What fails that is refused, and no estimate is written.
 */
public interface CodeKernel {

  /** Short name of the instruction set behind it, for reports. */
  String name();

  /**
   * Estimates rows of 8-bit codes.
   *
   * @param query {@code [width]} signed codes
   * @param codes off-heap; row {@code r} is at {@code r * stride} bytes
   * @param terms off-heap, float32 little-endian, one a row
   * @param picks the rows to estimate, and where the estimates go
   * @param count of picked rows
   */
  void estimate8(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count);

  /** Estimates rows of 4-bit codes; see {@link #estimate8}. */
  void estimate4(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count);
}
