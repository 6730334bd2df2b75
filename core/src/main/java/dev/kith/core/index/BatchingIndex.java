package dev.kith.core.index;

import dev.kith.core.search.IndexData;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.vector.VectorSource;

/** Another index, with single queries of many threads served together. */
final class BatchingIndex implements VectorIndex {
  private final VectorIndex index;
  private final BatchingSearch search;

  BatchingIndex(VectorIndex index, BatchingOptions limits) {
    this.index = index;
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
  public long indexBytes() {
    return index.indexBytes();
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
