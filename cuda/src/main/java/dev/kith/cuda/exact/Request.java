package dev.kith.cuda.exact;

import dev.kith.core.search.Limit;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.StopSignal;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of rows that lie on the device.
 *
 * @param queries {@code [q][d]}
 * @param k at least 1, at most {@link Sizes#MOST_K} and {@code allowed}
 * @param filter of the rows, or null for all
 * @param allowed rows that the filter lets through
 * @param limit keys above which no row is asked for, or null; its numbers of queries begin at
 * @param firstQuery that of the first query here
 * @param stop asked between launches that take long
 * @param wgmma whether Hopper's products may be used, where there are any
 */
record Request(
    VectorSource queries,
    int k,
    @Nullable RowFilter filter,
    long allowed,
    @Nullable Limit limit,
    int firstQuery,
    StopSignal stop,
    boolean wgmma) {
  /** The same for some of the queries. */
  Request ofQueries(long first, long count) {
    int at = Math.toIntExact(firstQuery + first);
    return new Request(queries.slice(first, count), k, filter, allowed, limit, at, stop, wgmma);
  }

  /**
   * The same among some of the rows.
   *
   * @param first a multiple of 64
   */
  Request amongRows(long first, long count) {
    var part = filter == null ? null : filter.slice(first, count);
    long some = part == null ? count : part.count();
    int most = (int) Math.min(k, some);
    return new Request(queries, most, part, some, limit, firstQuery, stop, wgmma);
  }

  /** The same under a limit, or with null under none. */
  Request under(@Nullable Limit other) {
    return new Request(queries, k, filter, allowed, other, firstQuery, stop, wgmma);
  }

  /** Whether there is a limit, and it excludes something for every query. */
  boolean isLimited() {
    if (limit == null) {
      return false;
    }
    for (int q = 0; q < queries.size(); q++) {
      if (limit.key(firstQuery + q) == Double.POSITIVE_INFINITY) {
        return false;
      }
    }
    return true;
  }

  /** How many queries there are. */
  int count() {
    return Math.toIntExact(queries.size());
  }
}
