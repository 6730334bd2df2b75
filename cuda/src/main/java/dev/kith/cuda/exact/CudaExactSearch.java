package dev.kith.cuda.exact;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.TopK;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.memory.DeviceBudgetException;
import dev.kith.cuda.memory.DeviceLedger;
import java.lang.System.Logger.Level;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Cleaner;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Exact search of a source on the GPU. The rows are loaded by the first search and stay while there
 * is room; a source that does not fit is streamed through, chunk by chunk, each time. Searches that
 * name no backend may be handed to the next best: tiny ones, those of very many neighbours, and all
 * when the device fails; reports say which backend served.
 */
public final class CudaExactSearch implements Searcher {
  private static final System.Logger LOG = System.getLogger(CudaExactSearch.class.getName());
  private static final Cleaner CLEANER = Cleaner.create();
  private static final AtomicBoolean FAILURE_LOGGED = new AtomicBoolean();

  /** Elements of rows times queries that a processor is through with before a GPU has begun. */
  private static final long TINY = 1 << 20;

  /** Rows that are streamed together take so many bytes, shadow and all, if the budget allows. */
  private static final long CHUNK_BYTES = 1L << 30;

  private final Gpu gpu;
  private final Backend backend;
  private final FlatData data;
  private final VectorSource rows;
  private final Metric metric;
  private final @Nullable Shadow shadow;
  private final Holder holder;
  private final Tuning tuning;
  private volatile @Nullable Searcher next;

  /**
   * Loads nothing yet.
   *
   * @param backend that reports name and whose priority says who is next best
   * @param data whose shadow's centre is used if it is an int8 one
   */
  public CudaExactSearch(Gpu gpu, Backend backend, FlatData data) {
    this(gpu, backend, data, Tuning.DEFAULT);
  }

  /** For tests and measurements. */
  CudaExactSearch(Gpu gpu, Backend backend, FlatData data, Tuning tuning) {
    this.tuning = tuning;
    this.gpu = gpu;
    this.backend = backend;
    this.data = data;
    this.rows = data.rows();
    this.metric = data.metric();
    this.shadow = data.shadow();
    this.holder = new Holder(gpu);
    var held = holder;
    CLEANER.register(this, held::drop);
  }

  /** What is loaded, if anything is; may outlive the search that owns it, but holds none of it. */
  private static final class Holder implements DeviceLedger.Resident {
    private final Gpu gpu;
    private @Nullable Resident resident;
    private int users;
    private boolean dropped;

    Holder(Gpu gpu) {
      this.gpu = gpu;
    }

    synchronized @Nullable Resident use() {
      if (resident != null) {
        users++;
      }
      return resident;
    }

    synchronized void put(Resident loaded) {
      resident = loaded;
      users = 1;
    }

    void unuse() {
      var going = release(false);
      if (going != null) { // dropped meanwhile, or before it was loaded
        close(going);
        gpu.ledger().forget(this);
      }
    }

    void drop() {
      close(release(true));
      gpu.ledger().forget(this);
    }

    private synchronized @Nullable Resident release(boolean drop) {
      users -= drop ? 0 : 1;
      dropped |= drop;
      return dropped && users == 0 ? take() : null;
    }

    /** Under the ledger's lock, which therefore is never asked for under this one. */
    @Override
    public boolean evict() {
      Resident going;
      synchronized (this) {
        going = users == 0 ? take() : null;
      }
      close(going);
      return going != null;
    }

    private @Nullable Resident take() {
      var going = resident;
      resident = null;
      return going;
    }

    private static void close(@Nullable Resident going) {
      if (going != null) {
        going.close();
      }
    }

    synchronized long bytes() {
      return resident == null ? 0 : resident.bytes();
    }
  }

  /** Whether it searches that very source. */
  @SuppressWarnings("ReferenceEquality")
  boolean isOf(VectorSource source) {
    return rows == source;
  }

  /** Gives the device's memory back; a later search would load again. */
  public void drop() {
    holder.drop();
  }

