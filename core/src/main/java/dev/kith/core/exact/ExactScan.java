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
  /*
   * Implementation notes
   *
   * Filter, then refine. A sieve gives each row an interval that holds its canonical key. A row is
   * excluded once the lower end of its interval is above tau, the k-th smallest upper end seen [1].
   * The others are candidates, and get their canonical key in ascending order of their lower ends
   * until one exceeds the k-th best key: no order computes fewer keys from lower bounds alone [2].
   * With the rows' own products that is some k to k + 2 keys a query, so the float64 work hardly
   * counts.
   *
   * Groups, blocks, workers. Up to GROUP queries share one pass over the rows. Workers draw blocks
   * from one counter instead of owning a range each, so that a slow core delays nobody, and draw
   * the queries to decide from another. The textbook's heap shared by all threads is missing: each
   * worker has lists and a tau of its own for every query, and nothing is locked or fenced in the
   * loops. The price is a tau that falls more slowly, and so some more candidates; at the end the
   * smallest one holds for all workers, since any tau is one that k keys do not exceed. A Limit of
   * the caller's is read wherever tau is, and lowered after each block.
   *
   * Lists that grow. Where bounds exclude little, a list of the rows' sieve settles: its rows get
   * their keys at once and the k best stay, so that memory is in proportion to k. A list of the
   * shadow's sieve gives up instead: from one candidate in 32 rows on, a scan of the rows is
   * cheaper than the keys, and has tighter bounds [4]. Nothing of the first pass is used then.
   * Consecutive queries that gave up share the second pass; one that stands alone pays a whole one.
   *
   * Workspaces. A group of one query is pushed back when its search is over, so that single queries
   * allocate little but their answers; a larger group is allocated anew. A workspace whose search
   * threw is dropped, for what it holds is unknown. There is a worker for each WORK
   * multiplications, up to the threads allowed, and the caller's thread is one: a small search
   * wakes nobody.
   *
   * A key below its proved lower bound ends the search with an error: rows or codes have changed.
   * That sees the rows that are looked at and proves nothing of the others; Shadow.verify does.
   * Rows that are not finite have no bound, are candidates, and are named when their key is
   * computed [3].
   *
   * [1] docs/exactness.md, section 3, and "When the bound is loose"
   * [2] T. Seidl, H.-P. Kriegel: Optimal Multi-Step k-Nearest Neighbor Search, SIGMOD 1998
   * [3] docs/decisions/0004-finite-rows-are-checked-by-the-search.md
   * [4] docs/decisions/0008-int8-shadow-in-panels.md
   */

  /** Most queries that one pass over the rows serves; bounds the memory of packed queries. */
  private static final int GROUP = 1024;

  /**
   * Most memory of a group's lists, and of its queries: a large {@code k} or dimension makes groups
   * smaller. Heaps and lists take some {@code 64 k} bytes a query and worker, the query itself, as
   * given and packed, up to 16 bytes an element.
   */
  private static final long GROUP_BYTES = 1 << 28;

  /** Most threads a core: more only cost memory. */
  private static final int THREADS_PER_CORE = 4;

  /**
   * Multiplications of elements that make another worker pay: waking its thread takes as long
   * (measured).
   */
  private static final long WORK = 1 << 18;

  /** Length that a list of candidates may always reach; several times what good bounds leave. */
  private static final int CANDIDATES = 1024;

  /**
   * Share of the rows, one in {@code FALLBACK_SHARE}, from which on candidates cost more to score
   * than a scan of the rows.
   */
  private static final int FALLBACK_SHARE = 32;

  /** Most idle workspaces kept for either sieve. */
  private static final int IDLE = 2 * Runtime.getRuntime().availableProcessors();

  private final String backend;
  private final VectorSource rows;
  private final Metric metric;
  private final RowSieve byRows;
  private final @Nullable Sieve byShadow;
  private final String index;

  /** Most queries of a group for which a scan of the shadow is faster than one of the rows. */
  private final int mostForShadow;

  /**
   * Idle workspaces of single queries, reused so that such a search allocates little but its
   * answer.
   */
  private final ConcurrentLinkedDeque<Group> idleByRows = new ConcurrentLinkedDeque<>();

  private final ConcurrentLinkedDeque<Group> idleByShadow = new ConcurrentLinkedDeque<>();

  /**
   * Creates a search of {@code data} with the loops of {@code kernels}.
   *
   * @param backend name for reports
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

  /** One call of {@link #search}: what it asks for, and what is counted for its report. */
  private final class Search {
    final StopSignal stop;
    final int k;

    /** Neighbours asked for, perhaps more than the rows that {@link #k} is capped by. */
    final int wanted;

    final int workers;
    final @Nullable RowFilter filter;

    /** Number of rows that the filter lets through. */
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

    /** Number of workers that find enough to do in a pass for {@code queries} queries. */
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
          // Consecutive queries share a pass: mostly all or none are loose.
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

    /**
     * Answers the queries that {@code sieve} can; returns the numbers of the others, none if {@code
     * last}.
     */
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

  /** Workspace of one pass over the rows; serves one search after another. */
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

    /** Length from which on a list of candidates settles or gives up. */
    private int limit(Search search, boolean last) {
      long least = Math.min(Math.max(CANDIDATES, 2L * search.k), 1 << 30);
      if (last) {
        return (int) least;
      }
      long memory = GROUP_BYTES / (16L * count * search.workers);
      return (int) Math.max(least, Math.min(rows.size() / FALLBACK_SHARE, memory));
    }

    /** One worker: its loops, its candidates, and buffers to rank them. */
    private final class Worker {
      private final Sieve.Scanner scanner = pass.scanner();
      private final Rescorer rescorer = new Rescorer(rows, metric);
      private final Candidates[] candidates = new Candidates[count];
      private final Decider decider = new Decider(metric, rescorer);

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

      /** Scans blocks until none is left or every list gave up. */
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
        return decider.decide(pass.query(q), search.k, scanning, w -> workers.get(w).candidates[q]);
      }
    }
  }
}
