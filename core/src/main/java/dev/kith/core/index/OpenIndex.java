package dev.kith.core.index;

import dev.kith.core.backend.Backends;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.vector.VectorSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Data with the searchers that backends brought for it: each is asked for when first needed. */
final class OpenIndex implements VectorIndex {
  /** Stands for no name at all: the best backend. */
  private static final String BEST = "";

  private final IndexData data;

  /** By the name that was asked for. No choice changes later, see {@link Backends}. */
  private final Map<String, Searcher> searchers = new ConcurrentHashMap<>();

  OpenIndex(IndexData data) {
    this.data = data;
  }

  @Override
  public IndexData data() {
    return data;
  }

  @Override
  public long indexBytes() {
    return searchers.values().stream().distinct().mapToLong(Searcher::bytes).sum();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    var searcher = searcher(options.backend() == null ? BEST : options.backend());
    var event = new IndexEvents.Search();
    event.begin();
    var result = searcher.search(queries, options);
    event.end();
    if (event.shouldCommit()) {
      var report = result.report();
      event.queries = queries.size();
      event.backend = report.backend();
      event.bound = report.bound();
      event.rows = report.work().rowsRead();
      event.candidates = report.work().keysComputed();
      event.commit();
    }
    var limit = options.limit();
    if (limit != null) {
      limit.offer(result, options.k());
    }
    return result;
  }

  private Searcher searcher(String name) {
    var known = searchers.get(name);
    if (known != null) {
      return known;
    }
    // Not in computeIfAbsent: it would call itself. Two threads may ask; the first one's is kept.
    var chosen = Backends.choose(name.equals(BEST) ? null : name, data);
    var kept = searchers.putIfAbsent(chosen.backend().name(), chosen.searcher());
    var searcher = kept == null ? chosen.searcher() : kept;
    searchers.putIfAbsent(name, searcher);
    return searcher;
  }
}
