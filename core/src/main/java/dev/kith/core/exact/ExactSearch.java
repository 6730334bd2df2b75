package dev.kith.core.exact;

import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;

/**
 * Exact search over one source by one metric, with what an implementation keeps about the rows.
 * Safe for many threads.
 */
public interface ExactSearch {

  /**
   * The {@code min(k, size)} nearest rows of each query, exactly as {@link
   * dev.kith.core.metric.Metric#key} orders them, ties by smaller row.
   *
   * @param queries {@code [q][d]}
   * @throws IllegalArgumentException if the dimensions differ
   * @throws dev.kith.core.vector.VectorDataException if a query or a row is not finite
   * @throws dev.kith.core.search.SearchStoppedException at the deadline, or once cancelled
   */
  SearchResult search(VectorSource queries, SearchOptions options);

  /** Bytes of memory kept about the rows, so far. */
  long bytes();
}
