package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.List;

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

  /**
   * Builds the parts of an index over rows of which many lie in older indexes, as merges of
   * segments do: what those hold is used where this kind of index can, and saves work. The index is
   * as good as one that is built from the rows alone, though not the same.
   *
   * @param older indexes of the same metric; their data must stay open meanwhile. Those of another
   *     kind are left alone
   * @throws IllegalArgumentException if a map leads to no row, or two rows to one, or if an older
   *     index has another metric
   */
  default IndexData build(
      VectorSource rows, Metric metric, List<Predecessor> older, BuildOptions options) {
    return build(rows, metric, options);
  }
}
