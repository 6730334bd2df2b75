package dev.kith.core.ivf;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.recall.CurveFit;
import dev.kith.core.recall.Difficulty;
import dev.kith.core.recall.IntrinsicDimension;
import dev.kith.core.recall.Observation;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.StopSignal;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Searches for queries whose exact answer is known, and the curve of what each number of lists, and
 * each ratio of distances, would have found of it. A query that is a row, or was made of one,
 * searches as if that row were not there.
 */
final class ListCalibration {
  /*
   * Implementation notes
   *
   * A row of the exact answer is found if its list is read and its code does not lose it. The first
   * is known from the order of the lists alone, for every number of them at once. Codes whose bounds
   * are certain lose nothing. What others lose is found by a search of the largest number of lists
   * for each number of neighbours: it has the smallest threshold, so that it loses no less than
   * those of fewer lists do.
   *
   * Centres are means of rows that the held-out rows are among, and in small lists that draws them
   * near: a held-out row's own list is ordered by the mean of its other rows.
   */

  /** Lists that are read before a query is told easy or hard. */
  static final int FIRST = 4;

  /** Most lists, as a share of all: beyond one in {@code SHARE} a scan is about as cheap. */
  private static final int SHARE = 2;

  /** Lists of a small index that may all be read. */
  private static final int FEW = 64;

  /** Steps of the ladder of probes to a doubling. */
  private static final double STEPS = 4;

  /** The smallest ratio of distances, the largest one, and the factor between two. */
  private static final double LEAST_RATIO = 0.35;

  private static final double LARGEST_RATIO = 3;
  private static final double RATIO_STEP = 1.02;

  private static final List<Float> RATIOS = ratios();

  /** Queries that are looked at as one unit of work. */
  private static final int UNIT = 8;

  /** Queries searched between two looks at whether the build goes on. */
  private static final int CHUNK = 256;

  private final ListData data;
  private final Kernels kernels;
  private final ListOrder order;
  private final ListBound bound;
  private final int[] listOf;
  private final List<Integer> widths;

  /** Creates a calibration of an index that has lists. */
  ListCalibration(ListData data, Kernels kernels) {
    this.data = data;
    this.kernels = kernels;
    this.order = data.order();
    this.bound = data.bound();
    this.listOf = new int[order.rows()];
    this.widths = widths(order.lists());
    for (int list = 0; list < order.lists(); list++) {
      for (int i = 0; i < order.size(list); i++) {
        listOf[order.row(order.first(list) + i)] = list;
      }
    }
  }

  private static List<Integer> widths(int lists) {
    int widest = Math.clamp(lists / SHARE, Math.min(lists, FEW), lists);
    var widths = new ArrayList<Integer>();
    for (int i = 0; ; i++) {
      int width = (int) Math.round(Math.pow(2, i / STEPS));
      if (width >= widest) {
        widths.add(widest);
        return List.copyOf(widths);
      }
      if (widths.isEmpty() || width > widths.getLast()) {
        widths.add(width);
      }
    }
  }

  private static List<Float> ratios() {
    var ratios = new ArrayList<Float>();
    for (double ratio = LEAST_RATIO; ratio < LARGEST_RATIO; ratio *= RATIO_STEP) {
      ratios.add((float) ratio);
    }
    return List.copyOf(ratios);
  }

  /** Curve of an index without rows: it answers every recall exactly. */
  static RecallCurve none(Arena arena) {
    return new CurveFit(List.of(), List.of(), List.of()).fit(List.of(), Double.NaN, arena);
  }

  /** Makes the curve from queries with their exact answers. */
  RecallCurve curve(CalibrationSample sample, BuildOptions options) {
    var queries = sample.queries();
    var ks = CalibrationSample.ks(queries);
    if (ks.isEmpty()) {
      return none(options.arena());
    }
    var fit = new CurveFit(ks, widths, RATIOS);
    var lost = lost(queries, ks, options);
    var observations = new Observation[queries.size()];
    Workers.forEach(
        (observations.length + UNIT - 1) / UNIT,
        options,
        Scratch::new,
        (scratch, unit) -> {
          int end = (int) Math.min(observations.length, (unit + 1) * UNIT);
          for (int i = (int) unit * UNIT; i < end; i++) {
            observations[i] = scratch.observe(queries.get(i), fit, lost, i);
          }
        });
    return fit.fit(List.of(observations), intrinsicDimension(queries), options.arena());
  }

  private double intrinsicDimension(List<CalibrationSample.Query> queries) {
    var metric = data.metric();
    return metric == Metric.DOT
        ? Double.NaN
        : IntrinsicDimension.of(metric, CalibrationSample.likely(queries));
  }

  /**
   * Ranks of the exact answers that codes lose, {@code [k][query]}; null for codes that lose none.
   */
  private BitSet @Nullable [][] lost(
      List<CalibrationSample.Query> queries, List<Integer> ks, BuildOptions options) {
    if (data.spec().codes().panels()) {
      return null;
    }
    var searcher = new ListSearcher(kernels, "calibration", data);
    var effort = new Effort.Probes(widths.getLast());
    var lost = new BitSet[ks.size()][queries.size()];
    for (int from = 0; from < queries.size(); from += CHUNK) {
      int to = Math.min(queries.size(), from + CHUNK);
      var values =
          queries.subList(from, to).stream()
              .map(CalibrationSample.Query::values)
              .toArray(float[][]::new);
      try (var chunk = VectorSource.of(values)) {
        for (int i = 0; i < ks.size(); i++) {
          options.progress().check();
          int k = ks.get(i);
          // One more, for a row that the query is.
          var search =
              SearchOptions.nearest(k + 1).withEffort(effort).withThreads(options.threads());
          var found = searcher.search(chunk, search).neighbors();
          for (int q = from; q < to; q++) {
            lost[i][q] = missing(queries.get(q).truth(), k, found.get(q - from));
          }
          options.progress().advance(1);
        }
      }
    }
    return lost;
  }

