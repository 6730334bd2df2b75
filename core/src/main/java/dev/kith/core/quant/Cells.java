package dev.kith.core.quant;

import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cells that consecutive rows are in: codes are then of what rows lack of their cell's centre,
 * which is less than the rows themselves where cells are clusters. Immutable; safe for many
 * threads.
 */
public final class Cells {
  /** Cells that are none: rows are coded as they are. */
  public static final Cells NONE = new Cells(new long[] {0}, new int[0]);

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final long[] firsts;
  private final int[] sizes;

  /**
   * Creates cells.
   *
   * @param firsts {@code [cells + 1]} the first row of each cell, then the number of rows;
   *     ascending
   * @param sizes {@code [cells]} rows that a cell's centre is the mean of, its first ones; at least
   *     1 each
   */
  public Cells(long[] firsts, int[] sizes) {
    this.firsts = firsts.clone();
    this.sizes = sizes.clone();
  }

  /** Number of cells. */
  int count() {
    return sizes.length;
  }

  /**
   * Another row of the cell of a row, if it has another; of all {@code size} rows without cells.
   */
  long other(long row, long size) {
    if (count() == 0) {
      return (row + 1) % size;
    }
    int found = Arrays.binarySearch(firsts, row);
    int cell = found >= 0 ? found : -found - 2;
    long within = Math.min(row - firsts[cell], sizes[cell] - 1L);
    return firsts[cell] + (within + sizes[cell] / 2 + 1) % sizes[cell];
  }

  /** Bytes of the centres of cells in a space of {@code dimension} elements. */
  long bytes(int dimension) {
    return 4L * count() * dimension;
  }

  /** Copies the centre of a cell out of those of all, {@code [cells][into.length]} float32. */
  static void centre(MemorySegment centres, int cell, float[] into) {
    MemorySegment.copy(centres, FLOAT, 4L * cell * into.length, into, 0, into.length);
  }

  private static void setCentre(MemorySegment centres, int cell, float[] from) {
    MemorySegment.copy(from, 0, centres, FLOAT, 4L * cell * from.length, from.length);
  }

  /**
   * Computes the mean of each cell's rows.
   *
   * @param centres {@code [cells][dimension]} float32; receives them
   */
  void measure(VectorSource rows, WalkSpace space, MemorySegment centres, BuildOptions options) {
    Workers.forEach(
        count(),
        options.threads(),
        options.progress(),
        number -> {
          int cell = (int) number;
          var row = new float[space.dimension()];
          var sums = new double[row.length];
          for (int i = 0; i < sizes[cell]; i++) {
            space.row(rows, firsts[cell] + i, row);
            for (int j = 0; j < row.length; j++) {
              sums[j] += row[j];
            }
          }
          for (int j = 0; j < row.length; j++) {
            row[j] = (float) (sums[j] / sizes[cell]);
          }
          setCentre(centres, cell, row);
        });
  }

  /** Replaces each centre by what {@code coder} rotates it to. */
  void rotate(MemorySegment centres, ProductCoder coder) {
    var centre = new float[coder.dimension()];
    var rotated = new float[centre.length];
    for (int cell = 0; cell < count() && coder.isRotated(); cell++) {
      centre(centres, cell, centre);
      coder.rotate(centre, rotated);
      setCentre(centres, cell, rotated);
    }
  }

  /** Reader of the centres of the cells of rows, one after another. Belongs to one thread. */
  final class Reader {
    private final MemorySegment centres;
    private final float[] centre;
    private int cell = -1;

    /** Creates a reader of {@code centres}, of {@code dimension} elements each. */
    Reader(MemorySegment centres, int dimension) {
      this.centres = centres;
      this.centre = new float[dimension];
    }

    /** The centre of the cell of a row, or null if there are no cells; good until the next call. */
    float @Nullable [] at(long row) {
      if (count() == 0) {
        return null;
      }
      if (cell < 0 || row < firsts[cell] || row >= firsts[cell + 1]) {
        int found = Arrays.binarySearch(firsts, row);
        cell = found >= 0 ? found : -found - 2;
        centre(centres, cell, centre);
      }
      return centre;
    }
  }
}
