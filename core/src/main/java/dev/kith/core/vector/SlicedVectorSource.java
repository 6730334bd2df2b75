package dev.kith.core.vector;

import java.util.Objects;

/** Consecutive rows of another source, which stays the owner of the memory. */
record SlicedVectorSource(VectorSource whole, long first, long size) implements VectorSource {

  @Override
  public String name() {
    return whole.name();
  }

  @Override
  public int dimension() {
    return whole.dimension();
  }

  @Override
  public ElementType elementType() {
    return whole.elementType();
  }

  @Override
  public VectorBlock block(long row, int rows) {
    Objects.checkFromIndexSize(row, rows, size);
    var block = whole.block(first + row, rows);
    return new VectorBlock(
        row, rows, block.dimension(), block.elementType(), block.data(), block.stride());
  }

  @Override
  public long offsetOf(long row, int element) {
    return whole.offsetOf(first + row, element);
  }

  @Override
  public void close() {}
}
