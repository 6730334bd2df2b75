package dev.kith.core.exact;

import dev.kith.core.search.TopK;
import java.util.Arrays;

/**
 * The rows that one worker could not yet exclude for one query. A row stays while the lower bound
 * of its key is at most the {@code k}-th smallest upper bound seen. If the bounds exclude too
 * little, so that the list would outgrow its limit, its rows are settled: their canonical keys are
 * computed at once and only the {@code k} best are kept, so memory stays in proportion to {@code
 * k}.
 */
final class Candidates {
  /** A list this long may wait to be settled; several times what good bounds leave. */
  private static final int LIMIT = 1024;

  private final ErrorBound bound;
  private final ErrorBound.Query query;
  private final Rescorer rescorer;
  private final int limit;
  private final TopK uppers;
  private final TopK settled;
  private float threshold = Float.NEGATIVE_INFINITY;
  private double[] lowers = new double[32];
  private long[] rows = new long[32];
  private int size;

  Candidates(ErrorBound bound, ErrorBound.Query query, int k, Rescorer rescorer) {
    this.bound = bound;
    this.query = query;
    this.rescorer = rescorer;
    this.limit = (int) Math.min(Math.max(LIMIT, 2L * k), 1 << 30);
    this.uppers = new TopK(k);
    this.settled = new TopK(k);
  }

  /** What the kernel's select compares with; rises as better rows are found. */
  float threshold() {
    return threshold;
  }

  /** No row with a key above this belongs to the answer. */
  double tau() {
    return Math.min(uppers.bound(), settled.bound());
  }

  /** Rows waiting, not yet settled. */
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
      double before = tau();
      if (lower > before) {
        return;
      }
      uppers.offer(estimate + error, row);
      if (uppers.bound() < before) {
        threshold = bound.threshold(query, tau());
      }
    }
    if (size == rows.length) {
      compact();
    }
    lowers[size] = lower;
    rows[size++] = row;
  }

  /** Drops what has been excluded since; grows, or settles the rest, if that does not free half. */
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
    if (size <= rows.length / 2) {
      return;
    }
    if (rows.length < limit) {
      lowers = Arrays.copyOf(lowers, 2 * lowers.length);
      rows = Arrays.copyOf(rows, 2 * rows.length);
    } else {
      settle();
    }
  }

  private void settle() {
    for (int i = 0; i < size; i++) {
      settled.offer(rescorer.key(query.original(), rows[i]), rows[i]);
    }
    size = 0;
    threshold = bound.threshold(query, tau());
  }

  /** Hands over the settled rows, keyed by canonical key. */
  void settledTo(TopK best) {
    settled.copyTo(best);
  }

  /** Hands over the waiting rows that {@code tau} does not exclude, keyed by lower bound. */
  void waitingTo(TopK order, double tau) {
    for (int i = 0; i < size; i++) {
      if (lowers[i] <= tau) {
        order.offer(lowers[i], rows[i]);
      }
    }
  }
}
