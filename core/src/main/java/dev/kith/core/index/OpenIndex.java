package dev.kith.core.index;

import dev.kith.core.backend.Backends;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Index over data, with the searchers of backends, each created when it is first needed. */
final class OpenIndex implements VectorIndex {
  /** Stands for no name, which asks for the best backend. */
  private static final String BEST = "";

  private final IndexData data;

  /**
   * Searchers by the name of the backend that was asked for. A choice never changes later, see
   * {@link Backends}.
   */
  private final Map<String, Searcher> searchers = new ConcurrentHashMap<>();

  /** File that the data was opened from, or null. */
  private final @Nullable IndexFile file;

  OpenIndex(IndexData data) {
    this.data = data;
    this.file = null;
  }

  OpenIndex(IndexFile file) {
    this.data = file.data();
    this.file = file;
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
  public void verify() {
    if (file != null) {
      file.verify();
    } else {
      data.verify();
    }
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    var searcher = searcher(options.backend() == null ? BEST : options.backend());
    return IndexEvents.recorded(queries, options, () -> searcher.search(queries, options));
  }

  @Override
  public VectorIndex calibrate(VectorSource queries) {
    return new OpenIndex(searcher(BEST).calibrated(queries, BuildOptions.defaults()));
  }

  @Override
  public BatchingOptions batchingOptions() {
    boolean onCores = Backends.choose(null, data).backend().device().equals("cpu");
    return onCores ? BatchingOptions.DEFAULTS : BatchingOptions.FOR_DEVICE;
  }

  private Searcher searcher(String name) {
    var known = searchers.get(name);
    if (known != null) {
      return known;
    }
    // computeIfAbsent would call itself here. Two threads may create one; the first is kept.
    var chosen = Backends.choose(name.equals(BEST) ? null : name, data);
    var kept = searchers.putIfAbsent(chosen.backend().name(), chosen.searcher());
    var searcher = kept == null ? chosen.searcher() : kept;
    searchers.putIfAbsent(name, searcher);
    return searcher;
  }
}
