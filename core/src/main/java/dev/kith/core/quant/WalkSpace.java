package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The Euclidean space that a graph lies in, whatever the metric: rows and queries are mapped so
 * that a smaller squared distance there is a smaller key, and then centred and, if wanted, rotated.
 *
 * <ul>
 *   <li>L2: as they are.
 *   <li>COSINE: scaled to length 1; a zero vector stays zero.
 *   <li>DOT: a row gets one element more, {@code sqrt(M^2 - |row|^2)} with {@code M} the longest
 *       row's length, a query a zero there (Neyshabur, Srebro: On symmetric and asymmetric LSHs for
 *       inner product search, ICML 2015). A row longer than {@code M}, added later, gets a zero.
 * </ul>
 *
 * <p>Immutable; safe for many threads.
 */
public final class WalkSpace {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Unit roundoff of float32. */
  private static final double U = 0x1p-24;

  /** Allowance for what is rounded in float64. */
  private static final double LOOSE = 0x1p-34;

  /** What canonical keys of COSINE may be off by, at most, and more than that. */
  private static final double KEY = 0x1p-34;

  /** Rows that the mean is taken of, at most. */
  private static final int SAMPLE = 65_536;

  private final Metric metric;
  private final int given;
  private final int dimension;
  private final float longest;
  private final long seed;
  private final float[] mean;
  private final @Nullable Rotation rotation;

  private WalkSpace(Metric metric, int given, float longest, long seed, float[] mean) {
    this.metric = metric;
    this.given = given;
    this.dimension = dimension(metric, given);
    this.longest = longest;
    this.seed = seed;
    this.mean = mean;
    this.rotation = seed == 0 ? null : new Rotation(dimension, seed);
  }

  private static int dimension(Metric metric, int given) {
    return metric == Metric.DOT ? given + 1 : given;
  }

  /**
   * Fits a space to rows: their mean, of a sample, and the longest.
   *
   * @param seed of the rotation, or 0 for none
   * @throws VectorDataException if a row that is read is not finite
   */
  public static WalkSpace fit(VectorSource rows, Metric metric, long seed) {
    int given = rows.dimension();
    double longest = 0;
    if (metric == Metric.DOT) {
      for (long row = 0; row < rows.size(); row++) {
        longest = Math.max(longest, squaredLength(rows.row(row)));
      }
    }
    var plain =
        new WalkSpace(
            metric, given, (float) Math.sqrt(longest), 0, new float[dimension(metric, given)]);
    var sums = new double[plain.dimension];
    var mapped = new float[plain.dimension];
    long count = Math.min(SAMPLE, rows.size());
    for (long i = 0; i < count; i++) {
      long row = i * rows.size() / count;
      plain.row(rows, row, mapped);
      for (int j = 0; j < sums.length; j++) {
        sums[j] += mapped[j];
      }
    }
    var mean = new float[plain.dimension];
    for (int j = 0; j < mean.length && count > 0; j++) {
      mean[j] = (float) (sums[j] / count);
    }
    return new WalkSpace(metric, given, plain.longest, seed, mean);
  }

  /** Elements of a vector of this space. */
  public int dimension() {
    return dimension;
  }

  /** Bytes that {@link #write} takes. */
  public static long bytes(Metric metric, int given) {
    return 16 + 4L * dimension(metric, given);
  }

  /** Bytes that {@link #write} takes. */
  long bytes() {
    return bytes(metric, given);
  }

  /** Length of the longest row that keeps its place among others; infinity for all but DOT. */
  public float longest() {
    return metric == Metric.DOT ? longest : Float.POSITIVE_INFINITY;
  }

