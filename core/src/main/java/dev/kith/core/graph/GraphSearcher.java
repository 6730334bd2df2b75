package dev.kith.core.graph;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Scorers;
import dev.kith.core.recall.StoppingRule;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
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
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Approximate nearest neighbours by walks through a graph: estimates by codes lead the walk, and
 * the best rows that it found get their canonical keys.
 */
public final class GraphSearcher implements Searcher {
  /** Rows of the pool that get their keys, at least; fewer lose what 4 bits confuse (measured). */
  private static final int RESCORED = 20;

  /** The same where codes are of projected rows, which tell less of a row (measured). */
  private static final int PROJECTED_RESCORED = 28;

  /** Queries that a calibration takes, at least. */
  private static final int FEWEST_QUERIES = 20;

  /** Share of the pool that gets its keys, at least: one row in {@code RESCORED_SHARE}. */
  private static final int RESCORED_SHARE = 4;

  private final SearchReport report;
  private final GraphData data;
  private final Kernels kernels;
  private final Scorers scorers;
  private final Entry entry;
  private final ExactScan exact;
  private volatile @Nullable FilterPlanner planner;
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
    this.entry = data.entry(kernels);
    this.exact = new ExactScan(kernels, backend, new FlatData(data.rows(), data.metric(), null));
  }

  /** What one worker needs for its searches. */
  private final class Scratch {
    final Walk walk = new Walk(data.graph(), scorers);
    final Entry.Finder finder = entry.finder(walk.scorer());
    final Rescorer rescorer = new Rescorer(data.rows(), data.metric(), kernels.keys());
    final RatioWatch watch = new RatioWatch(scored(0, 0, data.codes().axes()));
    final float[] query = new float[data.rows().dimension()];
    final int[] line = new int[data.graph().degree()];

    long estimated() {
      return walk.estimated() + finder.estimated();
    }
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, data.rows());
    int k = options.k();
    var plan =
        switch (options.effort()) {
          case Effort.Recall recall -> {
            var rule = data.curve().rule(k, recall.target());
            yield rule == null ? null : new Plan(k, data.curve().widest(), rule);
          }
          case Effort effort -> {
            int width = QueryWalks.width(effort, data.spec());
            yield width == 0 ? null : new Plan(k, Math.max(width, k), null);
          }
        };
    var filter = options.filter();
    // Rules were measured without filters.
    if (plan == null
        || (filter != null && (plan.rule() != null || planner().scans(filter, plan.width())))) {
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
        (scratch, q, stop) -> walk(scratch, queries, q, options, plan, stop),
        exact::search);
  }

  /** Planner of this index, which measures its costs when it is first needed. */
  private FilterPlanner planner() {
    var known = planner;
    if (known == null) {
      known =
          new FilterPlanner(
              data.graph(), WalkCosts.measure(data.rows(), data.graph(), scorers, exact));
      planner = known; // another thread may do the same: either will do
    }
    return known;
  }

  /** Sets the planner of filtered searches; for tests, whose costs must not depend on the load. */
  void plan(FilterPlanner another) {
    planner = another;
  }

  /**
   * How walks end: at a width, or by a rule.
   *
   * @param k number of neighbours asked for
   * @param width most rows that a walk keeps
   * @param rule rule for a recall, or null for a width
   */
  private record Plan(int k, int width, @Nullable StoppingRule rule) {}

  /**
   * Number of rows of a pool that get their keys, of a walk for {@code k} rows.
   *
   * @param axes dimensions that rows were projected to before they were coded, 0 for no projection
   */
  static int scored(int k, int width, int axes) {
    int least = axes > 0 ? PROJECTED_RESCORED : RESCORED;
    return Math.max(Math.max(least, 2 * k), width / RESCORED_SHARE);
  }

  private QueryWalks.Walked walk(
      Scratch scratch,
      VectorSource queries,
      int q,
      SearchOptions options,
      Plan plan,
      StopSignal stop) {
    long hops = scratch.walk.hops();
    long estimated = scratch.estimated();
    scratch.rescorer.start(stop);
    var answer = answer(scratch, queries, q, options, plan);
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
      Scratch scratch, VectorSource queries, int q, SearchOptions options, Plan plan) {
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
    if (filter != null) {
      var sift = planner().plan(filter, plan.width(), seeds, count, scratch.line);
      var found = sift == null ? null : sifted(scratch, seeds, count, k, plan.width(), sift);
      return new Answer(found, null, plan.width());
    }
    var rule = plan.rule();
    var curve = data.curve();
    int place = curve.placeOf(k);
    var watch = scratch.watch;
    if (rule != null) {
      watch.start(rule);
    } else if (place >= 0) {
      watch.start(curve.ks().get(place));
    }
    var pool =
        scratch.walk.run(seeds, count, plan.width(), Graph.NONE, place < 0 ? null : watch, null);
    int width = rule == null ? plan.width() : watch.width();
    if ((rule != null && !rule.reaches(watch.queryClass()))
        || pool.size() < Math.min(k, data.rows().size())) {
      return new Answer(null, null, width);
    }
    var expected =
        rule != null
            ? rule.expected(watch.queryClass())
            : place < 0 ? null : curve.expected(k, width, watch.shown());
    int scored =
        Math.min(pool.size(), scored(rule == null ? k : rule.k(), width, data.codes().axes()));
    var best = new TopK(Math.min(k, pool.size()));
    var nearest = pool.rows();
    var keys = new double[scored];
    scratch.rescorer.keys(query, nearest, scored, keys);
    for (int i = 0; i < scored; i++) {
      best.offer(keys[i], nearest[i]);
    }
    return new Answer(best.drain(data.metric()), expected, width);
  }

  /** Answers by a walk to the rows that {@code sift} wants. */
  private @Nullable Neighbors sifted(
      Scratch scratch, int[] seeds, int count, int k, int width, Sift sift) {
    var pool = scratch.walk.run(seeds, count, width, sift);
    if (pool.counted() < width) { // more rows pass: it was given up, or cut off
      return null;
    }
    int left = scored(k, width, data.codes().axes());
    var best = new TopK(k);
    for (int i = 0; i < pool.size() && left > 0; i++) {
      if (!pool.aside(i)) {
        best.offer(scratch.rescorer.key(scratch.query, pool.row(i)), pool.row(i));
        left--;
      }
    }
    return best.drain(data.metric());
  }

  /**
   * The same index with a curve that is measured on queries that were asked, and on rows moved off
   * the others.
   */
  @Override
  public GraphData calibrated(VectorSource queries, BuildOptions options) {
    Searcher.requireFits(queries, SearchOptions.nearest(1), data.rows());
    if (queries.size() < FEWEST_QUERIES) {
      throw new IllegalArgumentException(
          "a calibration takes at least %d queries: %d (%s)"
              .formatted(FEWEST_QUERIES, queries.size(), queries.name()));
    }
    var sample = CalibrationSample.ofQueries(data.rows(), data.metric(), queries, kernels, options);
    var calibration =
        new Calibration(data.rows(), data.metric(), data.codes(), data.graph(), entry, kernels);
    return data.withCurve(calibration.curve(sample, data.spec().seed(), options));
  }

  @Override
  public long bytes() {
    return 0;
  }
}
