package dev.kith.core.quant;

import dev.kith.core.kernel.ScanKernel;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Cells of rows about centres (Lloyd: Least squares quantization in PCM, 1982), in {@link
 * WalkSpace} without rotation. The centres are fitted to a sample of the rows, and depend on the
 * seed alone, whatever the number of threads. Immutable; safe for many threads.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public final class KMeans {
  /** Rows of the sample, a cell. */
  private static final int SAMPLE = 128;

  private static final int ROUNDS = 8;

  /** Rows that are assigned as one unit of work. */
  private static final int UNIT = 256;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final WalkSpace space;
  private final ScanKernel kernel;
  private final int cells;

  /** Centres, {@code [cells][dimension]} float32. */
  private final MemorySegment centres;

  private final float[] squares;

  private KMeans(WalkSpace space, ScanKernel kernel, int cells) {
    this.space = space;
    this.kernel = kernel;
    this.cells = cells;
    this.centres = Arena.ofAuto().allocate(4L * cells * space.dimension(), 64);
    this.squares = new float[cells];
  }

  /**
   * Fits centres to a sample of the rows.
   *
   * @param cells at least 1 and at most the number of rows
   */
  public static KMeans fit(
      VectorSource rows,
      Metric metric,
      int cells,
      long seed,
      ScanKernel kernel,
      BuildOptions options) {
    if (cells < 1 || cells > rows.size()) {
      throw new IllegalArgumentException(
          "there must be a row for each of the cells, and one cell: cells=%d, rows=%d"
              .formatted(cells, rows.size()));
    }
    var fitted = new KMeans(WalkSpace.fit(rows, metric, 0), kernel, cells);
    var random = new SplittableRandom(seed);
    int count = (int) Math.min(rows.size(), (long) SAMPLE * cells);
    var sample = new long[count];
    for (int i = 0; i < count; i++) { // one from each stretch, so that no row comes twice
      long from = i * rows.size() / count;
      sample[i] = from + random.nextLong((i + 1) * rows.size() / count - from);
    }
    for (int i = 0; i < cells; i++) {
      int other = i + random.nextInt(count - i);
      long row = sample[other];
      sample[other] = sample[i];
      sample[i] = row;
    }
    var values = new float[fitted.space.dimension()];
    for (int cell = 0; cell < cells; cell++) {
      fitted.space.row(rows, sample[cell], values);
      fitted.centre(cell, values);
    }
    for (int round = 0; round < ROUNDS; round++) {
      fitted.move(rows, sample, options);
    }
    return fitted;
  }

  private void centre(int cell, float[] values) {
    MemorySegment.copy(values, 0, centres, FLOAT, 4L * cell * values.length, values.length);
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    squares[cell] = (float) sum;
  }

  /** Moves each centre to the mean of the rows of the sample that are nearest to it. */
  private void move(VectorSource rows, long[] sample, BuildOptions options) {
    var nearest = new int[sample.length];
    Workers.forEach(
        (sample.length + UNIT - 1) / UNIT,
        options.threads(),
        options.progress(),
        unit -> {
          var finder = finder();
          for (int i = (int) unit * UNIT; i < Math.min(sample.length, (unit + 1) * UNIT); i++) {
            nearest[i] = finder.find(rows, sample[i])[0];
          }
        });
    int d = space.dimension();
    var sums = new double[cells][d];
    var counts = new int[cells];
    var values = new float[d];
    for (int i = 0; i < sample.length; i++) {
      space.row(rows, sample[i], values);
      var sum = sums[nearest[i]];
      for (int j = 0; j < d; j++) {
        sum[j] += values[j];
      }
      counts[nearest[i]]++;
    }
    for (int cell = 0; cell < cells; cell++) {
      if (counts[cell] > 0) { // an empty one stays where it is
        for (int j = 0; j < d; j++) {
          values[j] = (float) (sums[cell][j] / counts[cell]);
        }
        centre(cell, values);
      }
    }
  }

  /** Number of cells. */
  public int cells() {
    return cells;
  }

  /** Finder of cells, for one thread. */
  public Finder finder() {
    return new Finder();
  }

  /** Search for the cells of rows, of one thread. */
  public final class Finder {
    private final float[] values = new float[space.dimension()];
    private final float[] dots = new float[cells];
    private final int[] found = new int[Math.min(2, cells)];

    private Finder() {}

    /**
     * Finds the two cells whose centres are nearest to a row, the nearest first, of equally near
     * ones the lower; one if there is only one.
     *
     * @return an array that the next call changes
     */
    public int[] find(VectorSource rows, long row) {
      space.row(rows, row, values);
      kernel.dots(values, centres, 4L * values.length, cells, dots);
      float first = Float.POSITIVE_INFINITY;
      float second = Float.POSITIVE_INFINITY;
      Arrays.fill(found, 0);
      for (int cell = 0; cell < cells; cell++) {
        float distance = squares[cell] - 2 * dots[cell];
        if (distance < first) {
          if (found.length > 1) {
            found[1] = found[0];
          }
          second = first;
          first = distance;
          found[0] = cell;
        } else if (found.length > 1 && (distance < second || cell == 1)) {
          second = distance;
          found[1] = cell;
        }
      }
      return found;
    }
  }
}
