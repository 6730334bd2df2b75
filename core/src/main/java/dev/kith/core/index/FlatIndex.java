package dev.kith.core.index;

import dev.kith.core.backend.Backends;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** No structure at all: each search scans the rows on the backend that the options name. */
final class FlatIndex implements VectorIndex {
  private final VectorSource rows;
  private final Metric metric;
  private final Map<String, ExactSearch> searches = new ConcurrentHashMap<>();

  FlatIndex(VectorSource rows, Metric metric) {
    this.rows = rows;
    this.metric = metric;
  }

  @Override
  public VectorSource rows() {
    return rows;
  }

  @Override
  public Metric metric() {
    return metric;
  }

  @Override
  public IndexSpec spec() {
    return new IndexSpec.Flat();
  }

  @Override
  public long indexBytes() {
    return searches.values().stream().mapToLong(ExactSearch::bytes).sum();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    var backend = Backends.choose(options.backend());
    return searches
        .computeIfAbsent(backend.name(), _ -> backend.exactSearch(rows, metric))
        .search(queries, options);
  }
}
