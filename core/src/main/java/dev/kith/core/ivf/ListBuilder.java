package dev.kith.core.ivf;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.KMeans;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Builder of inverted lists: cells of a sample by k-means, each row in the cell whose centre is the
 * nearest, the mean of each list's rows and how far they are from it, and codes in the order of the
 * lists; then it measures what recall they bring. A sweep has stretches of rows in their order
 * instead of cells, and is not measured. Beside the parts it takes 8 bytes a row and the sample's
 * sums, and an int8 copy of the rows while it measures.
 *
 * @param spec spec of the index
 * @param kernels loops to build with
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public record ListBuilder(ListSpec spec, Kernels kernels) implements IndexBuilder {
  /** Rows of the sample that cells are fitted to, a cell. */
  private static final int SAMPLE = 64;

  /** Times that cells are moved. */
  private static final int ROUNDS = 6;

  /** Most rows, which have numbers of 31 bits. */
  private static final int MOST_ROWS = Integer.MAX_VALUE - 8;

  /** Rows of which the origin is the mean, at most. */
  private static final int ORIGIN_SAMPLE = 4096;

  @Override
  public ListData build(VectorSource rows, Metric metric, BuildOptions options) {
    if (rows.size() > MOST_ROWS) {
      throw new IllegalArgumentException(
          "inverted lists hold at most %d rows: rows=%d (%s)"
              .formatted(MOST_ROWS, rows.size(), rows.name()));
    }
    int size = (int) rows.size();
    int d = rows.dimension();
    var origin = origin(rows, metric);
    var space = new ListSpace(metric, origin);
    var listOf = assign(rows, metric, options);
    var firsts = firsts(listOf, spec.listsFor(size));
    int lists = firsts.length - 1;
    var part = ListPart.allocate(d, size, origin, firsts, options.arena());
    var next = firsts.clone();
    for (int row = 0; row < size; row++) { // in row order, so that those of a list ascend
      ListPart.putRow(part, d, lists, next[listOf[row]]++, row);
    }
    var order = ListPart.order(part, d, lists, size);
    measure(rows, space, order, part, options);
    var codes =
        spec.codes().panels()
            ? Int8Lists.encode(rows, metric, order, options)
            : BlockLists.encode(rows, metric, spec, order, options);
    var sealed = ListPart.seal(part, metric, size, d, lists, codes, spec.codes());
    var data = new ListData(rows, spec, sealed, codes, order, null);
    return spec.sweeps() ? data : data.withCurve(measured(data, options));
  }

  /** What recall the lists bring. */
  private RecallCurve measured(ListData data, BuildOptions options) {
    if (data.lists() == 0) {
      return ListCalibration.none(options.arena());
    }
    long seed = spec.seed();
    var sample = CalibrationSample.ofRows(data.rows(), data.metric(), seed, kernels, options);
    sample.addOffTheRows(seed);
    return new ListCalibration(data, kernels).curve(sample, options);
  }

  /** Mean of a sample of the rows for L2, so that products are small beside distances; or zeros. */
  private static float[] origin(VectorSource rows, Metric metric) {
    int d = rows.dimension();
    var origin = new float[d];
    int sample = (int) Math.min(ORIGIN_SAMPLE, rows.size());
    if (metric != Metric.L2 || sample == 0) {
      return origin;
    }
    var sums = new double[d];
    for (int i = 0; i < sample; i++) {
      long number = i * rows.size() / sample;
      var row = rows.row(number);
      VectorDataException.requireFinite(rows, number, row);
      for (int j = 0; j < d; j++) {
        sums[j] += row[j];
      }
    }
    for (int j = 0; j < d; j++) {
      origin[j] = (float) (sums[j] / sample);
    }
    return origin;
  }

  /** The list of each row. */
  private int[] assign(VectorSource rows, Metric metric, BuildOptions options) {
    int size = (int) rows.size();
    var listOf = new int[size];
    if (spec.sweeps()) {
      int lists = spec.listsFor(size);
      for (int row = 0; row < size; row++) {
        listOf[row] = (int) ((long) row * lists / size);
      }
      return listOf;
    }
    if (size > 0) {
      int lists = spec.listsFor(size);
      var means =
          KMeans.fit(rows, metric, lists, SAMPLE, ROUNDS, spec.seed(), kernels.rows(), options);
      means.assign(rows, size, i -> i, listOf, options);
    }
    return listOf;
  }

  /**
   * Leaves out empty lists.
   *
   * @param listOf list of each row; receives its number among those that are not empty
   * @return where each list begins, then the number of rows
   */
  private static int[] firsts(int[] listOf, int lists) {
    var counts = new int[lists];
    for (int list : listOf) {
      counts[list]++;
    }
    var number = new int[lists];
    var firsts = new int[lists + 1];
    int kept = 0;
    for (int list = 0; list < lists; list++) {
      if (counts[list] > 0) {
        number[list] = kept;
        firsts[kept + 1] = firsts[kept] + counts[list];
        kept++;
      }
    }
    for (int row = 0; row < listOf.length; row++) {
      listOf[row] = number[listOf[row]];
    }
    return Arrays.copyOf(firsts, kept + 1);
  }

  /** Computes each list's centre and radius. */
  private static void measure(
      VectorSource rows,
      ListSpace space,
      ListOrder order,
      MemorySegment part,
      BuildOptions options) {
    int d = space.dimension();
    Workers.forEach(
        order.lists(),
        options.threads(),
        options.progress(),
        number -> {
          int list = (int) number;
          var row = new float[d];
          var mapped = new double[d];
          var sums = new double[d];
          for (int i = 0; i < order.size(list); i++) {
            read(rows, order.row(order.first(list) + i), row);
            space.map(row, mapped);
            for (int j = 0; j < d; j++) {
              sums[j] += mapped[j];
            }
          }
          var centre = new float[d];
          for (int j = 0; j < d; j++) {
            double mean = sums[j] / order.size(list);
            centre[j] = (float) Math.clamp(mean, -Float.MAX_VALUE, Float.MAX_VALUE);
          }
          float radius = radius(rows, order, space, list, centre);
          ListPart.putList(part, order.lists(), list, centre, radius);
        });
  }

  /** Upper bound of the distances between a list's rows and its centre. */
  static float radius(
      VectorSource rows, ListOrder order, ListSpace space, int list, float[] centre) {
    var row = new float[centre.length];
    var mapped = new double[centre.length];
    double radius = 0;
    for (int i = 0; i < order.size(list); i++) {
      read(rows, order.row(order.first(list) + i), row);
      space.map(row, mapped);
      radius = Math.max(radius, space.distance(mapped, centre));
    }
    return Math.nextUp((float) radius);
  }

  private static void read(VectorSource rows, int number, float[] row) {
    rows.block(number, 1).decodeRow(0, row, 0);
    VectorDataException.requireFinite(rows, number, row);
  }
}
