package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;

/**
 * Builder of one kind of index: makes from rows the parts that searches need beside them. An index
 * built on one backend is searched on any that knows its kind. Safe for many threads.
 */
public interface IndexBuilder {

  /**
   * Builds the parts of an index; reads all rows.
   *
   * @param rows rows to build over; they stay the caller's and must stay open as long as the data
   *     is used
   * @throws dev.kith.core.vector.VectorDataException if a row that is read is not finite
   */
  IndexData build(VectorSource rows, Metric metric, BuildOptions options);
}
