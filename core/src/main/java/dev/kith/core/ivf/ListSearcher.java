package dev.kith.core.ivf;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.exact.Candidates;
import dev.kith.core.exact.Decider;
import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Bound;
import dev.kith.core.recall.Difficulty;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
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
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Nearest rows by probing lists: those whose centres are nearest to a query are read first, by
 * their codes, and the canonical keys of what the codes cannot exclude decide. Asked for a number
 * of lists, it reads those, and more only while they have fewer than {@code k} rows that a filter
 * lets through. Asked for a recall, it reads the first few, and then those whose centres are no
 * farther than the ratio of the k-th distance that the index measured for such queries; what was
 * not measured to reach the recall is answered exactly. Asked for the exact answer, it goes on
 * until a certain bound excludes each list that is left.
 */
public final class ListSearcher implements Searcher {
  /*
   * Implementation notes
   *
   * Rounds. A batch probes in rounds: the first list of each query, the second, two more, four
   * more. In a round the lists are taken one by one, each with all queries that probe it, so that
   * its codes are read once and, where several queries meet, multiplied as a tile. Query after
   * query would read a list again for each; all probes of all queries in one round would meet lists
   * far from a query first, when its threshold excludes nothing. After the nearest list the
   * threshold is close to what it will be in the end.
   *
   * Certain and not. The order of probes is a guess: centres, and no radii, for a large radius
   * would bring a far list forward (measured [1]). Whether a list may be left out is none: its
   * bound [2] is compared with tau just before the list is read, so that a list that has become
   * superfluous is skipped. Skipped lists count as probed: which they are depends on the threads,
   * and the answer must not.
   *
   * The exact answer. After FIRST_PROBES probes the lists that are left are read for the queries
   * whose bound does not exclude them, in any order, since tau hardly falls any more. Bounds are
   * computed again for each list rather than kept. On text they exclude nothing, and the search
   * becomes a scan of all codes in another order [1]: a single query reads neighbouring lists as
   * one stretch of panels.
   *
   * A recall. How far to read is decided once for a query, after its first lists, by the canonical
   * keys of the k nearest rows in them. The threshold of a scan would serve as well, and costs
   * nothing, but it depends on threads and batches, and the lists that are read must not. For the
   * same reason a caller's limit is left alone. With a filter the share of rows that pass is taken
   * to be the smaller of that of all rows and that of the first lists (ListRules).
   *
   * Candidates are those of the exact scan, with a list for each worker and query, and so is the
   * decision. tau is shared among workers by a Limit, the caller's or one of the search's own. A
   * query whose codes bound too little, when the exact answer is wanted, is answered by a scan of
   * the rows; otherwise its candidates settle, for the lists that are read are few.
   *
   * Filters. A filter is brought into the order of the lists, a list at a time, when the list is
   * first met. Lists without a row that passes are not probed. Where so few rows pass that reading
   * them all costs less than probing, the scan answers, and the answer is exact.
   *
   * [1] docs/results/lists-cpu.md
   * [2] docs/exactness.md, section 7
   */

  /** Most queries that are searched together. */
  private static final int GROUP = 1024;

  /** Most memory of a group's products with centres, and of its candidates. */
  private static final long GROUP_BYTES = 1 << 28;

  /** Most threads a core: more only cost memory. */
  private static final int THREADS_PER_CORE = 4;

  /** Multiplications of elements that make another worker pay, as in a scan. */
  private static final long WORK = 1 << 18;

  /** Probes of a query before an exact search looks at all lists that are left. */
  private static final int FIRST_PROBES = 8;

  /** Lists that are left which a worker takes at once. */
  private static final int REST = 16;

  /** Length that a list of candidates may always reach. */
  private static final int CANDIDATES = 1024;

  /** Share of the rows from which on candidates cost more than a scan of the rows. */
  private static final int FALLBACK_SHARE = 32;

  /** Bytes of a row's element beside those of its codes, where rows are float32. */
  private static final int ROW_COST = 4;

  /** Bound of rows by their codes where the answer need not be the exact one. */
  private static final Bound USUAL = new Bound.Probable(3);

  /** Probes that read every list. */
  private static final int ALL = Integer.MAX_VALUE - 1;

  /** Most idle workspaces kept. */
  private static final int IDLE = 2 * Runtime.getRuntime().availableProcessors();

