package dev.kith.core.index;

import dev.kith.core.backend.Backends;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** No structure at all: each search scans rows or shadow on the backend that the options name. */
final class FlatIndex implements VectorIndex {
  private final VectorSource rows;
  private final Metric metric;
  private final IndexSpec.Flat spec;
  private final @Nullable Shadow shadow;
  private final Map<String, ExactSearch> searches = new ConcurrentHashMap<>();

  FlatIndex(VectorSource rows, Metric metric, @Nullable Shadow shadow) {
    this.rows = rows;
    this.metric = metric;
    this.spec = new IndexSpec.Flat(shadow == null ? null : shadow.quantizer());
    this.shadow = shadow;
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
    return spec;
  }

  @Override
  public long shadowBytes() {
    return shadow == null ? 0 : shadow.bytes();
  }

  @Override
  public long indexBytes() {
    return searches.values().stream().mapToLong(ExactSearch::bytes).sum();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    var backend = Backends.choose(options.backend());
    var search = searches.get(backend.name());
    if (search == null) {
      search =
          searches.computeIfAbsent(backend.name(), _ -> backend.exactSearch(rows, metric, shadow));
    }
    var event = new IndexEvents.Search();
    event.begin();
    var result = search.search(queries, options);
    event.end();
    if (event.shouldCommit()) {
      event.queries = queries.size();
      event.backend = result.report().backend();
      event.bound = result.report().bound();
      event.rows = result.report().rowsScanned();
      event.candidates = result.report().candidates();
      event.commit();
    }
    return result;
  }
}
