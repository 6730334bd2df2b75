package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Scorers;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
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
import dev.kith.core.work.BuildOptions;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Approximate nearest neighbours by walks through a graph: estimates by codes lead the walk, and
 * the best rows that it found get their canonical keys.
 */
public final class GraphSearcher implements Searcher {
  /** Uses of a planner after which its costs are measured for the last time. */
  private static final int WARM = 500;

  /** Recalls whose rules are kept, at most. */
  private static final int KEPT_RULES = 64;

  private final SearchReport report;
  private final GraphData data;
  private final Kernels kernels;
  private final Scorers scorers;
  private final Scored scored;
  private final Entry entry;
  private final ExactScan exact;
  private volatile @Nullable FilterPlanner planner;
  private final AtomicInteger uses = new AtomicInteger();
  private final Map<Asked, Optional<FilterRules>> rules = new ConcurrentHashMap<>();
  private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

  /**
   * Creates a search of {@code data} with the loops of {@code kernels}.
   *
   * @param backend name for reports
   */
  public GraphSearcher(Kernels kernels, String backend, GraphData data) {
    this.report = SearchReport.of(backend, data.spec().toString());
    this.data = data;
    this.kernels = kernels;
    this.scorers = data.codes().scorers(kernels);
    this.scored = Scored.of(scorers);
    this.entry = data.entry(kernels);
    this.exact = new ExactScan(kernels, backend, new FlatData(data.rows(), data.metric(), null));
  }

  /** What one worker needs for its searches. */
  private final class Scratch {
    final Walk walk = new Walk(data.graph(), scorers);
    final Entry.Finder finder = entry.finder(walk.scorer());
    final Rescorer rescorer = new Rescorer(data.rows(), data.metric(), kernels.keys());
    final RatioWatch watch = new RatioWatch(scored);
    final FilteredWalk filtered = new FilteredWalk(walk);
    final FilterWatch filterWatch = new FilterWatch(scored);
    final float[] query = new float[data.rows().dimension()];
    final int[] line = new int[data.graph().degree()];

