package dev.kith.lab.measure;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.recall.IntrinsicDimension;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Local intrinsic dimension of data: how fast the number of rows around a row grows with the
 * distance from it. It says how hard a search is, far better than the number of elements does:
 * recall at a given effort falls with it.
 *
 * <p>The {@link IntrinsicDimension} about sampled rows, by their exact nearest neighbours.
 */
public final class SampledDimension {
  /** Rows whose neighbours are asked for. */
  private static final int SAMPLE = 256;

  /** Neighbours of a row, where there are enough rows that they lie near. */
  private static final int NEIGHBOURS = 100;

  private static final int LEAST_NEIGHBOURS = 10;

  /** Neighbours of a row are at most one row in {@code SHARE}, or they are not near. */
  private static final int SHARE = 100;

  private SampledDimension() {}

  /**
   * Estimates the dimension of {@code rows} by the exact neighbours of a sample of them. Rows at
   * the same place as a sampled one tell nothing and are left out.
   *
   * @param metric metric whose distances are meant: of {@code COSINE} those of unit vectors, else
   *     the Euclidean ones, for an inner product is no distance
   * @param seed seed of the sample
   * @return the dimension, or null if the sampled rows have no two neighbours at different
   *     distances
   */
  public static @Nullable Double of(VectorSource rows, Metric metric, long seed) {
    if (rows.size() < 3) {
      return null;
    }
    var near = metric == Metric.COSINE ? Metric.COSINE : Metric.L2;
    int neighbours =
        (int)
            Math.min(
                Math.clamp(rows.size() / SHARE, LEAST_NEIGHBOURS, NEIGHBOURS), rows.size() - 1);
    try (var arena = Arena.ofShared()) {
      var sample = sample(rows, seed, arena);
      var found =
          VectorIndex.over(rows, near, "flat")
              .search(sample, SearchOptions.nearest(neighbours + 1))
              .neighbors();
      double dimension = IntrinsicDimension.of(near, found);
      return Double.isNaN(dimension) ? null : (Double) dimension;
    }
  }

  /** Rows picked at random, a row perhaps more than once, as a source of float32 rows. */
  private static VectorSource sample(VectorSource rows, long seed, Arena arena) {
    int count = (int) Math.min(SAMPLE, rows.size());
    long stride = (long) rows.dimension() * Float.BYTES;
    var copy = arena.allocate(count * stride, Long.BYTES);
    var random = new SplittableRandom(seed);
    for (int i = 0; i < count; i++) {
      var row = rows.row(count < rows.size() ? random.nextLong(rows.size()) : i);
      MemorySegment.copy(row, 0, copy, ValueLayout.JAVA_FLOAT, i * stride, row.length);
    }
    return VectorSource.over(copy, stride, count, rows.dimension(), ElementType.FLOAT32);
  }
}
