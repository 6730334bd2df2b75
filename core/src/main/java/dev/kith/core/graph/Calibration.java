package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.exact.CalibrationSample.Query;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Scorers;
import dev.kith.core.recall.CurveFit;
import dev.kith.core.recall.IntrinsicDimension;
import dev.kith.core.recall.Observation;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Walks for queries whose exact answer is known, one walk a query, and the curve of what they
 * found. A query that is a row, or was made of one, walks as if that row were not there.
 */
final class Calibration {
  /** Largest width of an index of many rows. */
  private static final int WIDEST = 1280;

  /** Largest width of an index of few rows, however few. */
  private static final int NARROWEST = 160;

  /** Largest width, as a share of the rows: beyond one row in {@code SHARE} a scan is cheaper. */
  private static final int SHARE = 4;

  /** Ladder of ratios: how far they are above 1 grows by a constant factor. */
  private static final List<Float> RATIOS = ratios();

  /** Numbers of neighbours that are measured with filters. */
  private static final List<Integer> FILTERED_KS = List.of(10, 30, 100);

  /** Queries that are walked with each filter, at most. */
  private static final int FILTERED_QUERIES = 300;

  /** Least and most steps of a walk with a filter, and rows for one of them, between these. */
  private static final int LEAST_STEPS = 10_000;

  private static final int MOST_STEPS = 20_000;
  private static final int ROWS_A_STEP = 10;

  /** The largest share of rows that pass a filter of the measurement. */
  private static final double LARGEST_SHARE = 0.4;

  /** Factor from a share to the next smaller one. */
  private static final double SHARE_STEP = 2.5;

  /** Rows that pass, at least: fewer are scanned in less time than any walk takes. */
  private static final int FEWEST_PASSING = 1_000;

  /** Queries walked as one unit of work. */
  private static final int UNIT = 8;

  private final VectorSource rows;
  private final Metric metric;
  private final Scorers scorers;
  private final Scored scored;
  private final Links graph;
  private final Entry entry;
  private final int count;

  /**
   * Creates a calibration of walks.
   *
   * @param rows by the numbers that links have
   * @param scorers of those rows
   * @param count rows that can be found, for there may be numbers without one
   */
  Calibration(
      VectorSource rows, Metric metric, Scorers scorers, Links graph, Entry entry, int count) {
    this.rows = rows;
    this.metric = metric;
    this.scorers = scorers;
    this.scored = Scored.of(scorers);
    this.graph = graph;
    this.entry = entry;
    this.count = count;
  }

  /** Calibration of an index that does not change. */
  static Calibration of(GraphData data, Entry entry, Kernels kernels) {
    return new Calibration(
        data.rows(),
        data.metric(),
        data.codes().scorers(kernels),
        data.graph(),
        entry,
        data.graph().size());
  }

  /** Ladder of widths, four steps to each doubling. */
  private static List<Integer> widths(int size) {
    int widest = Math.clamp(size / SHARE, NARROWEST, WIDEST);
    var widths = new ArrayList<Integer>();
    for (int i = 0; ; i++) {
      int width = (int) Math.round(RatioWatch.FIRST * Math.pow(2, i / 4.0));
      if (width > widest) {
        return List.copyOf(widths);
      }
      widths.add(width);
    }
  }

  private static List<Float> ratios() {
    var ratios = new ArrayList<Float>();
    ratios.add(1f);
    for (double above = 0.0002; above < 1; above *= 1.2) {
      ratios.add((float) (1 + above));
    }
    return List.copyOf(ratios);
  }

  /** What one worker needs. */
  private final class Scratch {
    final Walk walk;
    final Entry.Finder finder;
    final FilteredWalk filtered;
    final CurveWatch watch;

    /**
     * Creates what a worker needs.
     *
     * @param most steps of a walk, at most
     */
    Scratch(CurveFit fit, long most) {
      walk = new Walk(graph, scorers);
      finder = entry.finder(walk.scorer());
      watch = new CurveWatch(fit, new Rescorer(rows, metric), scored, graph.size(), most);
      filtered = new FilteredWalk(walk);
    }
  }

  /** Curve of an index that nobody measured: it answers every recall exactly. */
  static RecallCurve none(Arena arena) {
    return new CurveFit(List.of(), widths(0), RATIOS).fit(List.of(), Double.NaN, arena);
  }

  /** Makes the curve from a sample, to which queries off the rows are added here. */
  RecallCurve curve(CalibrationSample sample, long seed, BuildOptions options) {
    sample.addOffTheRows(seed);
    return curve(sample.queries(), options);
  }

