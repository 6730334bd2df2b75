package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/** Canonical keys of chosen rows, computed and counted. One worker's: not safe for many threads. */
public final class Rescorer {
  private final VectorSource rows;
  private final Metric metric;
  private final float[] row;
  private @Nullable StopSignal stop;
  private long count;

  /** Reads these rows. */
  public Rescorer(VectorSource rows, Metric metric) {
    this.rows = rows;
    this.metric = metric;
    this.row = new float[rows.dimension()];
  }

  /** Counts from zero, and stops when this says so. */
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

  /** How many keys were computed. */
  public long count() {
    return count;
  }
}