    long estimated() {
      return walk.estimated() + finder.estimated();
    }
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, data.rows());
    var plan = WalkPlan.of(options, data.curve(), data.spec());
    var filter = options.filter();
    if (plan == null) {
      return exact.search(queries, options);
    }
    var rules = filter == null || plan.rule() == null ? null : rules(options);
    if (filter != null
        && (plan.rule() == null
            ? planner().scans(filter, plan.width())
            : rules == null || planner().scans(filter, rules))) {
      return exact.search(queries, options);
    }
    return QueryWalks.run(
        queries,
        options,
        report,
        () -> {
          var scratch = idle.poll();
          return scratch == null ? new Scratch() : scratch;
        },
        idle::push,
        (scratch, q, stop) -> walk(scratch, queries, q, options, plan, rules, stop),
        exact::search);
  }

  /**
   * Planner of this index, which measures its costs when it is first needed, and twice more when
   * searches have warmed up what it measures.
   */
  FilterPlanner planner() {
    var known = planner;
    int use = uses.get() <= WARM ? uses.incrementAndGet() : 0;
    if (known == null || use == WARM / 10 || use == WARM) {
      known = FilterPlanner.measure(data, scorers, entry, exact);
      planner = known; // another thread may do the same: either will do
    }
    return known;
  }

  /** Sets the planner of filtered searches; for tests, whose costs must not depend on the load. */
  void plan(FilterPlanner another) {
    uses.set(WARM + 1);
    planner = another;
  }

  private QueryWalks.Walked walk(
      Scratch scratch,
      VectorSource queries,
      int q,
      SearchOptions options,
      WalkPlan plan,
      @Nullable FilterRules rules,
      StopSignal stop) {
    long hops = scratch.walk.hops();
    long estimated = scratch.estimated();
    scratch.rescorer.start(stop);
    var answer = answer(scratch, queries, q, options, plan, rules);
    var work =
        new Work(
            scratch.estimated() - estimated,
            scratch.rescorer.count(),
            scratch.walk.hops() - hops,
            0,
            0);
    return new QueryWalks.Walked(answer.found(), work, answer.width(), answer.expected());
  }

  /**
   * Answer to one query.
   *
   * @param found its neighbours, or null if a scan is to answer
   * @param expected recall that is expected, or null if it is unknown
   * @param width of the walk
   */
  private record Answer(@Nullable Neighbors found, @Nullable ExpectedRecall expected, int width) {}

  private Answer answer(
      Scratch scratch,
      VectorSource queries,
      int q,
      SearchOptions options,
      WalkPlan plan,
      @Nullable FilterRules rules) {
    var query = scratch.query;
    queries.block(q, 1).decodeRow(0, query, 0);
    VectorDataException.requireFinite(queries, q, query);
    if (data.graph().size() == 0) {
      return new Answer(null, null, 0);
    }
    int k = plan.k();
    scratch.walk.scorer().setQuery(query);
    var seeds = scratch.finder.find();
    int count = scratch.finder.found();
    var filter = options.filter();
    if (filter != null && rules != null) {
      return filtered(scratch, seeds, count, k, filter, rules);
    }
    if (filter != null) {
      var sift = planner().plan(filter, plan.width(), seeds, count, scratch.line);
      var found = sift == null ? null : sifted(scratch, seeds, count, k, plan.width(), sift);
      return new Answer(found, null, plan.width());
    }
    var watch = scratch.watch;
    var pool = scratch.walk.run(seeds, count, plan.width(), Graph.NONE, plan.start(watch), null);
    int width = plan.width(watch);
    if (plan.misses(watch) || pool.size() < Math.min(k, data.rows().size())) {
      return new Answer(null, null, width);
    }
    int keyed = Math.min(pool.size(), plan.scored(watch));
    var best = new TopK(Math.min(k, pool.size()));
    var nearest = pool.rows();
    var keys = new double[keyed];
    scratch.rescorer.keys(query, nearest, keyed, keys);
    for (int i = 0; i < keyed; i++) {
      best.offer(keys[i], nearest[i]);
    }
    return new Answer(best.drain(data.metric()), plan.expected(watch), width);
  }

  /** Answers by a walk to rows that pass, for a recall. */
  private Answer filtered(
      Scratch scratch, int[] seeds, int count, int k, RowFilter filter, FilterRules rules) {
    var walk = scratch.filtered;
    if (planner().scans(filter, rules, seeds, count, scratch.line)) {
      return new Answer(null, null, 0);
    }
    IntPredicate wanted = row -> filter.allows(row);
    var nearby = walk.begin(seeds, count, data.curve().widest(), Graph.NONE, wanted);
    var sift = planner().plan(filter, rules, nearby, wanted);
    if (sift == null) {
      return new Answer(null, null, 0);
    }
    var watch = scratch.filterWatch;
    var way = sift.twoHops() ? rules.twoHops() : rules.all();
    double overall = filter.count() / (double) filter.size();
    watch.start(way, nearby.share(overall), nearby.seed());
    var pool = walk.go(watch, sift);
    if (watch.misses() || pool.answers() < k) {
      return new Answer(null, null, watch.width());
    }
    var best = new TopK(k);
    offerNearest(scratch, pool, scored.of(way.k(), watch.width()), best);
    return new Answer(best.drain(data.metric()), watch.expected(), watch.width());
  }

  /** Offers the nearest {@code most} rows of a pool that may be answers. */
  private static void offerNearest(Scratch scratch, Pool pool, int most, TopK best) {
    int left = most;
    for (int i = 0; i < pool.size() && left > 0; i++) {
      if (!pool.aside(i)) {
        best.offer(scratch.rescorer.key(scratch.query, pool.row(i)), pool.row(i));
        left--;
      }
    }
  }

  /** Rules of a recall with a filter, or null if walks of this index were not measured for it. */
  private @Nullable FilterRules rules(SearchOptions options) {
    var curves = data.filtered();
    if (curves == null || !(options.effort() instanceof Effort.Recall recall)) {
      return null;
    }
    var asked = new Asked(options.k(), recall.target());
    var known = rules.get(asked);
    if (known == null) {
      known = Optional.ofNullable(FilterRules.of(data.curve(), curves, asked.k(), asked.target()));
      if (rules.size() >= KEPT_RULES) {
        rules.clear();
      }
      rules.put(asked, known);
    }
    return known.orElse(null);
  }

  /** What a search with a filter asked for. */
  private record Asked(int k, double target) {}

  /** Answers by a walk to the rows that {@code sift} wants. */
  private @Nullable Neighbors sifted(
      Scratch scratch, int[] seeds, int count, int k, int width, Sift sift) {
    var pool = scratch.walk.run(seeds, count, width, sift);
    if (pool.answers() < width) { // more rows pass: it was given up, or cut off
      return null;
    }
    var best = new TopK(k);
    offerNearest(scratch, pool, scored.of(k, width), best);
    return best.drain(data.metric());
  }

  /**
   * The same index with a curve that is measured on queries that were asked, and on rows moved off
   * the others.
   */
  @Override
  public GraphData calibrated(VectorSource queries, BuildOptions options) {
    Searcher.requireFits(queries, SearchOptions.nearest(1), data.rows());
    CalibrationSample.requireEnough(queries);
    var sample =
        CalibrationSample.ofQueries(
            data.rows(), data.metric(), queries, CalibrationSample.MOST, kernels, options);
    return Calibration.of(data, entry, kernels).measured(data, sample, options);
  }

  @Override
  public long bytes() {
    return 0;
  }
}
