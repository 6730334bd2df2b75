package dev.kith.core.vector;

import java.lang.foreign.MemorySegment;

/**
 * Consecutive rows of a source, in place: nothing is copied.
 *
 * @param firstRow row number of the block's first row in its source
 * @param rows number of rows
 * @param dimension elements a row
 * @param elementType how an element is stored
 * @param data off-heap memory; row {@code i} of the block starts at {@code i * stride} bytes
 * @param stride bytes from one row's start to the next; at least {@code dimension} elements
 */
public record VectorBlock(
    long firstRow,
    int rows,
    int dimension,
    ElementType elementType,
    MemorySegment data,
    long stride) {

  /** Decodes the block's row {@code i} to {@code target[at .. at + dimension)}. */
  public void decodeRow(int i, float[] target, int at) {
    elementType.decode(data, i * stride, target, at, dimension);
  }
}
