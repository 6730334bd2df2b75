package dev.kith.core.graph;

import dev.kith.core.graph.CalibrationSample.Query;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.WalkCodes;
import dev.kith.core.recall.CurveFit;
import dev.kith.core.recall.IntrinsicDimension;
import dev.kith.core.recall.Observation;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Walks for queries whose exact answer is known, one walk a query, and the curve of what they
 * found. A query that is a row, or was made of one, walks as if that row were not there.
 */
final class Calibration {
  /** Numbers of neighbours that are measured. */
  static final List<Integer> KS = List.of(1, 3, 10, 30, 100);

  /** Largest width of an index of many rows. */
  private static final int WIDEST = 1280;

  /** Largest width of an index of few rows, however few. */
  private static final int NARROWEST = 160;

  /** Largest width, as a share of the rows: beyond one row in {@code SHARE} a scan is cheaper. */
  private static final int SHARE = 4;

  /** Ladder of ratios: how far they are above 1 grows by a constant factor. */
  private static final List<Float> RATIOS = ratios();

  /** Queries walked as one unit of work. */
  private static final int UNIT = 8;

  private final VectorSource rows;
  private final Metric metric;
  private final WalkCodes codes;
  private final Graph graph;
  private final Entry entry;
  private final Kernels kernels;

  Calibration(
      VectorSource rows,
      Metric metric,
      WalkCodes codes,
      Graph graph,
      Entry entry,
      Kernels kernels) {
    this.rows = rows;
    this.metric = metric;
    this.codes = codes;
    this.graph = graph;
    this.entry = entry;
    this.kernels = kernels;
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
    final CurveWatch watch;

    Scratch(CurveFit fit) {
      walk = new Walk(graph, codes.scorers(kernels));
      finder = entry.finder(walk.scorer());
      watch = new CurveWatch(fit, new Rescorer(rows, metric), graph.size(), codes.axes());
    }
  }

  /** Curve of an index that nobody measured: it answers every recall exactly. */
  static RecallCurve none(Arena arena) {
    return new CurveFit(List.of(), widths(0), RATIOS).fit(List.of(), Double.NaN, arena);
  }

  /** Makes the curve from a sample, to which queries off the rows are added here. */
  RecallCurve curve(CalibrationSample sample, long seed, BuildOptions options) {
    sample.addOffTheRows(rows, seed);
    var queries = sample.queries();
    int fewest = queries.stream().mapToInt(each -> each.truth().size()).min().orElse(0);
    var ks = KS.stream().filter(k -> k <= fewest).toList();
    var fit = new CurveFit(ks, widths(graph.size()), RATIOS);
    var observations = new Observation[queries.size()];
    if (!fit.ks().isEmpty()) {
      var idle = new ConcurrentLinkedDeque<Scratch>();
      Workers.forEach(
          (observations.length + UNIT - 1) / UNIT,
          options.threads(),
          options.progress(),
          unit -> {
            var reused = idle.poll();
            var scratch = reused == null ? new Scratch(fit) : reused;
            int end = (int) Math.min(observations.length, (unit + 1) * UNIT);
            for (int i = (int) unit * UNIT; i < end; i++) {
              observations[i] = walk(scratch, fit, queries.get(i));
            }
            idle.push(scratch);
          });
    }
    var observed = fit.ks().isEmpty() ? List.<Observation>of() : List.of(observations);
    return fit.fit(observed, intrinsicDimension(queries), options.arena());
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

  private double intrinsicDimension(List<Query> queries) {
    var likely = new ArrayList<Neighbors>();
    for (var query : queries) {
      if (query.kind() == 0) {
        likely.add(query.truth());
      }
    }
    return metric == Metric.DOT ? Double.NaN : IntrinsicDimension.of(metric, likely);
  }
}
