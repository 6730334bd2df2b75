package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Directed graph over rows: a table {@code u32[n][degree]} in one segment, a row's neighbours in
 * its line, filled up with {@link #NONE}. Lines are whole cache lines where the degree is a
 * multiple of 16.
 *
 * <p>Safe for many readers beside writers of which each row has at most one: a link is written
 * whole, and what it leads to was written before it. A reader may find a line half old and half
 * new, and loses nothing by that but a link.
 */
public final class Graph implements Links {
  /** Value of a slot without a neighbour. */
  public static final int NONE = -1;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final MemorySegment links;
  private final int size;
  private final int degree;

  /**
   * Takes over a table.
   *
   * @param links {@code u32[size][degree]}
   */
  public Graph(MemorySegment links, int size, int degree) {
    if (links.byteSize() != 4L * size * degree) {
      throw new IllegalArgumentException(
          "a graph's table has a line for each row: bytes=%d, rows=%d, degree=%d"
              .formatted(links.byteSize(), size, degree));
    }
    this.links = links;
    this.size = size;
    this.degree = degree;
  }

  /** Number of rows. */
  @Override
  public int size() {
    return size;
  }

  /** Most neighbours of a row. */
  @Override
  public int degree() {
    return degree;
  }

  /** The table as it is stored, {@code u32[size][degree]}, little-endian. */
  public MemorySegment links() {
    return links;
  }

  @Override
  public int neighbours(int row, int[] into) {
    MemorySegment.copy(links, INT, 4L * degree * row, into, 0, degree);
    VarHandle.acquireFence(); // what the links lead to is read after them
    int count = degree;
    while (count > 0 && into[count - 1] == NONE) {
      count--;
    }
    return count;
  }

  /** Replaces the neighbours of {@code row} by the first {@code count} of {@code from}. */
  void setNeighbours(int row, int[] from, int count) {
    VarHandle.releaseFence(); // what the links lead to was written before them
    MemorySegment.copy(from, 0, links, INT, 4L * degree * row, count);
    for (int i = count; i < degree; i++) {
      links.set(INT, 4L * (degree * (long) row + i), NONE);
    }
  }

  /** Neighbours of {@code row}, copied. */
  public int[] neighbours(int row) {
    var all = new int[degree];
    return Arrays.copyOf(all, neighbours(row, all));
  }

  /** Address of the line of {@code row}, for prefetches. */
  long addressOf(int row) {
    return links.address() + 4L * degree * row;
  }
}
