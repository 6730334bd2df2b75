package dev.kith.cuda.ladder;

import dev.kith.core.exact.ExactSearch;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.CudaBackend;
import org.jspecify.annotations.Nullable;

/** Kith's own search on the device, which proves its answers. */
final class ProvedSearch implements GpuSearch {
  /** Bytes of a row's codes are a multiple of this; and what a bound needs of a row beside them. */
  private static final int CODES = 16;

  private static final int TERMS = 16;

  private final VectorSource source;
  private final VectorSource queries;
  private final ExactSearch search;
  private final SearchOptions options;

  ProvedSearch(VectorSource source, VectorSource queries, int k) {
    var backend = new CudaBackend();
    this.source = source;
    this.queries = queries;
    this.search = backend.exactSearch(source, Metric.L2, null);
    this.options = SearchOptions.nearest(k).onBackend(backend.name());
  }

  @Override
  public Found search(int first, int count) {
    var result = search.search(queries.slice(first, count), options);
    var report = result.report();
    int d = source.dimension();
    long all = source.size() * d;
    long codes = source.size() * ((d + CODES - 1) / CODES * CODES + TERMS);
    boolean scanned = report.bound().startsWith("int8");
    boolean read = !scanned || report.fallbacks() > 0;
    return new Found(
        result.neighbors().stream().map(Neighbors::rows).toArray(long[][]::new),
        null,
        (scanned ? codes : 0) + (read ? all : report.candidates() * d) * Float.BYTES,
        0);
  }

  @Override
  public @Nullable DeviceTime deviceTime() {
    return null;
  }

  /** Its copy of the rows goes with the search, or when the device needs room. */
  @Override
  public void close() {}
}
