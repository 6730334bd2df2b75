package dev.kith.core.exact;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.HalfShadow;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.search.Limit;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.TopK;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Exact nearest neighbours by reading every row, or its shadow, once for a group of queries.
 * Workers share out the rows; each keeps, for every query, the rows that the bound cannot exclude;
 * then the canonical key of those decides, in ascending order of their lower bound.
 *
 * <p>A query for which the shadow excludes too little is answered by a scan of the rows.
 */
public final class ExactScan implements Searcher {
  /** The most queries whose rows are read together; bounds the memory of packed queries. */
  private static final int GROUP = 1024;

  /**
   * For large k or dimensions there are fewer: heaps and lists take some 64 bytes times k a query
   * and worker, the query itself, as given and packed, up to 16 bytes an element.
   */
  private static final long GROUP_BYTES = 1 << 28;

  /** More threads than this many times the cores only cost memory. */
  private static final int THREADS_PER_CORE = 4;

  /** Products of elements that are worth another thread: to wake it takes as long (measured). */
  private static final long WORK = 1 << 18;

  /** A list of candidates this long may wait; several times what good bounds leave. */
  private static final int CANDIDATES = 1024;

  /** More candidates than one row in so many cost more to score than a scan of the rows. */
  private static final int FALLBACK_SHARE = 32;

  /** So many idle workspaces are kept. */
  private static final int IDLE = 2 * Runtime.getRuntime().availableProcessors();

  private final String backend;
  private final VectorSource rows;
  private final Metric metric;
  private final RowSieve byRows;
  private final @Nullable Sieve byShadow;
  private final String index;

  /** The most queries that the shadow serves faster than the rows. */
  private final int mostForShadow;

  /** Workspaces of single queries, used again: such a search allocates little but its answer. */
  private final ConcurrentLinkedDeque<Group> idleByRows = new ConcurrentLinkedDeque<>();

  private final ConcurrentLinkedDeque<Group> idleByShadow = new ConcurrentLinkedDeque<>();

