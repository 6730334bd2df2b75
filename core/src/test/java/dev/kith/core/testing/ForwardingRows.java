package dev.kith.core.testing;

import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;

/** Rows of another source, for tests that do something of their own when they are read. */
public interface ForwardingRows extends VectorSource {

  /** The other source, which is not closed. */
  VectorSource rows();

  @Override
  default String name() {
    return rows().name();
  }

  @Override
  default long size() {
    return rows().size();
  }

  @Override
  default int dimension() {
    return rows().dimension();
  }

  @Override
  default ElementType elementType() {
    return rows().elementType();
  }

  @Override
  default VectorBlock block(long first, int count) {
    return rows().block(first, count);
  }

  @Override
  default long offsetOf(long row, int element) {
    return rows().offsetOf(row, element);
  }

  @Override
  default void close() {}
}