  private final String backend;
  private final ListData data;
  private final Kernels kernels;
  private final ListOrder order;
  private final ListBound bound;
  private final ListCodes.Sieve sieve;
  private final MemorySegment centres;
  private final ExactScan exact;
  private volatile @Nullable ListRules rules;
  private final ConcurrentLinkedDeque<Group> idle = new ConcurrentLinkedDeque<>();

  /**
   * Creates a search of {@code data} with the loops of {@code kernels}.
   *
   * @param backend name for reports
   */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public ListSearcher(Kernels kernels, String backend, ListData data) {
    this.backend = backend;
    this.data = data;
    this.kernels = kernels;
    this.order = data.order();
    this.bound = data.bound();
    this.sieve = data.codes().sieve(kernels);
    this.centres = data.centres();
    this.exact = new ExactScan(kernels, backend, new FlatData(data.rows(), data.metric(), null));
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, data.rows());
    var filter = options.filter();
    long allowed = filter == null ? data.rows().size() : filter.count();
    var plan = plan(options, allowed);
    if (scans(plan, filter, allowed)) {
      var result = exact.search(queries, options);
      var report = result.report();
      return new SearchResult(
          result.neighbors(),
          report(queries).withBounds(report.bounds()).withWork(report.work()).withProved(true));
    }
    var search = new Search(options, plan, allowed);
    int count = Math.toIntExact(queries.size());
    var answers = new Neighbors[count];
    long bytes = 16L * order.lists() + 64L * search.k * search.workers + sieve.bytes();
    int size = Math.clamp(GROUP_BYTES / bytes, 1, GROUP);
    for (int first = 0; first < count; first += size) {
      int some = Math.min(size, count - first);
      search.group(queries.slice(first, some), answers, first);
    }
    return new SearchResult(
        List.of(answers),
        report(queries)
            .withBounds(search.bounds)
            .withWork(search.work)
            .withProved(search.proved)
            .withMiss(plan.miss())
            .withExpectedRecall(expected(plan, search.expected)));
  }

  private static @Nullable ExpectedRecall expected(Plan plan, List<ExpectedRecall> queries) {
    var miss = plan.miss();
    if (plan.rules() != null) {
      return ExpectedRecall.mean(queries);
    }
    return miss == null ? null : new ExpectedRecall(1 - miss, 1 - miss, 1);
  }

  private SearchReport report(VectorSource queries) {
    return SearchReport.of(backend, data.spec().toString()).withBatched(queries.size());
  }

  /**
   * What an effort comes to.
   *
   * @param probes lists to read, about; {@link Integer#MAX_VALUE} for the exact answer
   * @param bound by which rows are excluded
   * @param miss probability with which a row of the exact answer is missed, or null if unknown
   * @param rules by which a query's lists are told, or null for {@code probes} of them
   */
  private record Plan(int probes, Bound bound, @Nullable Double miss, @Nullable ListRules rules) {
    static final Plan EXACT = new Plan(Integer.MAX_VALUE, Bound.CERTAIN, null, null);
  }

  private Plan plan(SearchOptions options, long allowed) {
    return switch (options.effort()) {
      case Effort.Exact _ -> Plan.EXACT;
      case Effort.Recall recall ->
          data.spec().sweeps()
              ? plan(recall.target())
              : plan(recall.target(), options.k(), allowed);
      case Effort.Probes probes -> {
        if (data.spec().sweeps()) {
          throw new IllegalArgumentException(
              "an index %s has no lists to probe: ask for a recall".formatted(data.spec()));
        }
        yield new Plan(Math.min(probes.lists(), ALL), USUAL, null, null);
      }
      case Effort.Beam _ ->
          throw new IllegalArgumentException(
              "an index %s has no beam: ask for a recall%s"
                  .formatted(data.spec(), data.spec().sweeps() ? "" : " or for lists to probe"));
    };
  }

  /**
   * A sweep of randomly rotated codes meets a recall by its bound alone: a row of the exact answer
   * is missed only if its bound is wrong.
   */
  private Plan plan(double recall) {
    double miss = 1 - recall;
    if (!sieve.random() || !(miss > 0)) {
      return Plan.EXACT;
    }
    var bound = Bound.within(miss / sieve.bounds(), sieve.dimension());
    double most = sieve.bounds() * bound.miss(sieve.dimension());
    return bound instanceof Bound.Certain ? Plan.EXACT : new Plan(ALL, bound, most, null);
  }

  /** Lists meet a recall as they were measured to, or else exactly. */
  private Plan plan(double recall, int k, long allowed) {
    var curve = data.curve();
    if (curve == null || allowed == 0) {
      return Plan.EXACT;
    }
    var known = rules;
    if (known == null || known.target() != recall) {
      known = new ListRules(curve, recall);
      rules = known; // another thread may do the same: either will do
    }
    double lists = known.lists(k, allowed / (double) order.rows());
    return lists == 0 ? Plan.EXACT : new Plan((int) Math.ceil(lists), USUAL, null, known);
  }

  /** Whether reading all rows that a filter lets through costs less than probing. */
  private boolean scans(Plan plan, @Nullable RowFilter filter, long allowed) {
    int lists = order.lists();
    int probes = plan.probes();
    boolean whole = probes == Integer.MAX_VALUE;
    if (allowed == 0 || lists == 0 || (whole && !sieve.proves())) {
      return true;
    }
    double read = (double) Math.min(probes, lists) * order.rows() / lists;
    return filter != null && ROW_COST * (double) allowed <= ROW_COST * (double) lists + read;
  }

  /**
   * The same index with a curve that is measured on queries that were asked, and on rows moved off
   * the others.
   */
  @Override
  public ListData calibrated(VectorSource queries, BuildOptions options) {
    Searcher.requireFits(queries, SearchOptions.nearest(1), data.rows());
    if (data.spec().sweeps()) {
      throw new IllegalArgumentException(
          "there is no recall to calibrate: an index %s meets one by its bounds"
              .formatted(data.spec()));
    }
    CalibrationSample.requireEnough(queries);
    if (order.lists() == 0) {
      return data;
    }
    var sample =
        CalibrationSample.ofQueries(
            data.rows(), data.metric(), queries, CalibrationSample.MOST, kernels, options);
    sample.addOffTheRows(data.spec().seed());
    return data.withCurve(new ListCalibration(data, kernels).curve(sample, options));
  }

  @Override
  public long bytes() {
    return exact.bytes();
  }

  /** One call of {@link #search}: what it asks for, and what is counted for its report. */
  private final class Search {
    final SearchOptions options;
    final StopSignal stop;
    final int k;
    final int workers;
    final int probes;
    final @Nullable ListRules rules;

    /** Share of the rows that a filter lets through. */
    final double share;

    /** What is expected of each query so far, if a recall was asked for. */
    final List<ExpectedRecall> expected = new ArrayList<>();

    final @Nullable ListFilter filter;
    final @Nullable Limit limit;
    final Set<String> bounds = new TreeSet<>();
    Work work = Work.NONE;
    final Bound bound;
    boolean proved;

    Search(SearchOptions options, Plan plan, long allowed) {
      var only = options.filter();
      int cores = Runtime.getRuntime().availableProcessors();
      this.options = options;
      this.probes = plan.probes();
      this.bound = plan.bound();
      this.rules = plan.rules();
      this.share = allowed / (double) order.rows();
      // Codes of blocks are certain of little, and are asked for what is probable.
      this.proved = whole() || data.spec().codes().panels();
      this.stop = new StopSignal(options);
      this.k = (int) Math.min(options.k(), allowed);
      this.workers =
          options.threads() == 0 ? cores : Math.min(options.threads(), THREADS_PER_CORE * cores);
      this.filter = only == null ? null : new ListFilter(only, order, data.codes().positions());
      this.limit = rules == null ? options.limit() : null;
      bounds.add(sieve.bound());
    }

    /** Whether the exact answer is wanted. */
    boolean whole() {
      return probes == Integer.MAX_VALUE;
    }

    int workersFor(double multiplications) {
      return Math.clamp((long) (multiplications / WORK), 1, workers);
    }

    /** Number of a list's rows that may be returned. */
    int rows(int list) {
      return filter == null ? order.size(list) : filter.count(list);
    }

    void group(VectorSource queries, Neighbors[] answers, int first) {
      int count = (int) queries.size();
      boolean single = count == 1;
      Group group = single ? idle.poll() : null;
      if (group == null) {
        group = new Group(count);
      }
      group.search(this, queries, first);
      // A limit has a key for each query of the call, and a scan answers one of them.
      var alone = options.withLimit(null);
      for (int q = 0; q < count; q++) {
        var answer = group.answers[q];
        if (rules != null) {
          expected.add(group.expected[q]);
        }
        if (answer == null) {
          var all = exact.search(queries.slice(q, 1), alone);
          answer = all.neighbors().getFirst();
          work = work.plus(all.report().work()).plus(Work.ofScan(0, 0, 1));
          bounds.addAll(all.report().bounds());
        }
        answers[first + q] = answer;
      }
      if (single && idle.size() < IDLE) {
        group.answers[0] = null;
        idle.push(group); // not after a failure: what that left is unknown
      }
    }
  }

  /** Workspace of queries that are searched together; serves one search after another. */
  private final class Group {
    private final int count;
    private final ListCodes.Pass pass;
    private final ListBound.Query[] queries;
    private final float[][] dots;
    private final ProbeOrder[] orders;

    /** Bits of the lists that a query has taken, {@code [query][list / 64]}. */
    private final long[][] taken;

    private final int[] probed;
    private final long[] met;

    /** Rows of the lists that were taken, whether they pass or not. */
    private final long[] seen;

    /** Order of each query's nearest centre. */
    private final float[] nearest;

    /** Order of centres up to which lists are read. */
    private final float[] reach;

    final ExpectedRecall[] expected;

    /** Whether the recall is beyond lists for a query, so that a scan must answer it. */
    private final boolean[] beyond;

    final @Nullable Neighbors[] answers;
    private final List<Worker> workers = new ArrayList<>();

    /** Lists to read, each with a query: the list in the upper half. */
    private long[] pairs = new long[64];

    private int pairCount;

    /** Where the pairs of each list begin. */
    private int[] runs = new int[64];

    private final AtomicInteger next = new AtomicInteger();

    Group(int count) {
      int lists = order.lists();
      this.count = count;
      this.pass = sieve.pass(count);
      this.queries = new ListBound.Query[count];
      this.dots = new float[count][lists];
      this.orders = new ProbeOrder[count];
      this.taken = new long[count][(lists + 63) / 64];
      this.probed = new int[count];
      this.met = new long[count];
      this.seen = new long[count];
      this.nearest = new float[count];
      this.reach = new float[count];
      this.expected = new ExpectedRecall[count];
      this.beyond = new boolean[count];
      this.answers = new Neighbors[count];
      Arrays.setAll(queries, _ -> bound.new Query());
      Arrays.setAll(orders, _ -> new ProbeOrder(lists));
    }

    /** Fills {@link #answers}; null stands for a query that a scan of the rows must answer. */
    void search(Search search, VectorSource given, int first) {
      for (int q = 0; q < count; q++) {
        VectorDataException.requireFinite(given, q, given.row(q));
      }
      pass.start(given, search.bound);
      int d = data.rows().dimension();
      double centre = (double) order.lists() * d;
      while (workers.size() < search.workers) {
        workers.add(new Worker());
      }
      var limit = search.limit;
      // Fewer rows than were asked for say nothing about those of other sources.
      boolean gives = limit == null || search.k == search.options.k();
      var shared = limit == null ? new Limit(count) : limit;
      for (var worker : workers) {
        worker.start(search, shared, limit == null ? 0 : first, gives);
      }
      each(search, count, search.workersFor(count * centre), Worker::aim);
      var rules = search.rules;
      int probes =
          search.whole()
              ? FIRST_PROBES
              : rules == null ? search.probes : Math.min(ListCalibration.FIRST, rules.most());
      rounds(search, 1, probes, true);
      if (rules != null) {
        each(search, count, search.workersFor(count * 64.0 * d), Worker::judge);
        if (probes < rules.most()) {
          rounds(search, 2 * probes, rules.most(), false);
        }
      }
      if (search.whole()) {
        double left = (double) count * order.rows() * d;
        int parts = (order.lists() + REST - 1) / REST;
        each(search, parts, search.workersFor(left), Worker::readRest);
      }
      each(search, count, Math.min(count, search.workersFor(count * 64.0 * d)), Worker::decide);
      for (var worker : workers) {
        search.work =
            search.work.plus(
                new Work(worker.rowsRead, worker.rescorer.count(), 0, worker.listsRead, 0));
      }
      if (!search.whole() && data.spec().codes().panels()) {
        for (int q = 0; q < count && (search.proved || rules != null); q++) {
          double tau = limit == null ? Double.POSITIVE_INFINITY : limit.key(first + q);
          boolean one = proved(q, search, tau);
          search.proved &= one;
          expected[q] = one ? ExpectedRecall.EXACT : expected[q];
        }
      }
    }

    /**
     * Probes in rounds until each query has read {@code probes} lists, or those in its reach.
     *
     * @param from probes after the first round
     * @param fills whether lists are read beyond those while they have fewer rows than are wanted
     */
    private void rounds(Search search, int from, int probes, boolean fills) {
      double usual = (double) order.rows() / order.lists() * data.rows().dimension();
      for (int target = Math.min(from, probes); ; target = (int) Math.min(2L * target, probes)) {
        draw(search, target, fills && target == probes);
        if (pairCount > 0) {
          int parts = count == 1 ? pairCount : runs();
          each(search, parts, search.workersFor(pairCount * usual), Worker::read);
        } else if (!fills) {
          break; // nothing is left in reach
        }
        if (target == probes) {
          break;
        }
      }
    }

    /** One thing that a worker does with part {@code i} of a search. */
    private interface Step {
      void run(Worker worker, Search search, int i);
    }

    /** Shares {@code parts} parts of a step out to workers. */
    private void each(Search search, int parts, int most, Step step) {
      next.set(0);
      Workers.run(
          Math.clamp(parts, 1, most),
          w -> {
            var worker = workers.get(w);
            for (int i; (i = next.getAndIncrement()) < parts; ) {
              search.stop.check();
              step.run(worker, search, i);
            }
          },
          search.stop::abandon);
    }

    /**
     * Takes lists for each query until it has probed {@code target}.
     *
     * @param last whether no more will be taken, so that the rows of all must be enough
     */
    private void draw(Search search, int target, boolean last) {
      pairCount = 0;
      for (int q = 0; q < count; q++) {
        var from = orders[q];
        while (from.size() > 0
            && ((probed[q] < target && from.nearest() <= reach[q])
                || (last && met[q] < search.k))) {
          int list = from.next();
          seen[q] += order.size(list);
          taken[q][list >> 6] |= 1L << list;
          int rows = search.rows(list);
          if (rows > 0) {
            probed[q]++;
            met[q] += rows;
            if (pairCount == pairs.length) {
              pairs = Arrays.copyOf(pairs, 2 * pairs.length);
            }
            pairs[pairCount++] = (long) list << 32 | q;
          }
        }
      }
    }

    /** Sorts pairs by list; returns the number of lists. */
    private int runs() {
      Arrays.sort(pairs, 0, pairCount);
      int found = 0;
      for (int i = 0; i < pairCount; i++) {
        if (i == 0 || pairs[i] >>> 32 != pairs[i - 1] >>> 32) {
          if (found + 1 >= runs.length) {
            runs = Arrays.copyOf(runs, 2 * runs.length);
          }
          runs[found++] = i;
        }
      }
      runs[found] = pairCount;
      return found;
    }

    /** Whether the bound excludes each list that was not taken. */
    private boolean proved(int q, Search search, double limit) {
      var answer = answers[q];
      if (answer == null) {
        return true; // a scan will answer
      }
      double tau = answer.size() == search.k ? Math.min(limit, answer.key(search.k - 1)) : limit;
      var left = orders[q];
      for (int i = 0; i < left.size(); i++) {
        int list = left.left(i);
        if (!(queries[q].lower(list, dots[q][list]) > tau) && search.rows(list) > 0) {
          return false;
        }
      }
      return true;
    }

    /** One worker: its loops, its candidates, and what it counts. */
    private final class Worker {
      private final ListCodes.Scanner scanner = pass.scanner();
      private final Rescorer rescorer = new Rescorer(data.rows(), data.metric(), kernels.keys());
      private final Candidates[] candidates = new Candidates[count];
      private final Decider decider = new Decider(data.metric(), rescorer);
      private final int[] chosen = new int[count];
      long rowsRead;
      long listsRead;

      Worker() {
        Arrays.setAll(candidates, _ -> new Candidates(rescorer));
      }

      void start(Search search, Limit limit, int first, boolean gives) {
        rescorer.start(search.stop);
        rowsRead = 0;
        listsRead = 0;
        long least = Math.min(Math.max(CANDIDATES, 2L * search.k), 1 << 30);
        long memory = GROUP_BYTES / (16L * count * search.workers);
        long most =
            search.whole()
                ? Math.max(least, Math.min(order.rows() / FALLBACK_SHARE, memory))
                : least;
        for (int q = 0; q < count; q++) {
          candidates[q].start(pass.query(q), search.k, (int) most, !search.whole());
          candidates[q].share(limit, first + q, gives);
          if (search.whole() && !pass.bounded(q)) {
            candidates[q].giveUp();
          }
        }
      }

      /** Multiplies a query with all centres, and orders the lists. */
      void aim(Search search, int q) {
        var query = queries[q];
        query.set(pass.query(q));
        int lists = order.lists();
        kernels.rows().dots(query.probe(), centres, 4L * query.probe().length, lists, dots[q]);
        var into = orders[q];
        into.clear();
        for (int list = 0; list < lists; list++) {
          into.add(list, query.order(list, dots[q][list]));
        }
        into.order();
        pass.aim(q, into.left(0));
        nearest[q] = into.nearest();
        reach[q] = Float.POSITIVE_INFINITY;
        expected[q] = ExpectedRecall.EXACT;
        beyond[q] = false;
        seen[q] = 0;
        Arrays.fill(taken[q], 0);
        probed[q] = 0;
        met[q] = 0;
      }

      /** Tells, of what the first lists brought, how far a query must read. */
      void judge(Search search, int q) {
        var found = decide(q, search.k);
        var query = queries[q];
        reach[q] = Float.NEGATIVE_INFINITY;
        if (found == null || found.size() < search.k) {
          return; // a scan answers, or fewer rows pass and all of them were met
        }
        double farthest = query.squaredDistance(found.key(search.k - 1));
        double seed = Math.max(0, nearest[q] + query.offset());
        var shown = new Difficulty(farthest, query.squaredDistance(found.key(0)), seed, seen[q]);
        double near = search.filter == null ? 1 : met[q] / (double) seen[q];
        var far =
            ListCalibration.told(shown, query) && search.rules != null
                ? search.rules.reach(search.k, Math.min(search.share, near), shown)
                : null;
        if (far == null) {
          beyond[q] = true;
        } else {
          reach[q] = (float) (far.squaredRatio() * farthest - query.offset());
          expected[q] = far.expected();
        }
      }

      /** Reads a list for the queries that drew it. */
      void read(Search search, int part) {
        int from = count == 1 ? part : runs[part];
        int to = count == 1 ? part + 1 : runs[part + 1];
        int list = (int) (pairs[from] >>> 32);
        int some = 0;
        for (int i = from; i < to; i++) {
          int q = (int) pairs[i];
          if (!excluded(q, list)) {
            chosen[some++] = q;
          }
        }
        scan(search, list, list + 1, some);
      }

      /** Reads some lists for the queries that have not taken them, and that may need them. */
      void readRest(Search search, int part) {
        int first = part * REST;
        int end = Math.min(first + REST, order.lists());
        if (count == 1) {
          // Lists one behind the other are read as one.
          for (int list = first, from = first; list <= end; list++) {
            if (list == end || !wanted(search, 0, list)) {
              chosen[0] = 0;
              scan(search, from, list, from < list ? 1 : 0);
              from = list + 1;
            }
          }
          return;
        }
        for (int list = first; list < end; list++) {
          int some = 0;
          for (int q = 0; q < count; q++) {
            if (wanted(search, q, list)) {
              chosen[some++] = q;
            }
          }
          scan(search, list, list + 1, some);
        }
      }

      private boolean wanted(Search search, int q, int list) {
        return (taken[q][list >> 6] >>> list & 1) == 0
            && !excluded(q, list)
            && search.rows(list) > 0;
      }

      /** Whether the bound excludes a list, or a query's answer is sought elsewhere. */
      private boolean excluded(int q, int list) {
        var found = candidates[q];
        return found.gaveUp() || queries[q].lower(list, dots[q][list]) > found.tau();
      }

      /** Scans lists for the {@code some} queries that were chosen. */
      private void scan(Search search, int first, int end, int some) {
        if (some == 0) {
          return;
        }
        var filter = search.filter;
        for (int list = first; list < end; list++) {
          rowsRead += (long) search.rows(list) * some;
        }
        listsRead += (long) (end - first) * some;
        scanner.scan(
            first,
            end,
            chosen,
            some,
            filter == null ? MemorySegment.NULL : filter.bits(),
            candidates);
        for (int i = 0; i < some; i++) {
          candidates[chosen[i]].publish();
        }
      }

      /** Decides a query. */
      void decide(Search search, int q) {
        answers[q] = beyond[q] ? null : decide(q, search.k);
      }

      private @Nullable Neighbors decide(int q, int k) {
        return decider.decide(pass.query(q), k, workers.size(), w -> workers.get(w).candidates[q]);
      }
    }
  }
}
