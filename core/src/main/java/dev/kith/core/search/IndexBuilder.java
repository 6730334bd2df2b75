package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;

/**
 * Makes of rows what an index of one kind needs beside them. What is built on one backend is
 * searched on any that knows the kind. Safe for many threads.
 */
public interface IndexBuilder {

  /**
   * Reads all rows and builds.
   *
   * @param rows stay the caller's, and must stay open as long as the data is used
   * @throws dev.kith.core.vector.VectorDataException if a row that is read is not finite
   */
  IndexData build(VectorSource rows, Metric metric, BuildOptions options);
}
