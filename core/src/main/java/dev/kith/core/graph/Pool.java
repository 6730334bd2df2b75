package dev.kith.core.graph;

import java.util.Arrays;

/**
 * The nearest rows that a walk knows, in ascending order of their estimates, equal ones in the
 * order in which they came; each is marked once it was expanded. Belongs to one thread.
 */
final class Pool {
  /** Mark of a row that was expanded. */
  private static final int EXPANDED = Integer.MIN_VALUE;

  /** Mark of a row that is walked through, but is no answer. */
  private static final int ASIDE = 1 << 30;

  private float[] estimates = new float[0];
  private int[] rows = new int[0];
  private int width;
  private int size;

  /** Number of rows that are aside. */
  private int asides;

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
    asides = 0;
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

  /**
   * Offers a row that was not offered before, to a pool of which all rows are offered by this
   * method; {@code width} then counts the rows that are not {@code aside}, and what lies behind the
   * last of them is forgotten.
   */
  void offer(float estimate, int row, boolean aside) {
    if (estimate >= limit || (answers() == width && !(estimate < estimates[size - 1]))) {
      return;
    }
    if (size == rows.length) {
      estimates = Arrays.copyOf(estimates, 2 * size);
      rows = Arrays.copyOf(rows, 2 * size);
    }
    insert(estimate, aside ? row | ASIDE : row);
    if (aside) {
      asides++;
    }
    if (answers() > width) {
      size--; // an answer, for nothing lies behind the last of them
    }
    while (answers() == width && aside(size - 1)) {
      dropLast();
    }
    next = Math.min(next, size);
  }

  private void dropLast() {
    size--;
    asides -= aside(size) ? 1 : 0;
  }

  /** Number of the nearest rows that hold {@code count} which are not aside, or all rows. */
  int span(int count) {
    if (asides == 0) {
      return Math.min(count, size);
    }
    int at = 0;
    for (int left = count; at < size && left > 0; at++) {
      left -= aside(at) ? 0 : 1;
    }
    return at;
  }

  /** Number of rows that may be answers: all but those aside. */
  int answers() {
    return size - asides;
  }

  /** Number of rows that may be answers among the nearest that are all expanded. */
  int settledAnswers() {
    return asides == 0 ? next : answersBefore(next);
  }

  /** Number of rows that may be answers and are estimated below {@code bound}. */
  int answersBelow(float bound) {
    return asides == 0 ? below(bound) : answersBefore(below(bound));
  }

  /** Number of rows that may be answers among the first {@code end}. */
  int answersBefore(int end) {
    int found = 0;
    for (int i = 0; i < end; i++) {
      found += aside(i) ? 0 : 1;
    }
    return found;
  }

  /** Place of the row that has {@code rank}, from 0, among those that may be answers. */
  int placeOf(int rank) {
    if (asides == 0) {
      return rank;
    }
    int place = -1;
    for (int left = rank; left >= 0; left--) {
      do {
        place++;
      } while (aside(place));
    }
    return place;
  }

  /** Whether the row at {@code place} is no answer. */
  boolean aside(int place) {
    return (rows[place] & ASIDE) != 0;
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
    int row = rows[next] & ~ASIDE;
    rows[next] |= EXPANDED;
    do {
      next++;
    } while (next < size && rows[next] < 0);
    return row;
  }

  /** The row that {@link #expand} would return if nothing nearer came, or -1. */
  int peek() {
    return next < size ? rows[next] & ~ASIDE : -1;
  }

  /**
   * Drops what is estimated at {@code bound} or more, now and later, but never the nearest {@code
   * least} rows, of which those aside do not count.
   */
  void keepBelow(float bound, int least) {
    if (answers() < least) {
      return;
    }
    int kept = span(least);
    limit = Math.max(bound, estimates[kept - 1]);
    while (size > kept && estimates[size - 1] >= limit) {
      dropLast();
    }
    next = Math.min(next, size);
  }

  int size() {
    return size;
  }

  /** Number of rows that are kept, at most. */
  int width() {
    return width;
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
    return rows[place] & ~(EXPANDED | ASIDE);
  }

  float estimate(int place) {
    return estimates[place];
  }

  /** Copies the rows. */
  int[] rows() {
    var copy = Arrays.copyOf(rows, size);
    for (int i = 0; i < size; i++) {
      copy[i] &= ~(EXPANDED | ASIDE);
    }
    return copy;
  }
}
