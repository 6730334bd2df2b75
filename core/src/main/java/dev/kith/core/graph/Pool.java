package dev.kith.core.graph;

import java.util.Arrays;

/**
 * The nearest rows that a walk knows, in ascending order of their estimates, equal ones in the
 * order in which they came; each is marked once it was expanded. Belongs to one thread.
 */
final class Pool {
  /** Mark of a row that was expanded. */
  private static final int EXPANDED = Integer.MIN_VALUE;

  private float[] estimates = new float[0];
  private int[] rows = new int[0];
  private int width;
  private int size;

  /** Place of the nearest row that was not expanded, or {@link #size}. */
  private int next;

  /** Estimate from which on no row is kept. */
  private float limit;

  /** Empties the pool and sets how many rows it keeps. */
  void start(int newWidth) {
    if (rows.length < newWidth) {
      estimates = new float[newWidth];
      rows = new int[newWidth];
    }
    width = newWidth;
    size = 0;
    next = 0;
    limit = Float.POSITIVE_INFINITY;
  }

  /** Offers a row that was not offered before. */
  void offer(float estimate, int row) {
    if (estimate >= limit) {
      return;
    }
    if (size == width) {
      if (!(estimate < estimates[size - 1])) {
        return;
      }
      size--;
    }
    insert(estimate, row);
  }

  private void insert(float estimate, int row) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (estimates[middle] <= estimate) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    int after = size - low;
    System.arraycopy(estimates, low, estimates, low + 1, after);
    System.arraycopy(rows, low, rows, low + 1, after);
    estimates[low] = estimate;
    rows[low] = row;
    size++;
    if (low < next) {
      next = low;
    }
  }

  /** Marks the nearest row that was not expanded, and returns it; -1 if there is none. */
  int expand() {
    if (next >= size) {
      return -1;
    }
    int row = rows[next];
    rows[next] = row | EXPANDED;
    do {
      next++;
    } while (next < size && rows[next] < 0);
    return row;
  }

  /** The row that {@link #expand} would return if nothing nearer came, or -1. */
  int peek() {
    return next < size ? rows[next] : -1;
  }

  /**
   * Drops what is estimated at {@code bound} or more, now and later, but never the nearest {@code
   * least} rows.
   */
  void keepBelow(float bound, int least) {
    if (size < least) {
      return;
    }
    limit = Math.max(bound, estimates[least - 1]);
    while (size > least && estimates[size - 1] >= limit) {
      size--;
    }
    next = Math.min(next, size);
  }

  int size() {
    return size;
  }

  /** Number of the nearest rows that are all expanded; {@link #size} if every row is. */
  int settled() {
    return next;
  }

  /** Number of rows estimated below {@code bound}. */
  int below(float bound) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (estimates[middle] < bound) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Row at {@code place}, 0 for the nearest. */
  int row(int place) {
    return rows[place] & ~EXPANDED;
  }

  float estimate(int place) {
    return estimates[place];
  }

  /** Copies the rows. */
  int[] rows() {
    var copy = Arrays.copyOf(rows, size);
    for (int i = 0; i < size; i++) {
      copy[i] &= ~EXPANDED;
    }
    return copy;
  }
}
