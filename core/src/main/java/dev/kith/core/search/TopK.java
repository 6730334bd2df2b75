package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import java.util.Arrays;

/**
 * The {@code k} smallest (key, row) pairs of all that were offered, ties by smaller row: a binary
 * max-heap in two arrays that grow with what they hold, so that a huge {@code k} costs nothing
 * until it is used. Not safe for many threads.
 */
public final class TopK {
  private int k;
  private double[] keys;
  private long[] rows;
  private int size;

  /** Keeps at most {@code k >= 1} pairs. */
  public TopK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1: " + k);
    }
    this.k = k;
    this.keys = new double[Math.min(k, 16)];
    this.rows = new long[keys.length];
  }

  /** Forgets all pairs; from now on the {@code k} best are kept. */
  public void reset(int newK) {
    if (newK < 1) {
      throw new IllegalArgumentException("k must be at least 1: " + newK);
    }
    k = newK;
    size = 0;
  }

  /** Number of pairs held, at most {@code k}. */
  public int size() {
    return size;
  }

  /** Key above which no pair can enter: the largest key held if {@code k} are, else infinity. */
  public double bound() {
    return size < k ? Double.POSITIVE_INFINITY : keys[0];
  }

  /** Takes the pair if it is among the {@code k} smallest so far; {@code key} is not NaN. */
  public void offer(double key, long row) {
    if (size < k) {
      if (size == keys.length) {
        int grown = (int) Math.min(k, 2L * size);
        keys = Arrays.copyOf(keys, grown);
        rows = Arrays.copyOf(rows, grown);
      }
      siftUp(size++, key, row);
    } else if (before(key, row, keys[0], rows[0])) {
      siftDown(key, row);
    }
  }

  private static boolean before(double key, long row, double otherKey, long otherRow) {
    return key < otherKey || (key == otherKey && row < otherRow);
  }

  private void siftUp(int at, double key, long row) {
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (!before(keys[parent], rows[parent], key, row)) {
        break;
      }
      keys[at] = keys[parent];
      rows[at] = rows[parent];
      at = parent;
    }
    keys[at] = key;
    rows[at] = row;
  }

  /** Puts the pair in the root's place, among the first {@code size}. */
  private void siftDown(double key, long row) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && before(keys[child], rows[child], keys[child + 1], rows[child + 1])) {
        child++;
      }
      if (!before(key, row, keys[child], rows[child])) {
        break;
      }
      keys[at] = keys[child];
      rows[at] = rows[child];
      at = child;
    }
    keys[at] = key;
    rows[at] = row;
  }

  /** Offers every pair held to another. */
  public void copyTo(TopK other) {
    for (int i = 0; i < size; i++) {
      other.offer(keys[i], rows[i]);
    }
  }

  /** Empties the heap into an answer, whose keys are those of {@code metric}. */
  public Neighbors drain(Metric metric) {
    var intoRows = new long[size];
    var intoKeys = new double[size];
    drain(intoRows, intoKeys);
    return new Neighbors(metric, intoRows, intoKeys);
  }

  /** Empties the heap into arrays of its {@link #size()}, nearest first. */
  public void drain(long[] intoRows, double[] intoKeys) {
    while (size > 0) {
      double key = keys[0];
      long row = rows[0];
      size--;
      siftDown(keys[size], rows[size]);
      intoKeys[size] = key;
      intoRows[size] = row;
    }
  }
}
