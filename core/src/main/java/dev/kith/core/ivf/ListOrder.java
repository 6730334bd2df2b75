package dev.kith.core.ivf;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Order in which lists hold the rows: one list after the other, a list's rows in ascending order. A
 * row's place is counted without gaps; codes may lie in blocks that a list does not fill.
 */
final class ListOrder {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final int[] firsts;
  private final MemorySegment rows;

  /**
   * Creates the order.
   *
   * @param firsts {@code [lists + 1]} the place of each list's first row, then that behind the last
   * @param rows rows by place, u32
   */
  ListOrder(int[] firsts, MemorySegment rows) {
    this.firsts = firsts;
    this.rows = rows;
  }

  /** Number of lists. */
  int lists() {
    return firsts.length - 1;
  }

  /** Number of rows of all lists. */
  int rows() {
    return firsts[firsts.length - 1];
  }

  /** Place of the first row of a list. */
  int first(int list) {
    return firsts[list];
  }

  /** Number of rows of a list. */
  int size(int list) {
    return firsts[list + 1] - firsts[list];
  }

  /** Row at a place. */
  int row(int place) {
    return rows.get(INT, 4L * place);
  }

  /**
   * Positions of lists where each begins with a block of its own.
   *
   * @param block rows of a block
   * @return {@code [lists + 1]} the position of each list's first row, then that behind the last
   *     block
   */
  long[] positions(int block) {
    var positions = new long[firsts.length];
    for (int list = 0; list < lists(); list++) {
      positions[list + 1] = positions[list] + (size(list) + block - 1L) / block * block;
    }
    return positions;
  }
}
