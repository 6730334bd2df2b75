package dev.kith.cuda.exact;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.kernels.KernelLoadException;
import dev.kith.cuda.kernels.KernelSet;
import dev.kith.cuda.memory.DeviceBudgetException;
import dev.kith.cuda.store.Centre;
import dev.kith.cuda.store.DeviceCodes;
import dev.kith.cuda.store.DeviceStore;
import java.lang.System.Logger.Level;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Exact search of a source on a GPU. The rows are loaded by the first search of them and stay in
 * the GPU's {@link DeviceStore} while there is room, for all searches of that source; a source that
 * does not fit is streamed through, chunk by chunk, each time. Searches that name no backend may be
 * handed to the next best: tiny ones, those of very many neighbours, and all when the device fails;
 * reports say which backend served.
 */
public final class CudaExactSearch implements Searcher {
  private static final System.Logger LOG = System.getLogger(CudaExactSearch.class.getName());
  private static final AtomicBoolean FAILURE_LOGGED = new AtomicBoolean();

  /** Elements of rows times queries that a processor is through with before a GPU has begun. */
  private static final long TINY = 1 << 20;

  private final Gpu gpu;
  private final FlatData data;
  private final VectorSource rows;
  private final Metric metric;

  /** The index's text, for reports. */
  private final String index;

  private final DeviceStore store;
  private final Tuning tuning;
  private volatile @Nullable Searcher next;
  private volatile @Nullable Centre centre;

  /**
   * Loads nothing yet.
   *
   * @param data whose shadow's centre is used if it is an int8 one
   */
  public CudaExactSearch(Gpu gpu, FlatData data) {
    this(gpu, data, Tuning.DEFAULT);
  }

  /** For tests and measurements. */
  CudaExactSearch(Gpu gpu, FlatData data, Tuning tuning) {
    this.gpu = gpu;
    this.data = data;
    this.rows = data.rows();
    this.metric = data.metric();
    this.index = data.spec().toString();
    this.store = DeviceStore.of(gpu);
    this.tuning = tuning;
  }

  /**
   * Loads all kernels that searches of this kind may launch on a GPU, which else the first of them
   * would do.
   *
   * @throws CudaUnavailableException with the reason, if one cannot run there
   */
  public static void loadKernels(Gpu gpu) throws CudaUnavailableException {
    for (var set :
        new KernelSet[] {
          DeviceCodes.KERNELS, ScanLaunches.SCAN, ScanLaunches.TIGHTEN, RescoreLaunches.KERNELS
        }) {
      gpu.load(set);
    }
    if (gpu.hasWgmma()) {
      gpu.load(ScanLaunches.WGMMA);
    }
  }

  /** Bytes that the device holds of the rows, for whichever searches. */
  @Override
  public long bytes() {
    return store.bytes(rows);
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    var event = new GpuEvents.Search();
    return event.isEnabled()
        ? recorded(event, queries, options)
        : search(queries, options, SearchClock.NONE);
  }

  private SearchResult recorded(
      GpuEvents.Search event, VectorSource queries, SearchOptions options) {
    try (var clock = new EventClock(gpu.context())) {
      event.begin();
      var result = search(queries, options, clock);
      // Handed on, perhaps after a part was done here, or nothing was to be done.
      boolean here = result.report().backend().equals(Gpu.BACKEND);
      if (here && clock.kernelMillis() > 0) {
        event.queries = queries.size();
        event.kernelNanos = Math.round(clock.kernelMillis() * 1e6);
        event.copyNanos = Math.round(clock.copyMillis() * 1e6);
        event.commit();
      }
      return result;
    }
  }

