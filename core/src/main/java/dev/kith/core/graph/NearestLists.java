package dev.kith.core.graph;

import java.util.Arrays;

/**
 * Of each row, the nearest rows that were offered to it, equally near ones in the order of their
 * numbers. Lists depend on what was offered, not on its order, as long as a pair of rows is always
 * offered with the same distance: many threads may offer, and the lists are the same whatever their
 * number.
 */
final class NearestLists {
  /** Locks, each shared by the rows of one remainder. */
  private static final int LOCKS = 1 << 10;

  private final int length;

  /**
   * Of each row the entries, ascending: the distance's bits in the upper half; in the lower half
   * the other row, and in the lowest bit whether the entry is fresh.
   */
  private final long[][] entries;

  private final int[] counts;

  /** Distance of the last entry of a full list, or infinity; never too small. */
  private final float[] worst;

  private final Object[] locks = new Object[LOCKS];

  /**
   * Creates empty lists.
   *
   * @param length most entries of a row
   */
  NearestLists(int size, int length) {
    this.length = length;
    this.entries = new long[size][length];
    this.counts = new int[size];
    this.worst = new float[size];
    Arrays.fill(worst, Float.POSITIVE_INFINITY);
    Arrays.setAll(locks, _ -> new Object());
  }

  int size() {
    return entries.length;
  }

  /** Most entries of a row. */
  int length() {
    return length;
  }

  /** Whether {@code row} may take a row at {@code distance}; no means no, whoever else offers. */
  boolean takes(int row, float distance) {
    return distance <= worst[row];
  }

  /** Offers a row, with its squared distance; an estimate below zero counts as zero. */
  void offer(int row, int other, float distance) {
    float clamped = Math.max(0, distance);
    if (!(clamped <= worst[row])) {
      return;
    }
    long entry = (long) Float.floatToRawIntBits(clamped) << 32 | (long) other << 1 | 1;
    synchronized (locks[row & (LOCKS - 1)]) {
      var list = entries[row];
      int count = counts[row];
      int at = Arrays.binarySearch(list, 0, count, entry & ~1L);
      if (at >= 0) {
        return; // there, and not fresh
      }
      at = -1 - at;
      if (at == length || (at < count && list[at] == entry)) {
        return;
      }
      if (count < length) {
        counts[row] = ++count;
      }
      System.arraycopy(list, at, list, at + 1, count - 1 - at);
      list[at] = entry;
      if (count == length) {
        worst[row] = Float.intBitsToFloat((int) (list[count - 1] >>> 32));
      }
    }
  }

  // What follows is for one thread a row, while nobody offers.

  int count(int row) {
    return counts[row];
  }

  /** Row of entry {@code place}, 0 for the nearest. */
  int other(int row, int place) {
    return (int) entries[row][place] >>> 1;
  }

  /** Whether an entry came since {@link #age}. */
  boolean isFresh(int row, int place) {
    return (entries[row][place] & 1) != 0;
  }

  /** Makes an entry one that is not fresh. */
  void age(int row, int place) {
    entries[row][place] &= ~1L;
  }
}
