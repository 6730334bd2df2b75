package dev.kith.core.ivf;

import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * Rows in the order of lists, each list filled up to whole blocks with its last row, so that what
 * codes rows in their order codes them list by list. A block is a copy.
 */
final class ListedRows implements VectorSource {
  private final VectorSource rows;
  private final ListOrder order;
  private final long[] positions;

  /**
   * Creates the view.
   *
   * @param positions as {@link ListOrder#positions} gives them
   */
  ListedRows(VectorSource rows, ListOrder order, long[] positions) {
    this.rows = rows;
    this.order = order;
    this.positions = positions;
  }

  /** Number of the row at a position. */
  int rowAt(long position) {
    int list = listOf(position);
    long within = Math.min(position - positions[list], order.size(list) - 1L);
    return order.row(order.first(list) + (int) within);
  }

  /** List that a position belongs to. */
  int listOf(long position) {
    int found = Arrays.binarySearch(positions, position);
    return found >= 0 ? found : -found - 2; // lists have rows, so that positions differ
  }

  @Override
  public String name() {
    return rows.name();
  }

  @Override
  public long size() {
    return positions[positions.length - 1];
  }

  @Override
  public int dimension() {
    return rows.dimension();
  }

  @Override
  public ElementType elementType() {
    return rows.elementType();
  }

  @Override
  public VectorBlock block(long first, int count) {
    Objects.checkFromIndexSize(first, count, size());
    long bytes = (long) rows.dimension() * rows.elementType().bytes();
    var copy = MemorySegment.ofArray(new byte[Math.toIntExact(count * bytes)]);
    for (int i = 0; i < count; i++) {
      var one = rows.block(rowAt(first + i), 1).data();
      MemorySegment.copy(one, 0, copy, i * bytes, bytes);
    }
    return new VectorBlock(first, count, rows.dimension(), rows.elementType(), copy, bytes);
  }

  @Override
  public long offsetOf(long position, int element) {
    return rows.offsetOf(rowAt(position), element);
  }

  @Override
  public void close() {}
}