  /** The same, measured by the clock unless it is handed on to another backend. */
  public SearchResult search(VectorSource queries, SearchOptions options, SearchClock clock) {
    Searcher.requireFits(queries, options, rows);
    var filter = options.filter();
    long allowed = filter == null ? rows.size() : filter.count();
    long k = Math.min(options.k(), allowed);
    if (k > Sizes.MOST_K) {
      String why =
          "k must be at most %d on the device: k=%d; ask for fewer or name no backend"
              .formatted(Sizes.MOST_K, k);
      return elsewhere(queries, options, why, null);
    }
    if (options.backend() == null && (double) allowed * queries.size() * rows.dimension() < TINY) {
      return next().search(queries, options);
    }
    var lost = gpu.lost();
    if (lost != null) {
      return elsewhere(queries, options, lost, null);
    }
    try {
      return onDevice(queries, options, allowed, (int) k, clock);
    } catch (BrokenRowException e) {
      throw namingTheRow(filter, e);
    } catch (CudaException | DeviceBudgetException | KernelLoadException e) {
      if (e instanceof CudaException failure && failure.isContextLost()) {
        gpu.lose(failure);
      }
      String why = String.valueOf(e.getMessage());
      if (options.backend() == null && FAILURE_LOGGED.compareAndSet(false, true)) {
        LOG.log(
            Level.WARNING,
            "searches run on backend %s, because %s cannot serve: %s"
                .formatted(Backends.bestBelow(Gpu.PRIORITY).name(), Gpu.BACKEND, why));
      }
      return elsewhere(queries, options, why, e);
    }
  }

  /** On the next best backend, unless this one was named: then that is the end. */
  private SearchResult elsewhere(
      VectorSource queries, SearchOptions options, String why, @Nullable Exception cause) {
    if (options.backend() != null) {
      String message = "backend %s cannot serve: %s".formatted(Gpu.BACKEND, why);
      throw cause == null
          ? new BackendUnavailableException(message)
          : new BackendUnavailableException(message, cause);
    }
    return next().search(queries, options);
  }

  private Searcher next() {
    var known = next;
    if (known == null) {
      next = known = Backends.chooseBelow(Gpu.PRIORITY, data).searcher();
    }
    return known;
  }

  private RuntimeException namingTheRow(@Nullable RowFilter filter, BrokenRowException e) {
    for (long row = 0; row < rows.size(); row++) {
      if (filter == null || filter.allows(row)) {
        VectorDataException.requireFinite(rows, row, rows.row(row));
      }
    }
    return new IllegalStateException(
        "a row of %s was not finite on the device and all are so in their source: they were changed"
            .formatted(rows.name()),
        e);
  }

  private SearchResult onDevice(
      VectorSource queries, SearchOptions options, long allowed, int k, SearchClock clock) {
    var stop = new StopSignal(options);
    stop.check();
    var answers = new Neighbors[Math.toIntExact(queries.size())];
    var tally = new Tally(clock);
    if (answers.length > 0) {
      if (k == 0) {
        for (int q = 0; q < answers.length; q++) {
          VectorDataException.requireFinite(queries, q, queries.row(q));
        }
        Arrays.fill(answers, new Neighbors(metric, new long[0], new double[0]));
      } else {
        requireOpen();
        var request =
            new Request(
                queries, k, options.filter(), allowed, options.limit(), 0, stop, tuning.wgmma());
        if (fits()) {
          try (var codes = store.codes(rows, metric, centre())) {
            new GroupedSearch(gpu).search(codes.part(), request, answers, tally);
          }
        } else {
          new StreamedSearch(gpu, rows, metric, centre(), tuning.chunkRows())
              .search(request, answers, tally);
        }
      }
    }
    var report =
        SearchReport.of(Gpu.BACKEND, index)
            .withBounds(tally.bounds())
            .withWork(Work.ofScan(tally.rowsRead, tally.candidates, tally.fallbacks + tally.again))
            .withProved(true)
            .withBatched(queries.size());
    var result = new SearchResult(List.of(answers), report);
    if (options.limit() != null) {
      options.limit().offer(result, options.k());
    }
    return result;
  }

  /** Throws if the source was closed, of which no copy on the device must be left. */
  private void requireOpen() {
    try {
      var _ = rows.block(0, 1).data().get(ValueLayout.JAVA_BYTE, 0);
    } catch (IllegalStateException e) {
      store.release(rows);
      throw e;
    }
  }

  /** Whether rows and codes may stay on the device. */
  private boolean fits() {
    return tuning.chunkRows() == 0
        && rows.size() <= Integer.MAX_VALUE // kernels count rows in 32 bits
        && DeviceCodes.bytes(rows, rows.size()) <= gpu.ledger().budget() - SearchPool.reserved(gpu);
  }

  /** The shadow's, or the one that it would have: no code is made for it here. */
  private Centre centre() {
    var known = centre;
    if (known == null) {
      centre =
          known =
              data.shadow() instanceof Int8Shadow codes
                  ? Centre.of(codes)
                  : store.centre(rows, metric);
    }
    return known;
  }
}
