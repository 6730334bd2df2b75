package dev.kith.core.graph;

import dev.kith.core.kernel.ScanKernel;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.KMeans;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Blocks of rows that are likely to be each other's nearest: all rows, or, of many, the rows of a
 * cell, where each row belongs to its two nearest cells, so that near rows on both sides of a
 * border meet.
 */
final class Blocks {
  /** Most rows that are one block. */
  static final int ONE = 100_000;

  /** Most rows of a block where there are several. */
  static final int MOST = 50_000;

  /** Rows of a cell, on the average. */
  private static final int USUAL = 20_000;

  private static final int UNIT = 1024;

  private Blocks() {}

  /**
   * Divides rows into blocks.
   *
   * @param kept rows to divide, ascending
   * @param one most rows that are one block
   * @param usual rows of a block, on the average, where there are several
   * @return of each block the places in {@code kept} of its rows, ascending
   */
  static List<int[]> of(
      VectorSource rows,
      Metric metric,
      int[] kept,
      int one,
      int usual,
      long seed,
      ScanKernel kernel,
      BuildOptions options) {
    if (kept.length <= one) {
      var all = new int[kept.length];
      Arrays.setAll(all, i -> i);
      return List.of(all);
    }
    int cells = (int) Math.max(2, 2L * kept.length / usual);
    var means = KMeans.fit(rows, metric, cells, seed, kernel, options);
    var two = new int[2][kept.length];
    Workers.forEach(
        (kept.length + UNIT - 1) / UNIT,
        options.threads(),
        options.progress(),
        unit -> {
          var finder = means.finder();
          for (int i = (int) unit * UNIT; i < Math.min(kept.length, (unit + 1) * UNIT); i++) {
            var found = finder.find(rows, kept[i]);
            two[0][i] = found[0];
            two[1][i] = found[1];
          }
        });
    var counts = new int[cells];
    for (var cellOf : two) {
      for (int cell : cellOf) {
        counts[cell]++;
      }
    }
    var blocks = new int[cells][];
    Arrays.setAll(blocks, cell -> new int[counts[cell]]);
    Arrays.fill(counts, 0);
    for (int i = 0; i < kept.length; i++) {
      blocks[two[0][i]][counts[two[0][i]]++] = i;
      blocks[two[1][i]][counts[two[1][i]]++] = i;
    }
    // A cell with too many rows, which looks as if they were all alike, is cut into equal parts.
    int most = Math.max((int) ((long) MOST * usual / USUAL), 1);
    var all = new ArrayList<int[]>();
    for (var block : blocks) {
      int parts = (block.length + most - 1) / most;
      for (int part = 0; part < parts; part++) {
        all.add(
            Arrays.copyOfRange(
                block,
                (int) ((long) block.length * part / parts),
                (int) ((long) block.length * (part + 1) / parts)));
      }
    }
    return all;
  }

  /** Divides rows into one block, or into blocks of the usual size. */
  static List<int[]> of(
      VectorSource rows,
      Metric metric,
      int[] kept,
      long seed,
      ScanKernel kernel,
      BuildOptions options) {
    return of(rows, metric, kept, ONE, USUAL, seed, kernel, options);
  }
}
