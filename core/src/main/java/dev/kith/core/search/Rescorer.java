package dev.kith.core.search;

import dev.kith.core.kernel.KeyKernel;
import dev.kith.core.metric.Canonical;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/**
 * Computes the canonical keys of chosen rows, and counts them. Belongs to one worker: not safe for
 * many threads.
 */
public final class Rescorer {
  private final VectorSource rows;
  private final Metric metric;
  private final float[] row;
  private final @Nullable KeyKernel kernel;

  /** All rows in place, if the kernel can read them so. */
  private final @Nullable VectorBlock inPlace;

  private double[] squares = new double[0];
  private @Nullable StopSignal stop;
  private long count;

  /** Creates a rescorer of {@code rows} for {@code metric}. */
  public Rescorer(VectorSource rows, Metric metric) {
    this(rows, metric, null);
  }

  /**
   * Creates a rescorer that computes the keys of several rows at once with {@code kernel} where
   * they are float32 rows.
   */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public Rescorer(VectorSource rows, Metric metric, @Nullable KeyKernel kernel) {
    this.rows = rows;
    this.metric = metric;
    this.row = new float[rows.dimension()];
    this.kernel = kernel;
    this.inPlace =
        kernel != null
                && rows.elementType() == ElementType.FLOAT32
                && rows.size() <= Integer.MAX_VALUE
            ? rows.block(0, (int) rows.size())
            : null;
  }

  /** Starts a search: counts keys from zero and stops when {@code newStop} says so. */
  public void start(StopSignal newStop) {
    stop = newStop;
    count = 0;
  }

  /**
   * The canonical key of a row.
   *
   * @throws VectorDataException if the row is not finite
   */
  public double key(float[] query, long number) {
    if ((count++ & 1023) == 1023 && stop != null) {
      stop.check();
    }
    rows.block(number, 1).decodeRow(0, row, 0);
    double key = metric.key(query, row);
    if (!(Math.abs(key) < Double.POSITIVE_INFINITY)) {
      VectorDataException.requireFinite(rows, number, row);
    }
    return key;
  }

  /**
   * The canonical keys of some rows.
   *
   * @param numbers {@code [>= some]} rows
   * @param keys {@code [>= some]}; receives the key of row {@code numbers[i]}
   * @throws VectorDataException if a row is not finite
   */
  public void keys(float[] query, int[] numbers, int some, double[] keys) {
    if (inPlace == null || kernel == null) {
      for (int i = 0; i < some; i++) {
        keys[i] = key(query, numbers[i]);
      }
      return;
    }
    if (stop != null) {
      stop.check();
    }
    count += some;
    if (metric == Metric.L2) {
      kernel.squaredDistances(query, inPlace.data(), inPlace.stride(), numbers, some, keys);
    } else {
      if (squares.length < some) {
        squares = new double[keys.length];
      }
      kernel.products(query, inPlace.data(), inPlace.stride(), numbers, some, keys, squares);
      double own = metric == Metric.COSINE ? Canonical.dot(query, query) : 0;
      for (int i = 0; i < some; i++) {
        keys[i] = metric == Metric.COSINE ? Metric.cosine(keys[i], own, squares[i]) : 0.0 - keys[i];
      }
    }
    for (int i = 0; i < some; i++) {
      if (!(Math.abs(keys[i]) < Double.POSITIVE_INFINITY)) {
        VectorDataException.requireFinite(rows, numbers[i], rows.row(numbers[i]));
      }
    }
  }

  /** The error of a row whose key is below what was proved of it. */
  public VectorDataException contradiction(long number, double bound, double key) {
    return new VectorDataException(
        "a row's key must not be below its proved bound: source=%s, row=%d, bound=%s, key=%s; the rows were changed or their shadow is damaged: verify it, or delete it and build it again"
            .formatted(rows.name(), number, bound, key));
  }

  /** Number of keys computed since {@link #start}. */
  public long count() {
    return count;
  }
}
