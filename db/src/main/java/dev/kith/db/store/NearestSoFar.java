package dev.kith.db.store;

import dev.kith.core.search.Limit;
import dev.kith.core.search.TopK;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the segments of a moment gave for a batch of queries so far, and the limit that it sets to
 * those that are still searched: the {@code k}-th key of all of them. Safe for many threads.
 */
final class NearestSoFar {
  private final int k;
  private final Limit limit;
  private final boolean alone;
  private final List<OneQuery> queries = new ArrayList<>();

  /** One query's points, and the best keys of them. */
  private static final class OneQuery {
    final List<SegmentPoint> found = new ArrayList<>();
    final TopK keys;

    OneQuery(int k) {
      keys = new TopK(k);
    }
  }

  /**
   * For {@code count} queries.
   *
   * @param segments that are searched; one alone has nothing to share
   */
  NearestSoFar(int count, int k, int segments) {
    this.k = k;
    this.alone = segments == 1;
    this.limit = new Limit(count);
    for (int q = 0; q < count; q++) {
      queries.add(new OneQuery(k));
    }
  }

  /** The limit for searches of {@code k} rows or more; null if no other search shares it. */
  @Nullable Limit limit() {
    return alone ? null : limit;
  }

  /** No row whose key is above this is in the answer of that query. */
  double limit(int query) {
    return limit.key(query);
  }

  /** Takes what a segment gave for a query. */
  void add(int query, List<SegmentPoint> points) {
    var one = queries.get(query);
    synchronized (one) {
      for (var point : points) {
        one.keys.offer(point.key(), one.found.size());
        one.found.add(point);
      }
      limit.offer(query, one.keys.bound());
    }
  }

  /** The {@code k} best of each query, by key, then by id. */
  List<List<SegmentPoint>> best() {
    return queries.stream().map(one -> SegmentPoint.best(one.found, k)).toList();
  }
}
