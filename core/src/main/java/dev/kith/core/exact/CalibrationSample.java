package dev.kith.core.exact;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Rows that stand for queries, with their exact answers among the other rows: those that an
 * insertion comes to last, so that few links lead over them and the graph without one of them is
 * nearly the graph that would have been built without it.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public final class CalibrationSample {
  /** Numbers of neighbours that calibrations measure. */
  public static final List<Integer> KS = List.of(1, 3, 10, 30, 100);

  /** Number in place of a row where there is none. */
  public static final int NONE = -1;

  /** Neighbours by which queries are told easy or hard. */
  public static final int FIRST = 10;

  /** Neighbours of the exact answers: the row itself, and another to see ties, are two more. */
  private static final int NEIGHBOURS = KS.getLast() + 2;

  /** Queries that a calibration takes, at least. */
  private static final int FEWEST_QUERIES = 20;

  /** Least and most queries of a calibration, and rows for one of them, between these. */
  private static final int LEAST = 200;

  /** Most queries of a calibration. */
  public static final int MOST = 1_000;

  private static final int SHARE = 75;

  /** Queries answered exactly between two looks at whether the build goes on. */
  private static final int CHUNK = 256;

  private final VectorSource rows;
  private final ExactScan exact;
  private final Metric metric;
  private final BuildOptions options;
  private final List<Query> queries = new ArrayList<>();

  /**
   * A query of a calibration.
   *
   * @param kind 0 for one like those that will be asked
   * @param without the row that is to be left out, or {@link #NONE}
   * @param truth the exact answer, without that row
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Query(int kind, float[] values, int without, Neighbors truth) {
    /** The same query where row {@code r} has the number {@code numbers[r]}. */
    public Query renumbered(int[] numbers, Metric metric) {
      var rows = new long[truth.size()];
      var keys = new double[truth.size()];
      for (int rank = 0; rank < rows.length; rank++) {
        rows[rank] = numbers[(int) truth.row(rank)];
        keys[rank] = truth.key(rank);
      }
      return new Query(
          kind,
          values,
          without == NONE ? without : numbers[without],
          new Neighbors(metric, rows, keys));
    }
  }

  private CalibrationSample(
      VectorSource rows, Metric metric, Kernels kernels, BuildOptions options) {
    // The loops decide: what a shadow is too slow for, the rows are scanned for.
    var shadow =
        kernels.panels().mostQueries() >= CHUNK
            ? Quantizer.INT8.encode(rows, metric, options.into(Arena.ofAuto()))
            : null;
    this.exact = new ExactScan(kernels, "calibration", new FlatData(rows, metric, shadow));
    this.rows = rows;
    this.metric = metric;
    this.options = options;
  }

  /** Takes rows, and asks for their exact answers. */
  public static CalibrationSample ofRows(
      VectorSource rows, Metric metric, long seed, Kernels kernels, BuildOptions options) {
    int size = Math.toIntExact(rows.size());
    int count = Math.min(size, Math.clamp(size / SHARE, LEAST, MOST) / 2);
    var order = permutation(size, seed);
    var held = Arrays.copyOfRange(order, size - count, size);
    return ofRows(rows, metric, held, kernels, options);
  }

  /** Takes the rows {@code held}, and asks for their exact answers. */
  public static CalibrationSample ofRows(
      VectorSource rows, Metric metric, int[] held, Kernels kernels, BuildOptions options) {
    int count = held.length;
    var values = new float[count][];
    Arrays.setAll(values, i -> rows.row(held[i]));
    var sample = new CalibrationSample(rows, metric, kernels, options);
    sample.add(values, held, new int[count]);
    return sample;
  }

  /** Takes queries that were asked, {@code most} at most, evenly spread over all that are given. */
  public static CalibrationSample ofQueries(
      VectorSource rows,
      Metric metric,
      VectorSource asked,
      int most,
      Kernels kernels,
      BuildOptions options) {
    int count = (int) Math.min(most, asked.size());
    var values = new float[count][];
    Arrays.setAll(values, i -> asked.row(i * asked.size() / count));
    var none = new int[count];
    Arrays.fill(none, NONE);
    var sample = new CalibrationSample(rows, metric, kernels, options);
    sample.add(values, none, new int[count]);
    return sample;
  }

  /** Numbers of neighbours of {@link #KS} for which each query has an exact answer. */
  public static List<Integer> ks(List<Query> queries) {
    int fewest = queries.stream().mapToInt(query -> query.truth.size()).min().orElse(0);
    return KS.stream().filter(k -> k <= fewest).toList();
  }

  /** Exact answers of the queries that are like the rows. */
  public static List<Neighbors> likely(List<Query> queries) {
    return queries.stream().filter(query -> query.kind == 0).map(Query::truth).toList();
  }

  /** Checks that there are enough queries to calibrate on. */
  public static void requireEnough(VectorSource queries) {
    if (queries.size() < FEWEST_QUERIES) {
      throw new IllegalArgumentException(
          "a calibration takes at least %d queries: %d (%s)"
              .formatted(FEWEST_QUERIES, queries.size(), queries.name()));
    }
  }

  /** The numbers below {@code size} in a random order, the same for the same seed. */
  public static int[] permutation(int size, long seed) {
    var order = new int[size];
    var random = new SplittableRandom(seed);
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private void add(float[][] values, int[] without, int[] kinds) {
    for (int from = 0; from < values.length; from += CHUNK) {
      options.progress().check();
      int to = Math.min(values.length, from + CHUNK);
      try (var chunk = VectorSource.of(Arrays.copyOfRange(values, from, to))) {
        var search = SearchOptions.nearest(NEIGHBOURS).withThreads(options.threads());
        var found = exact.search(chunk, search).neighbors();
        for (int i = from; i < to; i++) {
          queries.add(
              new Query(kinds[i], values[i], without[i], without(found.get(i - from), without[i])));
        }
      }
      options.progress().advance(1);
    }
  }

  private Neighbors without(Neighbors found, int row) {
    int at = 0;
    while (at < found.size() && found.row(at) != row) {
      at++;
    }
    // A row that is not among them has copies, which are as near: one goes instead.
    int count = row == NONE ? found.size() : Math.max(0, found.size() - 1);
    var rows = new long[count];
    var keys = new double[count];
    for (int i = 0; i < count; i++) {
      rows[i] = found.row(i < at ? i : i + 1);
      keys[i] = found.key(i < at ? i : i + 1);
    }
    return new Neighbors(metric, rows, keys);
  }

  /**
   * Some of the queries, evenly spread, with their exact answers among the rows that pass: of those
   * like the rows two for each off the rows.
   *
   * @param most number of queries, at most
   */
  public List<Query> among(RowFilter filter, int most) {
    var candidates = new ArrayList<Query>();
    for (int i = 0; i < queries.size(); i++) {
      if (queries.get(i).kind == 0 || i % 2 == 0) {
        candidates.add(queries.get(i));
      }
    }
    int count = Math.min(most, candidates.size());
    var some = new ArrayList<Query>();
    for (int from = 0; from < count; from += CHUNK) {
      options.progress().check();
      int to = Math.min(count, from + CHUNK);
      var chosen = new ArrayList<Query>();
      for (int i = from; i < to; i++) {
        chosen.add(candidates.get((int) ((long) i * candidates.size() / count)));
      }
      try (var chunk =
          VectorSource.of(chosen.stream().map(Query::values).toArray(float[][]::new))) {
        var search = SearchOptions.nearest(NEIGHBOURS).among(filter).withThreads(options.threads());
        var found = exact.search(chunk, search).neighbors();
        for (int i = 0; i < chosen.size(); i++) {
          var query = chosen.get(i);
          int without =
              query.without != NONE && filter.allows(query.without) ? query.without : NONE;
          some.add(
              new Query(query.kind, query.values, query.without, without(found.get(i), without)));
        }
      }
    }
    return some;
  }

  /** The queries so far. */
  public List<Query> queries() {
    return queries;
  }

  /**
   * Adds a query off the rows for each that is there: rows moved by multiples of the difference of
   * two others, to the middle between two, in each element alone by twice as far as neighbours lie,
   * mirrored at the mean, halved towards it, or with their elements turned about; and a Gaussian's.
   */
  public void addOffTheRows(long seed) {
    int size = Math.toIntExact(rows.size());
    int count = queries.size();
    if (count == 0) {
      return;
    }
    int d = rows.dimension();
    var random = new SplittableRandom(seed ^ 0x5eed);
    var mean = new float[d];
    var deviation = new float[d];
    moments(mean, deviation);
    var values = new float[count][];
    var without = new int[count];
    var kinds = new int[count];
    for (int i = 0; i < count; i++) {
      var query = queries.get(i);
      kinds[i] = 1 + i % KINDS;
      without[i] = query.without;
      var from = rows.row(random.nextInt(size));
      var to = rows.row(random.nextInt(size));
      values[i] = moved(query, kinds[i], from, to, mean, deviation, random, rows);
    }
    add(values, without, kinds);
  }

  /** Kinds of queries off the rows. */
  private static final int KINDS = 9;

  private static float[] moved(
      Query query,
      int kind,
      float[] from,
      float[] to,
      float[] mean,
      float[] deviation,
      SplittableRandom random,
      VectorSource rows) {
    int d = mean.length;
    var moved = new float[d];
    var x = query.values;
    double noise = kind == 5 ? 2 * reach(query, rows) / Math.sqrt(d) : 0;
    int turn = random.nextInt(d);
    for (int j = 0; j < d; j++) {
      double by = to[j] - from[j];
      moved[j] =
          (float)
              switch (kind) {
                case 1 -> x[j] + 0.5 * by;
                case 2 -> x[j] + by;
                case 3 -> x[j] + 1.5 * by;
                case 4 -> 0.5 * x[j] + 0.5 * to[j];
                case 5 -> x[j] + noise * gaussian(random);
                case 6 -> mean[j] + deviation[j] * gaussian(random);
                case 7 -> 2 * mean[j] - x[j];
                case 8 -> mean[j] + 0.5 * (x[j] - mean[j]);
                default -> x[(j + turn) % d];
              };
      if (!Float.isFinite(moved[j])) {
        moved[j] = x[j]; // elements near the largest float cannot be moved
      }
    }
    return moved;
  }

  /** Euclidean distance to the farthest of the first few neighbours. */
  private static double reach(Query query, VectorSource rows) {
    if (query.truth.isEmpty()) {
      return 0;
    }
    var far = rows.row(query.truth.row(Math.min(FIRST, query.truth.size()) - 1));
    double sum = 0;
    for (int j = 0; j < far.length; j++) {
      double off = (double) far[j] - query.values[j];
      sum += off * off;
    }
    return Math.sqrt(sum);
  }

  /** Mean and standard deviation of each element of the queries so far. */
  private void moments(float[] mean, float[] deviation) {
    for (int j = 0; j < mean.length; j++) {
      double sum = 0;
      double squares = 0;
      for (var query : queries) {
        sum += query.values[j];
        squares += (double) query.values[j] * query.values[j];
      }
      double middle = sum / queries.size();
      mean[j] = (float) middle;
      deviation[j] = (float) Math.sqrt(Math.max(0, squares / queries.size() - middle * middle));
    }
  }

  /** A roughly standard Gaussian number, the sum of four uniform ones. */
  private static double gaussian(SplittableRandom random) {
    double sum = random.nextDouble() + random.nextDouble();
    return Math.sqrt(3) * (sum + random.nextDouble() + random.nextDouble() - 2);
  }
}