  /** Writes what {@link #read} needs: the seed, the longest row, 4 zero bytes, the mean. */
  public void write(MemorySegment target) {
    target.set(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN), 0, seed);
    target.set(FLOAT, 8, longest);
    target.set(FLOAT, 12, 0);
    MemorySegment.copy(mean, 0, target, FLOAT, 16, dimension);
  }

  /** Reads a space that was written for rows of {@code given} elements and {@code metric}. */
  public static WalkSpace read(MemorySegment from, Metric metric, int given) {
    var mean = new float[dimension(metric, given)];
    MemorySegment.copy(from, FLOAT, 16, mean, 0, mean.length);
    return new WalkSpace(
        metric,
        given,
        from.get(FLOAT, 8),
        from.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN), 0),
        mean);
  }

  /**
   * Maps a row.
   *
   * @param into {@code [>= dimension()]}
   * @throws VectorDataException if the row is not finite
   */
  public void row(VectorSource rows, long row, float[] into) {
    rows.block(row, 1).decodeRow(0, into, 0);
    double squares = squaredLength(into, given);
    if (!(squares < Double.POSITIVE_INFINITY)) {
      VectorDataException.requireFinite(rows, row, rows.row(row));
    }
    map(into, squares, true);
  }

  /**
   * Maps a query.
   *
   * @param query {@code [given]}, finite
   * @param into {@code [>= dimension()]}
   */
  public void query(float[] query, float[] into) {
    System.arraycopy(query, 0, into, 0, given);
    map(into, metric == Metric.COSINE ? squaredLength(into, given) : 0, false);
  }

  /** Length of a query, in float64, and 1 where it is scaled to that. */
  private double length(float[] query) {
    return metric == Metric.COSINE ? 1 : Norms.up(Math.sqrt(squaredLength(query, given)));
  }

  /**
   * How far two vectors' distance may be from that of the real ones, beside what grows with the
   * lengths of what {@link #row} and {@link #query} give: rounding of what is scaled to length 1,
   * and of the element that rows of DOT get.
   */
  private double inexact() {
    return switch (metric) {
      case L2 -> 0;
      case COSINE -> 16 * U;
      case DOT -> 8 * U * longest;
    };
  }

  /**
   * Squared distance of this space that no row has to a query whose key is {@code key} or less; an
   * upper bound, every rounding included. Rows are those that the space was fitted to.
   *
   * @param query as given
   */
  public double distanceOf(double key, float[] query) {
    double length = length(query);
    double squared =
        switch (metric) {
          case L2 -> key;
          case COSINE -> 2 + 2 * key + KEY;
          case DOT -> {
            double sizes = length * length + (double) longest * longest;
            yield sizes * (1 + 8 * U) + 2 * key;
          }
        };
    double distance = Math.sqrt(Math.max(squared, 0)) * (1 + LOOSE) + inexact();
    return distance * distance * (1 + LOOSE);
  }

  /**
   * Lower bound of the key of a row whose squared distance from a query is at least {@code squared}
   * in this space.
   *
   * @param query as given
   */
  public double keyOf(double squared, float[] query) {
    if (!(squared > 0)) {
      squared = 0; // also where it is not a number
    }
    double distance = Math.max(Math.sqrt(squared) * (1 - LOOSE) - inexact(), 0);
    double least = distance * distance * (1 - LOOSE);
    return switch (metric) {
      case L2 -> least;
      case COSINE -> least / 2 - 1 - KEY;
      case DOT -> {
        double length = length(query);
        double sizes = length * length + (double) longest * longest;
        yield (least - sizes * (1 + 8 * U)) / 2;
      }
    };
  }

  /** Whether keys follow from distances: not for a zero query of COSINE, whose keys are all 0. */
  public boolean bounds(float[] query) {
    return metric != Metric.COSINE || squaredLength(query, given) > 0;
  }

  private void map(float[] vector, double squares, boolean isRow) {
    switch (metric) {
      case L2 -> {}
      case COSINE -> {
        double scale = squares == 0 ? 0 : 1 / Math.sqrt(squares);
        float rounded = (float) scale;
        boolean normal = rounded >= Float.MIN_NORMAL && rounded < Float.POSITIVE_INFINITY;
        for (int i = 0; i < given; i++) {
          vector[i] = normal ? vector[i] * rounded : (float) (vector[i] * scale);
        }
      }
      case DOT ->
          vector[given] =
              isRow ? (float) Math.sqrt(Math.max(0, (double) longest * longest - squares)) : 0;
    }
    for (int i = 0; i < dimension; i++) {
      vector[i] -= mean[i];
    }
    if (rotation != null) {
      rotation.apply(vector);
    }
  }

  private static double squaredLength(float[] vector) {
    return squaredLength(vector, vector.length);
  }

  private static double squaredLength(float[] vector, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += (double) vector[i] * vector[i];
    }
    return sum;
  }
}
