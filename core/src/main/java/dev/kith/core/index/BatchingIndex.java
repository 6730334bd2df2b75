package dev.kith.core.index;

import dev.kith.core.exact.BatchingOptions;
import dev.kith.core.exact.BatchingSearch;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;

/** Another index, with single queries of many threads served together. */
final class BatchingIndex implements VectorIndex {
  private final VectorIndex index;
  private final BatchingSearch search;

  BatchingIndex(VectorIndex index, BatchingOptions limits) {
    this.index = index;
    var whole =
        new ExactSearch() {
          @Override
          public SearchResult search(VectorSource queries, SearchOptions options) {
            return index.search(queries, options);
          }

          @Override
          public long bytes() {
            return index.indexBytes();
          }
        };
    this.search = new BatchingSearch(whole, index.rows(), limits);
  }

  @Override
  public VectorSource rows() {
    return index.rows();
  }

  @Override
  public Metric metric() {
    return index.metric();
  }

  @Override
  public IndexSpec spec() {
    return index.spec();
  }

  @Override
  public long shadowBytes() {
    return index.shadowBytes();
  }

  @Override
  public long indexBytes() {
    return search.bytes();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    return search.search(queries, options);
  }

  /** How many queries are queued. For tests. */
  int queued() {
    return search.queued();
  }
}
