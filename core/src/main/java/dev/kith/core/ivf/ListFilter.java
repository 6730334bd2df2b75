package dev.kith.core.ivf;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.search.RowFilter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * A filter in the order of lists, put into that order a list at a time when it is first asked for.
 * Safe for many threads: two that ask at once write the same.
 */
final class ListFilter {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final RowFilter filter;
  private final ListOrder order;
  private final long[] positions;
  private final MemorySegment bits;

  /** Number of a list's rows that are let through, plus 1; 0 where it was not counted yet. */
  private final AtomicIntegerArray counts;

  /**
   * Creates the view.
   *
   * @param positions of lists, multiples of 16
   */
  ListFilter(RowFilter filter, ListOrder order, long[] positions) {
    this.filter = filter;
    this.order = order;
    this.positions = positions;
    this.bits = Arena.ofAuto().allocate(positions[order.lists()] / 8 + 8, 8);
    this.counts = new AtomicIntegerArray(order.lists());
  }

  /** Number of a list's rows that are let through; its bits are set then. */
  int count(int list) {
    int known = counts.get(list);
    return known > 0 ? known - 1 : set(list);
  }

  private int set(int list) {
    int count = 0;
    int first = order.first(list);
    for (int at = 0; at < order.size(list); at += 16) {
      int word = 0;
      for (int i = 0; i < Math.min(16, order.size(list) - at); i++) {
        word |= filter.allows(order.row(first + at + i)) ? 1 << i : 0;
      }
      bits.set(SHORT, (positions[list] + at) / 8, (short) word);
      count += Integer.bitCount(word);
    }
    counts.set(list, count + 1); // publishes the bits
    return count;
  }

  /** A bit for each position; those of a list are there once its rows were counted. */
  MemorySegment bits() {
    return bits;
  }
}