  @Override
  public long bytes() {
    return holder.bytes();
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
      boolean here = result.report().backend().equals(backend.name());
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
    boolean forced = options.backend() != null;
    long allowed = filter == null ? rows.size() : filter.count();
    long k = Math.min(options.k(), allowed);
    if (k > DeviceSearch.MOST_K) {
      if (forced) {
        throw new BackendUnavailableException(
            "backend %s cannot serve: k must be at most %d on the device: k=%d; ask for fewer or name no backend"
                .formatted(backend.name(), DeviceSearch.MOST_K, k));
      }
      return next().search(queries, options);
    }
    if (!forced && (double) allowed * queries.size() * rows.dimension() < TINY) {
      return next().search(queries, options);
    }
    var lost = gpu.lost();
    if (lost != null) {
      if (forced) {
        throw new BackendUnavailableException(
            "backend %s cannot serve: %s".formatted(backend.name(), lost));
      }
      return next().search(queries, options);
    }
    try {
      return onDevice(queries, options, allowed, (int) k, clock);
    } catch (DeviceSearch.BrokenRowException e) {
      for (long row = 0; row < rows.size(); row++) {
        if (filter == null || filter.allows(row)) {
          VectorDataException.requireFinite(rows, row, rows.row(row));
        }
      }
      throw new IllegalStateException(
          "a row of %s was not finite on the device and all are so in their source: they were changed"
              .formatted(rows.name()),
          e);
    } catch (CudaException | DeviceBudgetException e) {
      if (e instanceof CudaException failure && failure.isContextLost()) {
        gpu.lose(failure);
      }
      if (forced) {
        throw new BackendUnavailableException(
            "backend %s cannot serve: %s".formatted(backend.name(), e.getMessage()), e);
      }
      if (FAILURE_LOGGED.compareAndSet(false, true)) {
        LOG.log(
            Level.WARNING,
            "searches run on backend %s, because %s cannot serve: %s"
                .formatted(
                    Backends.bestBelow(backend.priority()).name(), backend.name(), e.getMessage()));
      }
      return next().search(queries, options);
    }
  }

  private Searcher next() {
    var known = next;
    if (known == null) {
      next = known = Backends.chooseBelow(backend.priority(), data).searcher();
    }
    return known;
  }

  private SearchResult onDevice(
      VectorSource queries, SearchOptions options, long allowed, int k, SearchClock clock) {
    var stop = new StopSignal(options);
    stop.check();
    var answers = new Neighbors[Math.toIntExact(queries.size())];
    var tally = new DeviceSearch.Tally(clock);
    if (answers.length > 0) {
      if (k == 0) {
        for (int q = 0; q < answers.length; q++) {
          VectorDataException.requireFinite(queries, q, queries.row(q));
        }
        Arrays.fill(answers, new Neighbors(metric, new long[0], new double[0]));
      } else {
        // Throws if the source was closed: a copy on the device must not outlive it.
        var _ = rows.block(0, 1).data().get(ValueLayout.JAVA_BYTE, 0);
        var resident = resident();
        if (resident == null) {
          streamed(queries, options, k, answers, tally, stop);
        } else {
          try {
            search(resident, queries, options, allowed, k, answers, tally, stop);
          } finally {
            holder.unuse();
          }
        }
      }
    }
    return new SearchResult(
        List.of(answers),
        SearchReport.of(backend.name(), data.spec().toString())
            .withBounds(List.of(bound(tally).split(", ", -1)))
            .withWork(Work.ofScan(allowed * queries.size(), tally.candidates, tally.fallbacks))
            .withProved(true)
            .withBatched(queries.size()));
  }

  private static String bound(DeviceSearch.Tally tally) {
    if (!tally.scanned) {
      return "float64";
    }
    return tally.fallbacks > 0 || tally.direct ? "int8, float64" : "int8";
  }

  /** In groups, each as large as memory for lists allows. */
  private void search(
      Resident resident,
      VectorSource queries,
      SearchOptions options,
      long allowed,
      int k,
      Neighbors[] answers,
      DeviceSearch.Tally tally,
      StopSignal stop) {
    int group =
        DeviceSearch.groupSize(k, rows.dimension(), queries.size(), SearchPool.listBytes(gpu));
    for (int first = 0; first < answers.length; first += group) {
      stop.check();
      var part = queries.slice(first, Math.min(group, answers.length - first));
      int at = first;
      SearchPool.of(gpu)
          .with(
              part.size() <= DeviceSearch.FEW,
              search ->
                  search.search(
                      resident,
                      part,
                      k,
                      options.filter(),
                      allowed,
                      answers,
                      at,
                      tally,
                      tuning,
                      stop));
    }
    stop.check();
  }

