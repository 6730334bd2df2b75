package dev.kith.cuda.exact;

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
 * @param stop asked between launches that take long
 * @param wgmma whether Hopper's products may be used, where there are any
 */
record Request(
    VectorSource queries,
    int k,
    @Nullable RowFilter filter,
    long allowed,
    StopSignal stop,
    boolean wgmma) {
  /** The same for some of the queries. */
  Request ofQueries(long first, long count) {
    return new Request(queries.slice(first, count), k, filter, allowed, stop, wgmma);
  }

  /**
   * The same among some of the rows.
   *
   * @param first a multiple of 64
   */
  Request amongRows(long first, long count) {
    var part = filter == null ? null : filter.slice(first, count);
    long some = part == null ? count : part.count();
    return new Request(queries, (int) Math.min(k, some), part, some, stop, wgmma);
  }

  /** How many queries there are. */
  int count() {
    return Math.toIntExact(queries.size());
  }
}
