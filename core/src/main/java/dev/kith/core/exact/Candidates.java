package dev.kith.core.exact;

import dev.kith.core.search.TopK;
import java.util.Arrays;

/**
 * The rows that one worker could not yet exclude for one query. A row stays while the lower bound
 * of its key is at most the {@code k}-th smallest upper bound seen.
 */
final class Candidates {
  private final ErrorBound bound;
  private final ErrorBound.Query query;
  private final TopK uppers;
  private float threshold = Float.NEGATIVE_INFINITY;
  private double[] lowers = new double[32];
  private long[] rows = new long[32];
  private int size;

  Candidates(ErrorBound bound, ErrorBound.Query query, int k) {
    this.bound = bound;
    this.query = query;
    this.uppers = new TopK(k);
  }

  /** What the kernel's select compares with; rises as better rows are found. */
  float threshold() {
    return threshold;
  }

  /** No row with a key above this belongs to the answer. */
  double tau() {
    return uppers.bound();
  }

  int size() {
    return size;
  }

  void offer(long row, float dot, float norm) {
    double lower = Double.NEGATIVE_INFINITY;
    double error = bound.error(query, norm);
    double estimate = bound.estimate(query, dot, norm);
    // False also for a NaN estimate, from a row that is not finite: then nothing is known.
    if (error < Double.POSITIVE_INFINITY && Math.abs(estimate) < Double.POSITIVE_INFINITY) {
      lower = estimate - error;
      double before = uppers.bound();
      if (lower > before) {
        return;
      }
      uppers.offer(estimate + error, row);
      if (uppers.bound() < before) {
        threshold = bound.threshold(query, uppers.bound());
      }
    }
    if (size == rows.length) {
      compact();
    }
    lowers[size] = lower;
    rows[size++] = row;
  }

  /** Drops what has been excluded since; grows if that does not free half. */
  private void compact() {
    int kept = 0;
    double tau = tau();
    for (int i = 0; i < size; i++) {
      if (lowers[i] <= tau) {
        lowers[kept] = lowers[i];
        rows[kept++] = rows[i];
      }
    }
    size = kept;
    if (size > rows.length / 2) {
      lowers = Arrays.copyOf(lowers, 2 * lowers.length);
      rows = Arrays.copyOf(rows, 2 * rows.length);
    }
  }

  /** Hands all rows that {@code tau} does not exclude to {@code order}, keyed by lower bound. */
  void drainTo(TopK order, double tau) {
    for (int i = 0; i < size; i++) {
      if (lowers[i] <= tau) {
        order.offer(lowers[i], rows[i]);
      }
    }
  }
}
