package dev.kith.core.search;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Of each query a key above which no row belongs to its answer: the {@code k}-th smallest key found
 * so far by searches whose answers are merged. It only falls, and every search that shares it may
 * leave out rows whose key is above it, at any time; rows at the limit stay, for ties are decided
 * when answers are merged. Segments, devices and machines that serve one query share one.
 *
 * <p>Whoever offers a key knows {@code k} rows that are no farther, where {@code k} is what all the
 * searches ask for: a search that finds fewer offers nothing. Safe for many threads; a stale key is
 * only less sharp.
 */
public final class Limit {
  /** Bits of doubles. */
  private final AtomicLongArray keys;

  /** Of one query; excludes nothing yet. */
  public Limit() {
    this(1);
  }

  /** Of a batch of queries; excludes nothing yet. */
  public Limit(int queries) {
    keys = new AtomicLongArray(queries);
    for (int q = 0; q < queries; q++) {
      keys.setPlain(q, Double.doubleToRawLongBits(Double.POSITIVE_INFINITY));
    }
  }

  /** Queries that it is of. */
  public int queries() {
    return keys.length();
  }

  /** The key above which no row belongs to the answer of that query; infinity at first. */
  public double key(int query) {
    return Double.longBitsToDouble(keys.getOpaque(query));
  }

  /** Lowers that query's limit to {@code key} if it is lower; {@code key} is not NaN. */
  public void offer(int query, double key) {
    long bits = keys.get(query);
    while (key < Double.longBitsToDouble(bits)) {
      long seen = keys.compareAndExchange(query, bits, Double.doubleToRawLongBits(key));
      if (seen == bits) {
        return;
      }
      bits = seen;
    }
  }

  /** Offers the last key of each answer that holds {@code k} rows. */
  public void offer(SearchResult result, int k) {
    for (int q = 0; q < queries(); q++) {
      var found = result.neighbors().get(q);
      if (found.size() == k) {
        offer(q, found.key(k - 1));
      }
    }
  }
}