  /**
   * Scans these rows with these loops.
   *
   * @param backend the name for reports
   */
  public ExactScan(Kernels kernels, String backend, FlatData data) {
    this.backend = backend;
    this.rows = data.rows();
    this.metric = data.metric();
    this.byRows = RowSieve.of(kernels, rows, metric);
    switch (data.shadow()) {
      case null -> {
        this.byShadow = null;
        this.mostForShadow = 0;
      }
      case Int8Shadow codes -> {
        this.byShadow = new PanelSieve(kernels.panels(), codes);
        this.mostForShadow = kernels.panels().mostQueries();
      }
      case HalfShadow halves -> {
        this.byShadow = RowSieve.of(kernels, halves);
        // Without loops for them, decoding costs more than the bytes save.
        this.mostForShadow = kernels.halves() == null ? 0 : Integer.MAX_VALUE;
      }
    }
    this.index = data.spec().toString();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, rows);
    var filter = options.filter();
    long allowed = filter == null ? rows.size() : filter.count();
    var search = new Search(options, allowed);
    var answers = new Neighbors[Math.toIntExact(queries.size())];
    long most =
        Math.min(
            GROUP_BYTES / (64L * Math.max(search.k, 1) * search.workers),
            GROUP_BYTES / (16L * rows.dimension()));
    int size = Math.clamp(most, 1, GROUP);
    for (int first = 0; first < answers.length; first += size) {
      int count = Math.min(size, answers.length - first);
      search.group(queries.slice(first, count), answers, first);
    }
    return new SearchResult(
        List.of(answers),
        SearchReport.of(backend, index)
            .withBounds(search.bounds)
            .withWork(Work.ofScan(search.rowsRead, search.rescored, search.fallbacks))
            .withProved(true)
            .withBatched(queries.size()));
  }

  @Override
  public long bytes() {
    return byRows.bytes();
  }

  /** One call: what it asks for, and what is counted for its report. */
  private final class Search {
    final StopSignal stop;
    final int k;

    /** How many neighbours were asked for, which may be more than there are rows. */
    final int wanted;

    final int workers;
    final @Nullable RowFilter filter;

    /** How many rows it lets through. */
    final long allowed;

    final @Nullable Limit limit;
    final Set<String> bounds = new TreeSet<>();
    long rowsRead;
    long rescored;
    long fallbacks;

    Search(SearchOptions options, long allowed) {
      this.stop = new StopSignal(options);
      this.allowed = allowed;
      this.k = (int) Math.min(options.k(), allowed);
      this.workers = workers(options.threads());
      this.filter = options.filter();
      this.limit = options.limit();
      this.wanted = options.k();
    }

    private static int workers(int threads) {
      int cores = Runtime.getRuntime().availableProcessors();
      return threads == 0 ? cores : Math.min(threads, THREADS_PER_CORE * cores);
    }

    /** As many as find enough to do. */
    int workersFor(int queries) {
      return Math.clamp(allowed * queries * rows.dimension() / WORK, 1, workers);
    }

    /** Answers a group, from {@code answers[first]} on. */
    void group(VectorSource queries, Neighbors[] answers, int first) {
      int count = (int) queries.size();
      if (k == 0) {
        bounds.add(byRows.bound());
        for (int q = 0; q < count; q++) {
          VectorDataException.requireFinite(queries, q, queries.row(q));
        }
        Arrays.fill(
            answers, first, first + count, new Neighbors(metric, new long[0], new double[0]));
        return;
      }
      if (byShadow != null && count <= mostForShadow && byShadow.suits(filter)) {
        var loose = run(byShadow, false, queries, answers, first);
        fallbacks += loose.size();
        for (int i = 0; i < loose.size(); i++) {
          // Those next to each other together: mostly all or none are loose.
          int from = i;
          while (i + 1 < loose.size() && loose.get(i + 1) == loose.get(i) + 1) {
            i++;
          }
          int start = loose.get(from);
          run(byRows, true, queries.slice(start, i - from + 1L), answers, first + start);
        }
      } else {
        run(byRows, true, queries, answers, first);
      }
    }

    /** Answers what this sieve can; returns the numbers of the other queries, if it is not last. */
    private List<Integer> run(
        Sieve sieve, boolean last, VectorSource queries, Neighbors[] answers, int first) {
      bounds.add(sieve.bound());
      var loose = new ArrayList<Integer>();
      int count = (int) queries.size();
      boolean single = count == 1;
      var idle = sieve.equals(byShadow) ? idleByShadow : idleByRows; // none is another's equal
      Group group = single ? idle.poll() : null;
      if (group == null) {
        group = new Group(sieve, count);
      }
      group.search(this, queries, first, last);
      for (int q = 0; q < count; q++) {
        var answer = group.answers[q];
        if (answer == null) {
          loose.add(q);
        } else {
          answers[first + q] = answer;
        }
      }
      if (single && idle.size() < IDLE) {
        group.pass.end();
        group.answers[0] = null;
        idle.push(group); // not after a failure: what that left is unknown
      }
      return loose;
    }
  }

  /** What the workers of one pass over the rows hold; may serve one search after another. */
  private final class Group {
    private final Sieve.Pass pass;
    private final int count;
    private final @Nullable Neighbors[] answers;
    private final List<Worker> workers = new ArrayList<>();
    private final AtomicLong nextBlock = new AtomicLong();
    private final AtomicInteger nextQuery = new AtomicInteger();

    Group(Sieve sieve, int count) {
      this.pass = sieve.pass(count);
      this.count = count;
      this.answers = new Neighbors[count];
    }

    /**
     * Fills {@link #answers}; null stands for a query that another sieve must answer.
     *
     * @param first the number of the first query among those of the search
     * @param last whether there is no other sieve
     */
    void search(Search search, VectorSource queries, int first, boolean last) {
      pass.start(queries, search.filter);
      int blockRows = pass.blockRows();
      long blocks = (rows.size() + blockRows - 1) / blockRows;
      int most = search.workersFor(count);
      int scanning = (int) Math.min(most, blocks);
      int deciding = Math.min(most, count);
      while (workers.size() < Math.max(scanning, deciding)) {
        workers.add(new Worker());
      }
      int limit = limit(search, last);
      for (int w = 0; w < workers.size(); w++) {
        workers.get(w).start(search, first, limit, last);
      }
      nextBlock.set(0);
      nextQuery.set(0);
      Workers.run(scanning, w -> workers.get(w).scan(search), search.stop::abandon);
      Workers.run(deciding, w -> workers.get(w).decide(search, scanning), search.stop::abandon);
      for (int w = 0; w < workers.size(); w++) {
        search.rescored += workers.get(w).rescorer.count();
        search.rowsRead += workers.get(w).scanner.rowsRead();
      }
    }

    /** How long a list of candidates may grow. */
    private int limit(Search search, boolean last) {
      long least = Math.min(Math.max(CANDIDATES, 2L * search.k), 1 << 30);
      if (last) {
        return (int) least;
      }
      long memory = GROUP_BYTES / (16L * count * search.workers);
      return (int) Math.max(least, Math.min(rows.size() / FALLBACK_SHARE, memory));
    }

    /** One worker: its loops, its candidates, and room to decide. */
    private final class Worker {
      private final Sieve.Scanner scanner = pass.scanner();
      private final Rescorer rescorer = new Rescorer(rows, metric);
      private final Candidates[] candidates = new Candidates[count];
      private final TopK best = new TopK(1);
      private final TopK order = new TopK(1);
      private long[] ordered = new long[32];
      private double[] lowers = new double[32];

      Worker() {
        Arrays.setAll(candidates, _ -> new Candidates(rescorer));
      }

      void start(Search search, int first, int longest, boolean last) {
        rescorer.start(search.stop);
        scanner.start();
        for (int q = 0; q < count; q++) {
          candidates[q].start(pass.query(q), search.k, longest, last);
          // Fewer rows than were asked for say nothing about those of other sources.
          candidates[q].share(search.limit, first + q, search.k == search.wanted);
          if (!last && !pass.bounded(q)) {
            candidates[q].giveUp();
          }
        }
      }

      /** This worker's share of the rows. */
      void scan(Search search) {
        int blockRows = pass.blockRows();
        long first;
        while ((first = nextBlock.getAndIncrement() * blockRows) < rows.size() && !allGaveUp()) {
          search.stop.check();
          if (search.filter == null || search.filter.allowsAny(first, blockRows)) {
            scanner.scan(first, (int) Math.min(blockRows, rows.size() - first), candidates);
            if (search.limit != null) {
              for (var each : candidates) {
                each.publish();
              }
            }
          }
        }
        scanner.end(candidates);
      }

      private boolean allGaveUp() {
        for (var each : candidates) {
          if (!each.gaveUp()) {
            return false;
          }
        }
        return true;
      }

      /** Answers queries until there is none left. */
      void decide(Search search, int scanning) {
        int q;
        while ((q = nextQuery.getAndIncrement()) < count) {
          search.stop.check();
          answers[q] = answer(q, search, scanning);
        }
      }

      private @Nullable Neighbors answer(int q, Search search, int scanning) {
        double tau = Double.POSITIVE_INFINITY;
        int waiting = 0;
        best.reset(search.k);
        for (int w = 0; w < scanning; w++) {
          var found = workers.get(w).candidates[q];
          if (found.gaveUp()) {
            return null;
          }
          found.settledTo(best);
          tau = Math.min(tau, found.tau());
          waiting = Math.addExact(waiting, found.size());
        }
        order.reset(Math.max(waiting, 1));
        for (int w = 0; w < scanning; w++) {
          workers.get(w).candidates[q].waitingTo(order, tau);
        }
        int n = order.size();
        if (n > ordered.length) {
          ordered = new long[n];
          lowers = new double[n];
        }
        order.drain(ordered, lowers);
        for (int i = 0; i < n && !(lowers[i] > best.bound()); i++) {
          double key = rescorer.key(pass.query(q), ordered[i]);
          if (key < lowers[i]) {
            throw new VectorDataException(
                "a row's key must not be below its proved bound: source=%s, row=%d, bound=%s, key=%s; the rows were changed or their shadow is damaged: verify it, or delete it and build it again"
                    .formatted(rows.name(), ordered[i], lowers[i], key));
          }
          best.offer(key, ordered[i]);
        }
        var nearest = new long[best.size()];
        var keys = new double[best.size()];
        best.drain(nearest, keys);
        return new Neighbors(metric, nearest, keys);
      }
    }
  }
}
