package dev.kith.core.search;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Upper limit, for each query, of the keys that can still belong to its answer: the {@code k}-th
 * smallest key found so far by searches whose answers are merged. It only falls, and every search
 * that shares it may leave out rows whose key is above it, at any time; rows at the limit stay, for
 * ties are decided when answers are merged. Segments, devices and machines that serve one query
 * share one.
 *
 * <p>A key may be offered only if {@code k} rows with keys up to it are known, where {@code k} is
 * what all the searches ask for: a search that finds fewer offers nothing. Safe for many threads; a
 * stale key only excludes less.
 */
public final class Limit {
  /** Keys as the bits of doubles, one a query. */
  private final AtomicLongArray keys;

  /** Creates the limit of one query; excludes nothing yet. */
  public Limit() {
    this(1);
  }

  /** Creates the limits of a batch of queries; excludes nothing yet. */
  public Limit(int queries) {
    keys = new AtomicLongArray(queries);
    for (int q = 0; q < queries; q++) {
      keys.setPlain(q, Double.doubleToRawLongBits(Double.POSITIVE_INFINITY));
    }
  }

  /** Number of queries. */
  public int queries() {
    return keys.length();
  }

  /** Key above which no row belongs to the answer of {@code query}; infinity at first. */
  public double key(int query) {
    return Double.longBitsToDouble(keys.getOpaque(query));
  }

  /** Lowers the limit of {@code query} to {@code key} if that is lower; {@code key} is not NaN. */
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
