package dev.kith.core.ivf;

/**
 * Lists in the order in which a query probes them: a binary min-heap, because most queries want the
 * first few of many. Of equally near lists the lower comes first. Not safe for many threads.
 */
final class ProbeOrder {
  private static final long LIST = (1L << 32) - 1;

  /** A list each: in the upper half its number by which it is ordered, as an int of that order. */
  private final long[] heap;

  private int size;

  /** Creates room for {@code lists} lists; none is there yet. */
  ProbeOrder(int lists) {
    heap = new long[lists];
  }

  /** Forgets all lists. */
  void clear() {
    size = 0;
  }

  /** Adds a list; {@link #order} must come before the next {@link #next}. */
  void add(int list, float order) {
    int bits = Float.floatToRawIntBits(order + 0f); // which makes +0 of -0
    heap[size++] = (long) (bits ^ (bits >> 31 & Integer.MAX_VALUE)) << 32 | list;
  }

  /** Brings what was added into order. */
  void order() {
    for (int i = size / 2 - 1; i >= 0; i--) {
      siftDown(i, heap[i]);
    }
  }

  /** Number of lists that are left. */
  int size() {
    return size;
  }

  /** Number by which the first list is ordered; there must be one. */
  float nearest() {
    int bits = (int) (heap[0] >> 32);
    return Float.intBitsToFloat(bits ^ (bits >> 31 & Integer.MAX_VALUE));
  }

  /** Removes the first list. */
  int next() {
    long first = heap[0];
    size--;
    if (size > 0) {
      siftDown(0, heap[size]);
    }
    return (int) (first & LIST);
  }

  /** List {@code i} of those that are left: 0 is the first, the others come in no order. */
  int left(int i) {
    return (int) (heap[i] & LIST);
  }

  private void siftDown(int from, long value) {
    int at = from;
    for (int child; (child = 2 * at + 1) < size; at = child) {
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= value) {
        break;
      }
      heap[at] = heap[child];
    }
    heap[at] = value;
  }
}