  /** Ranks of the first {@code k} rows of an exact answer that were not found. */
  private static BitSet missing(Neighbors truth, int k, Neighbors found) {
    var rows = found.rows().clone();
    Arrays.sort(rows);
    var missing = new BitSet(k);
    for (int rank = 0; rank < k; rank++) {
      if (Arrays.binarySearch(rows, truth.row(rank)) < 0) {
        missing.set(rank);
      }
    }
    return missing;
  }

  /** What one worker needs. */
  private final class Scratch {
    private final ListBound.Query query = bound.new Query();
    private final Rescorer rescorer = new Rescorer(data.rows(), data.metric(), kernels.keys());
    private final float[] dots = new float[order.lists()];
    private final float[] orders = new float[order.lists()];
    private final ProbeOrder heap = new ProbeOrder(order.lists());

    /** Squared distances of the lists, nearest first, of the first that may be probed. */
    private final double[] distances = new double[widths.getLast()];

    /** Rows of the lists up to each of those. */
    private final long[] rows = new long[widths.getLast()];

    /** Place of each list among those, or the number of them. */
    private final int[] places = new int[order.lists()];

    private double[] keys = new double[256];
    private double[] sorted = new double[256];

    Scratch() {
      rescorer.start(new StopSignal(SearchOptions.nearest(1)));
    }

    Observation observe(
        CalibrationSample.Query asked, CurveFit fit, BitSet @Nullable [][] lost, int q) {
      var observation = new Observation(asked.kind(), fit);
      int own = asked.kind() == 0 ? asked.without() : CalibrationSample.NONE;
      query.set(asked.values());
      var probe = query.probe();
      kernels.rows().dots(probe, data.centres(), 4L * probe.length, order.lists(), dots);
      heap.clear();
      for (int list = 0; list < order.lists(); list++) {
        orders[list] = query.order(list, dots[list]);
        if (own != CalibrationSample.NONE && listOf[own] == list) {
          orders[list] = query.without(orders[list], order.size(list));
        }
        heap.add(list, orders[list]);
      }
      heap.order();
      Arrays.fill(places, distances.length);
      var lists = new int[distances.length];
      long met = 0;
      for (int i = 0; i < distances.length; i++) {
        lists[i] = heap.next();
        places[lists[i]] = i;
        met += order.size(lists[i]);
        rows[i] = met;
        distances[i] = Math.max(0, orders[lists[i]] + query.offset());
      }
      int known = 0;
      int read = 0;
      for (int i = 0; i < fit.ks().size(); i++) {
        int k = fit.ks().get(i);
        int first = first(k);
        for (; read < first; read++) {
          known = read(asked, lists[read], known);
        }
        observe(observation, fit, asked, lost == null ? null : lost[i][q], i, first, known);
      }
      return observation;
    }

    /** Lists that are read before a query for {@code k} rows shows anything. */
    private int first(int k) {
      int first = Math.min(FIRST, rows.length);
      while (first < rows.length && rows[first - 1] < k + 1) {
        first++;
      }
      return first;
    }

    /** Computes the keys of a list's rows behind the {@code known} first. */
    private int read(CalibrationSample.Query asked, int list, int known) {
      int end = known;
      for (int i = 0; i < order.size(list); i++) {
        int row = order.row(order.first(list) + i);
        if (row != asked.without()) {
          if (end == keys.length) {
            keys = Arrays.copyOf(keys, 2 * end);
            sorted = new double[keys.length];
          }
          keys[end++] = rescorer.key(asked.values(), row);
        }
      }
      return end;
    }

    private void observe(
        Observation observation,
        CurveFit fit,
        CalibrationSample.Query asked,
        @Nullable BitSet lost,
        int place,
        int first,
        int known) {
      int k = fit.ks().get(place);
      System.arraycopy(keys, 0, sorted, 0, known);
      Arrays.sort(sorted, 0, known);
      double farthest = known < k ? 0 : query.squaredDistance(sorted[k - 1]);
      double nearest = known < k ? 0 : query.squaredDistance(sorted[0]);
      var shown = new Difficulty(farthest, nearest, distances[0], rows[first - 1]);
      boolean told = told(shown, query) && known >= k;
      observation.show(place, told ? shown : new Difficulty(0, 0, 0, rows[first - 1]));
      for (int step = 0; step < widths.size(); step++) {
        int width = widths.get(step);
        double recall = recall(asked.truth(), k, width, lost);
        observation.atWidth(place, step, width, rows[width - 1], width, recall);
      }
      int width = first;
      for (int step = 0; step < RATIOS.size(); step++) {
        double ratio = RATIOS.get(step);
        while (width < distances.length && distances[width] <= ratio * ratio * farthest) {
          width++;
        }
        double recall = told ? recall(asked.truth(), k, width, lost) : 0;
        observation.atRatio(place, step, width, rows[width - 1], width, recall);
      }
    }

    private double recall(Neighbors truth, int k, int width, @Nullable BitSet lost) {
      int found = 0;
      for (int rank = 0; rank < k; rank++) {
        int list = listOf[(int) truth.row(rank)];
        found += places[list] < width && (lost == null || !lost.get(rank)) ? 1 : 0;
      }
      return found / (double) k;
    }
  }

  /** Whether what a query shows means anything: not where numbers are too large for products. */
  static boolean told(Difficulty shown, ListBound.Query query) {
    return query.bounded()
        && Double.isFinite(shown.farthest())
        && Double.isFinite(shown.nearest())
        && Double.isFinite(shown.seed());
  }
}
