package dev.kith.lab.measure;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import org.jspecify.annotations.Nullable;

/** The answer by definition: every canonical float64 key, no bound, no kernel. */
public final class Oracle {
  private static final int BLOCK_ROWS = 1024;

  private Oracle() {}

  /**
   * The rows nearest to each query, on all cores.
   *
   * @param filter which rows may be returned, or null for all
   * @return {@code [queries][<= k]}, nearest first, ties by smaller row
   */
  public static long[][] nearest(
      VectorSource rows, VectorSource queries, Metric metric, int k, @Nullable RowFilter filter) {
    var nearest = new long[Math.toIntExact(queries.size())][];
    Workers.forEach(
        nearest.length, q -> nearest[(int) q] = nearest(rows, queries.row(q), metric, k, filter));
    return nearest;
  }

  private static long[] nearest(
      VectorSource rows, float[] query, Metric metric, int k, @Nullable RowFilter filter) {
    var best = new TopK((int) Math.min(k, Math.max(rows.size(), 1)));
    var row = new float[rows.dimension()];
    for (var block : rows.blocks(BLOCK_ROWS)) {
      for (int i = 0; i < block.rows(); i++) {
        if (filter == null || filter.allows(block.firstRow() + i)) {
          block.decodeRow(i, row, 0);
          best.offer(metric.key(query, row), block.firstRow() + i);
        }
      }
    }
    var found = new long[best.size()];
    best.drain(found, new double[found.length]);
    return found;
  }
}
