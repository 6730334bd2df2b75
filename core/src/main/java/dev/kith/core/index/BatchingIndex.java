package dev.kith.core.index;

import dev.kith.core.search.IndexData;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.vector.VectorSource;

/** Wrapper of an index that serves single queries of many threads together. */
final class BatchingIndex implements VectorIndex {
  private final VectorIndex index;
  private final BatchingOptions limits;
  private final BatchingSearch search;

  BatchingIndex(VectorIndex index, BatchingOptions limits) {
    this.index = index;
    this.limits = limits;
    var whole =
        new Searcher() {
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
  public IndexData data() {
    return index.data();
  }

  @Override
  public VectorIndex calibrate(VectorSource queries) {
    return new BatchingIndex(index.calibrate(queries), limits);
  }

  @Override
  public void verify() {
    index.verify();
  }

  @Override
  public BatchingOptions batchingOptions() {
    return index.batchingOptions();
  }

  @Override
  public long indexBytes() {
    return index.indexBytes();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    return search.search(queries, options);
  }

  /** Number of queued queries. For tests. */
  int queued() {
    return search.queued();
  }
}