  /** Makes the curve from queries with their exact answers, in the numbers that links have. */
  RecallCurve curve(List<Query> queries, BuildOptions options) {
    var fit = new CurveFit(CalibrationSample.ks(queries), widths(count), RATIOS);
    var observed =
        fit.ks().isEmpty()
            ? List.<Observation>of()
            : observations(queries, fit, Long.MAX_VALUE, this::walk, options);
    return fit.fit(observed, intrinsicDimension(queries), options.arena());
  }

  /** Walks for one query. */
  private interface Walker {
    Observation walk(Scratch scratch, CurveFit fit, Query query);
  }

  /**
   * Walks for all queries, on all threads.
   *
   * @param most steps of a walk, at most
   */
  private List<Observation> observations(
      List<Query> queries, CurveFit fit, long most, Walker walker, BuildOptions options) {
    var observations = new Observation[queries.size()];
    Workers.forEach(
        (observations.length + UNIT - 1) / UNIT,
        options,
        () -> new Scratch(fit, most),
        (scratch, unit) -> {
          int end = (int) Math.min(observations.length, (unit + 1) * UNIT);
          for (int i = (int) unit * UNIT; i < end; i++) {
            observations[i] = walker.walk(scratch, fit, queries.get(i));
          }
        });
    return List.of(observations);
  }

  private Observation walk(Scratch scratch, CurveFit fit, Query query) {
    var observation = new Observation(query.kind(), fit);
    scratch.watch.start(observation, query.values(), query.truth());
    scratch.walk.scorer().setQuery(query.values());
    var seeds = scratch.finder.find();
    int widest = fit.widths().getLast();
    scratch.walk.run(seeds, scratch.finder.found(), widest, query.without(), scratch.watch, null);
    return observation;
  }

  /** The index with the curves of walks with and without filters. */
  GraphData measured(GraphData data, CalibrationSample sample, BuildOptions options) {
    long seed = data.spec().seed();
    var curve = curve(sample, seed, options);
    return data.withCurves(curve, filtered(sample, seed, options));
  }

  /** Shares of rows that pass at which filtered walks are measured, descending. */
  static List<Float> shares(int size) {
    var shares = new ArrayList<Float>();
    for (double share = LARGEST_SHARE; share * size >= FEWEST_PASSING; share /= SHARE_STEP) {
      shares.add((float) share);
    }
    return List.copyOf(shares);
  }

  /**
   * Makes the curves of walks of two hops from a sample, to which queries off the rows were added;
   * null if there are so few rows that scans are always cheaper.
   */
  @Nullable FilterCurves filtered(CalibrationSample sample, long seed, BuildOptions options) {
    var shares = shares(graph.size());
    if (shares.isEmpty()) {
      return null;
    }
    var curves = new ArrayList<RecallCurve>();
    for (float share : shares) {
      var random = new SplittableRandom(seed ^ 0xf117);
      var filter = RowFilter.of(graph.size(), row -> random.nextDouble() < share);
      var queries = sample.among(filter, FILTERED_QUERIES);
      curves.add(curve(queries, filter, options));
    }
    return FilterCurves.of(shares, curves, options.arena());
  }

  private RecallCurve curve(List<Query> queries, RowFilter filter, BuildOptions options) {
    var fit = new CurveFit(FILTERED_KS, List.of(), RATIOS);
    // A walk that has taken a step for each row that passes has long cost more than a scan.
    long most = Math.clamp(graph.size() / ROWS_A_STEP, LEAST_STEPS, MOST_STEPS);
    var observed =
        observations(
            queries,
            fit,
            Math.min(filter.count(), most),
            (scratch, _, query) -> walk(scratch, fit, query, filter),
            options);
    return fit.fit(observed, Double.NaN, Arena.ofAuto());
  }

  private Observation walk(Scratch scratch, CurveFit fit, Query query, RowFilter filter) {
    var observation = new Observation(query.kind(), fit);
    scratch.watch.start(observation, query.values(), query.truth());
    scratch.walk.scorer().setQuery(query.values());
    var seeds = scratch.finder.find();
    var sift = new Sift(row -> filter.allows(row), true, WalkCosts.NONE, Double.POSITIVE_INFINITY);
    scratch.filtered.begin(seeds, scratch.finder.found(), WIDEST, query.without(), sift.wanted());
    scratch.filtered.go(scratch.watch, sift);
    return observation;
  }

  private double intrinsicDimension(List<Query> queries) {
    return metric == Metric.DOT
        ? Double.NaN
        : IntrinsicDimension.of(metric, CalibrationSample.likely(queries));
  }
}