  /** What is loaded, in use until {@code unuse}; null if it does not fit. */
  private @Nullable Resident resident() {
    var known = holder.use();
    if (known != null) {
      gpu.ledger().used(holder);
      return known;
    }
    if (tuning.chunkRows() > 0
        || rows.size() > Integer.MAX_VALUE // kernels count rows in 32 bits
        || Resident.bytes(rows, rows.size()) > gpu.ledger().budget() - SearchPool.reserved(gpu)) {
      return null;
    }
    synchronized (this) { // one thread loads
      known = holder.use();
      if (known == null) {
        DeviceCopies.awaitFreed(); // else what is about to go could leave no room
        known = Resident.load(gpu, rows, 0, rows.size(), metric, centre());
        holder.put(known);
      }
    }
    gpu.ledger().used(holder);
    return known;
  }

  private float[] centre() {
    if (shadow instanceof Int8Shadow codes) {
      return codes.centre();
    }
    try {
      return Int8Shadow.chooseCentre(rows, metric);
    } catch (VectorDataException e) {
      return new float[rows.dimension()]; // a row is not finite; searches that may return it say so
    }
  }

  /** Chunk after chunk: the next is loaded while one is searched. */
  private void streamed(
      VectorSource queries,
      SearchOptions options,
      int k,
      Neighbors[] answers,
      DeviceSearch.Tally tally,
      StopSignal stop) {
    long bytes = Math.min(CHUNK_BYTES, (gpu.ledger().budget() - SearchPool.reserved(gpu)) / 3);
    long rowBytes = Resident.bytes(rows, 1024) / 1024 + 1;
    long chunk =
        tuning.chunkRows() > 0 ? tuning.chunkRows() : Math.max(bytes / rowBytes / 64 * 64, 64);
    var best = new TopK[answers.length];
    Arrays.setAll(best, q -> new TopK(k));
    var centre = centre();
    var filter = options.filter();
    var coming = load(0, chunk, centre);
    try {
      for (long first = 0; first < rows.size(); first += chunk) {
        try (var resident = await(coming)) {
          long from = first;
          coming = first + chunk < rows.size() ? load(first + chunk, chunk, centre) : null;
          var part = filter == null ? null : filter.slice(first, resident.size());
          long allowed = part == null ? resident.size() : part.count();
          if (allowed > 0) {
            var found = new Neighbors[answers.length];
            search(
                resident,
                queries,
                part == null ? options : options.among(part),
                allowed,
                (int) Math.min(k, allowed),
                found,
                tally,
                stop);
            for (int q = 0; q < found.length; q++) {
              for (int rank = 0; rank < found[q].size(); rank++) {
                best[q].offer(found[q].key(rank), from + found[q].row(rank));
              }
            }
          }
        }
      }
    } finally {
      if (coming != null) {
        discard(coming);
      }
    }
    for (int q = 0; q < answers.length; q++) {
      var found = new long[best[q].size()];
      var keys = new double[found.length];
      best[q].drain(found, keys);
      answers[q] = new Neighbors(metric, found, keys);
    }
  }

  private CompletableFuture<Resident> load(long first, long chunk, float[] centre) {
    long count = Math.min(chunk, rows.size() - first);
    return CompletableFuture.supplyAsync(
        () -> Resident.load(gpu, rows, first, count, metric, centre));
  }

  /** Returns when it has ended: until then it reads rows, which the caller may close next. */
  private static void discard(CompletableFuture<Resident> coming) {
    try {
      coming.join().close();
    } catch (CompletionException e) {
      LOG.log(Level.DEBUG, "a chunk that nobody waited for was not loaded", e);
    }
  }

  private static Resident await(@Nullable CompletableFuture<Resident> coming) {
    if (coming == null) {
      throw new IllegalStateException("no chunk is on its way");
    }
    try {
      return coming.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
