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
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.IntToLongFunction;

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

  /** Rows that are assigned as one unit of work: their tiles stay in the L2 cache. */
  private static final int UNIT = 96;

  /** Share by which the centres of a cell that is cut in two move apart. */
  private static final float APART = 0x1p-10f;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final WalkSpace space;
  private final ScanKernel kernel;
  private final int cells;

  /** Centres, {@code [cells][dimension]} float32. */
  private final MemorySegment centres;

  /** Centres side by side as {@link ScanKernel#tile} reads them, a panel each. */
  private final float[][] panels;

  private final float[] squares;

  private KMeans(WalkSpace space, ScanKernel kernel, int cells) {
    this.space = space;
    this.kernel = kernel;
    this.cells = cells;
    this.centres = Arena.ofAuto().allocate(4L * cells * space.dimension(), 64);
    this.squares = new float[cells];
    int width = kernel.panelRows();
    this.panels = new float[(cells + width - 1) / width][width * space.dimension()];
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
    return fit(rows, metric, cells, SAMPLE, ROUNDS, seed, kernel, options);
  }

  /**
   * Fits centres to a sample of the rows.
   *
   * @param cells at least 1 and at most the number of rows
   * @param perCell rows of the sample, a cell
   * @param rounds times that centres are moved
   */
  public static KMeans fit(
      VectorSource rows,
      Metric metric,
      int cells,
      int perCell,
      int rounds,
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
    int count = (int) Math.min(rows.size(), (long) perCell * cells);
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
    fitted.pack();
    for (int round = 0; round < rounds; round++) {
      fitted.move(rows, sample, options);
      fitted.pack();
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
    assign(rows, sample.length, i -> sample[i], nearest, options);
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
      if (counts[cell] > 0) {
        for (int j = 0; j < d; j++) {
          values[j] = (float) (sums[cell][j] / counts[cell]);
        }
        centre(cell, values);
      }
    }
    repair(counts);
  }

  /** Gives each empty cell a half of the one that has the most rows. */
  private void repair(int[] counts) {
    int d = space.dimension();
    var values = new float[d];
    var largest =
        new PriorityQueue<Integer>(
            Comparator.<Integer>comparingInt(cell -> -counts[cell]).thenComparingInt(cell -> cell));
    for (int cell = 0; cell < cells; cell++) {
      if (counts[cell] > 0) {
        largest.add(cell);
      }
    }
    for (int cell = 0; cell < cells; cell++) {
      if (counts[cell] == 0) {
        int donor = largest.remove();
        for (int side = 1; side >= -1; side -= 2) {
          MemorySegment.copy(centres, FLOAT, 4L * donor * d, values, 0, d);
          for (int j = 0; j < d; j++) {
            values[j] *= (j & 1) == 0 ? 1 + side * APART : 1 - side * APART;
          }
          if (side > 0) {
            centre(cell, values);
          } else {
            centre(donor, values);
          }
        }
        counts[cell] = counts[donor] / 2;
        counts[donor] -= counts[cell];
        largest.add(donor);
        largest.add(cell);
      }
    }
  }

  /** Lays the centres side by side. */
  private void pack() {
    int d = space.dimension();
    int width = kernel.panelRows();
    var some = new float[width * d];
    for (int panel = 0; panel < panels.length; panel++) {
      int count = Math.min(width, cells - panel * width);
      MemorySegment.copy(centres, FLOAT, 4L * panel * width * d, some, 0, count * d);
      kernel.pack(some, count, d, panels[panel], 0);
    }
  }

  /**
   * Finds the cell of each row, whose centre is the nearest, of equally near ones the lower.
   *
   * @param count rows to assign
   * @param number number of the {@code i}-th row
   * @param nearest {@code [>= count]}; receives the cell of the {@code i}-th row
   */
  public void assign(
      VectorSource rows, int count, IntToLongFunction number, int[] nearest, BuildOptions options) {
    Workers.forEach(
        (count + UNIT - 1L) / UNIT,
        options,
        Assigner::new,
        (assigner, unit) -> {
          int first = (int) unit * UNIT;
          assigner.assign(rows, first, Math.min(UNIT, count - first), number, nearest);
        });
  }

  /** Buffers of one worker that assigns rows, a unit of them at a time, by tiles. */
  private final class Assigner {
    private final int d = space.dimension();
    private final int width = kernel.tileQueries();
    private final int panelRows = kernel.panelRows();
    private final float[] values = new float[d];
    private final float[] packed = new float[(UNIT + width - 1) / width * width * d];
    private final float[] dots = new float[width * panelRows];
    private final float[] least = new float[UNIT];

    void assign(VectorSource rows, int first, int count, IntToLongFunction number, int[] nearest) {
      for (int i = 0; i < count; i++) {
        space.row(rows, number.applyAsLong(first + i), values);
        int at = i / width * width * d + i % width;
        for (int j = 0; j < d; j++) {
          packed[at + j * width] = values[j];
        }
      }
      Arrays.fill(least, Float.POSITIVE_INFINITY);
      Arrays.fill(nearest, first, first + count, 0);
      for (int panel = 0; panel < panels.length; panel++) {
        int from = panel * panelRows;
        int some = Math.min(panelRows, cells - from);
        for (int i = 0; i < count; i += width) {
          kernel.tile(panels[panel], 0, packed, i * d, d, dots);
          for (int q = 0; q < Math.min(width, count - i); q++) {
            float best = least[i + q];
            for (int r = 0; r < some; r++) {
              float distance = squares[from + r] - 2 * dots[q * panelRows + r];
              if (distance < best) {
                best = distance;
                nearest[first + i + q] = from + r;
              }
            }
            least[i + q] = best;
          }
        }
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
