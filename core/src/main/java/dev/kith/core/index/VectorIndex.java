package dev.kith.core.index;

import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;

/** Finds the rows of a source nearest to a query. Safe for many threads. */
public interface VectorIndex {

  /** Rows and what was made of them; the index closes nothing of it. */
  IndexData data();

  /** The rows that are searched. */
  default VectorSource rows() {
    return data().rows();
  }

  /** What "near" means here. */
  default Metric metric() {
    return data().metric();
  }

  /** What kind of index this is. */
  default IndexSpec spec() {
    return data().spec();
  }

  /** Bytes of memory that searches keep beside the data, so far. */
  long indexBytes();

  /**
   * The nearest rows of each query, nearest first, ties by smaller row.
   *
   * @param queries {@code [q][d]} with the dimension {@code d} of {@link #rows()}
   * @throws IllegalArgumentException if the dimensions differ
   * @throws dev.kith.core.vector.VectorDataException if a query or a row is not finite
   * @throws dev.kith.core.backend.BackendUnavailableException if a forced backend cannot serve
   * @throws dev.kith.core.search.SearchStoppedException at the deadline, or once cancelled
   */
  SearchResult search(VectorSource queries, SearchOptions options);

  /** The {@code min(k, rows().size())} rows nearest to one query, {@code [d]}. */
  default Neighbors search(float[] query, int k) {
    return search(VectorSource.single(query), SearchOptions.nearest(k)).neighbors().getFirst();
  }

  /**
   * This index, with single queries of many threads served together, as {@link BatchingSearch}
   * says, 200 us being the longest that one is queued. It pays where many threads ask at once; what
   * it costs and brings is measured in {@code docs/results/batching.md}.
   */
  default VectorIndex batching() {
    return batching(BatchingOptions.DEFAULTS);
  }

  /**
   * The same with other limits. Both indexes share all but the queue: searches of this one go past
   * it.
   */
  default VectorIndex batching(BatchingOptions limits) {
    return new BatchingIndex(this, limits);
  }

  /** An index over {@code rows}, for example {@code over(rows, Metric.L2, "flat")}. */
  static VectorIndex over(VectorSource rows, Metric metric, String spec) {
    return over(rows, metric, IndexSpec.parse(spec));
  }

  /**
   * An index over {@code rows}; what it needs beside them is built here, on all cores.
   *
   * @throws dev.kith.core.vector.VectorDataException if that reads a row that is not finite
   */
  static VectorIndex over(VectorSource rows, Metric metric, IndexSpec spec) {
    var event = new IndexEvents.Build();
    event.begin();
    var data = Backends.builderOf(spec).build(rows, metric, BuildOptions.defaults());
    event.end();
    if (event.shouldCommit()) {
      event.index = spec.toString();
      event.rows = rows.size();
      event.commit();
    }
    return over(data);
  }

  /** The index over data that were built before, here or elsewhere. */
  static VectorIndex over(IndexData data) {
    return new OpenIndex(data);
  }

  /** The index that scans a shadow, built before, and then what it cannot exclude of its rows. */
  static VectorIndex over(Shadow shadow) {
    return over(FlatData.of(shadow));
  }
}
