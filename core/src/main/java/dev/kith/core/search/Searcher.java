package dev.kith.core.search;

import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;

/**
 * A way to search one {@link IndexData} on one backend, with what the implementation keeps beside
 * the data. Safe for many threads.
 */
public interface Searcher {

  /**
   * The {@code min(k, size)} nearest rows of each query, nearest first, ties by smaller row; their
   * keys are canonical, as {@link dev.kith.core.metric.Metric#key} gives them. {@link
   * SearchReport#proved} says whether they are the exact answer, which they are for data whose
   * {@link IndexData#spec} is exact. Fewer rows are found than asked for where {@link
   * SearchOptions#limit} leaves some out.
   *
   * @param queries {@code [q][d]}
   * @throws IllegalArgumentException if the dimensions differ, or for an effort that the index does
   *     not know
   * @throws dev.kith.core.vector.VectorDataException if a query or a row is not finite
   * @throws SearchStoppedException at the deadline, or once cancelled
   */
  SearchResult search(VectorSource queries, SearchOptions options);

  /** Bytes of memory kept beside the data, so far. */
  long bytes();

  /**
   * The same data with what it knows of its own recall measured anew, on {@code queries}, whose
   * exact answers are asked for.
   *
   * @param queries {@code [q][d]}, like those that will be asked
   * @throws IllegalArgumentException if the dimensions differ, if there are too few queries, or if
   *     there is nothing to measure, because answers are exact
   */
  default IndexData calibrated(VectorSource queries, BuildOptions options) {
    throw new IllegalArgumentException(
        "there is no recall to calibrate: answers of this index are exact");
  }

  /**
   * Checks that queries, filter and limit have the shape that rows and queries ask for.
   *
   * @throws IllegalArgumentException if one has not
   */
  static void requireFits(VectorSource queries, SearchOptions options, VectorSource rows) {
    if (queries.dimension() != rows.dimension()) {
      throw new IllegalArgumentException(
          "query dimension must match the source: query=%d (%s), source=%d (%s)"
              .formatted(queries.dimension(), queries.name(), rows.dimension(), rows.name()));
    }
    var filter = options.filter();
    if (filter != null && filter.size() != rows.size()) {
      throw new IllegalArgumentException(
          "a filter must have a bit for each row of the source: bits=%d, rows=%d (%s)"
              .formatted(filter.size(), rows.size(), rows.name()));
    }
    var limit = options.limit();
    if (limit != null && limit.queries() != queries.size()) {
      throw new IllegalArgumentException(
          "a limit must have a key for each query: keys=%d, queries=%d"
              .formatted(limit.queries(), queries.size()));
    }
  }
}
