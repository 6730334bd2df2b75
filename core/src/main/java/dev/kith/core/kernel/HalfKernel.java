package dev.kith.core.kernel;

import dev.kith.core.vector.ElementType;
import java.lang.foreign.MemorySegment;

/**
 * Products of a float32 query with rows of 16-bit floats in place, and conversions. The contract of
 * {@link ScanKernel}'s products holds, for the rows' values. Stateless and safe for many threads.
 */
public interface HalfKernel {

  /** Short name of the instruction set behind it, for reports. */
  String name();

  /**
   * One query against rows in place.
   *
   * @param type FLOAT16 or BFLOAT16
   * @param query off-heap, {@code [d]} float32
   * @param rows off-heap; row {@code r} is at {@code r * stride} bytes
   * @param dots off-heap, {@code [>= count]} float32; receives {@code <query, row r>}
   */
  void dots(
      ElementType type,
      MemorySegment query,
      MemorySegment rows,
      long stride,
      int count,
      int d,
      MemorySegment dots);

  /**
   * One query against some of the rows, in place: of each the same product, to the bit, as among
   * all rows. Query, picks and products may also lie on the heap.
   *
   * @param type FLOAT16 or BFLOAT16
   * @param query {@code [d]} float32
   * @param rows off-heap; row {@code r} is at {@code r * stride} bytes
   * @param picked {@code [>= count]} int32, the rows
   * @param dots {@code [>= count]} float32; receives {@code <query, row picked[i]>}
   * @throws IndexOutOfBoundsException if a picked row does not lie within {@code rows}; nothing is
   *     written then
   */
  void dots(
      ElementType type,
      MemorySegment query,
      MemorySegment rows,
      long stride,
      MemorySegment picked,
      int count,
      int d,
      MemorySegment dots);

  /** Widens {@code count} 16-bit floats to float32, exactly; both off-heap. */
  void widen(ElementType type, MemorySegment from, long count, MemorySegment to);

  /**
   * Rounds {@code count} float32 to the nearest 16-bit floats, ties to even, a NaN to a NaN; both
   * off-heap.
   */
  void narrow(ElementType type, MemorySegment from, long count, MemorySegment to);
}
