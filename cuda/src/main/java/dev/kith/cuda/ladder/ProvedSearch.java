package dev.kith.cuda.ladder;

import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.CudaBackend;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.exact.CudaExactSearch;
import dev.kith.cuda.exact.EventClock;
import dev.kith.cuda.exact.SearchClock;

/** Kith's own search on the device, which proves its answers. */
final class ProvedSearch implements GpuSearch {
  /** Bytes of a row's codes are a multiple of this; and what a bound needs of a row beside them. */
  private static final int CODES = 16;

  private static final int TERMS = 16;

  private final LadderKernels kernels;
  private final VectorSource source;
  private final VectorSource queries;
  private final CudaExactSearch search;
  private final SearchOptions options;

  /** Loads the rows when they are first searched. */
  ProvedSearch(LadderKernels kernels, VectorSource source, VectorSource queries, int k) {
    var backend = new CudaBackend();
    this.kernels = kernels;
    this.source = source;
    this.queries = queries;
    this.search =
        new CudaExactSearch(kernels.gpu(), backend, new FlatData(source, Metric.L2, null));
    this.options = SearchOptions.nearest(k).onBackend(backend.name());
  }

  private SearchResult search(int first, int count, SearchClock clock) {
    return search.search(queries.slice(first, count), options, clock);
  }

  @Override
  public Found search(int first, int count) {
    var result = search(first, count, SearchClock.NONE);
    var report = result.report();
    int d = source.dimension();
    long all = source.size() * d;
    long codes = source.size() * ((d + CODES - 1) / CODES * CODES + TERMS);
    boolean scanned = report.bounds().contains("int8");
    boolean read = !scanned || report.work().fallbacks() > 0;
    return new Found(
        result.neighbors().stream().map(Neighbors::rows).toArray(long[][]::new),
        null,
        (scanned ? codes : 0) + (read ? all : report.work().keysComputed() * d) * Float.BYTES,
        0);
  }

  @Override
  public DeviceTime timed(int first, int count) {
    try (var clock = new Clock(kernels)) {
      search(first, count, clock);
      return new DeviceTime(clock.kernelMillis(), clock.copyMillis());
    }
  }

  @Override
  public void close() {
    search.drop();
  }

  /** All the work is queued before the device begins with it. */
  private static final class Clock extends EventClock {
    /** A search queues two dozen calls at most, or one graph. */
    private static final long PAUSE_NANOS = 400_000;

    private final LadderKernels kernels;

    Clock(LadderKernels kernels) {
      super(kernels.gpu().context());
      this.kernels = kernels;
    }

    @Override
    public void begins(Stream stream) {
      kernels.pause(PAUSE_NANOS).on(stream);
      super.begins(stream);
    }
  }
}
