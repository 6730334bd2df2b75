package dev.kith.core.testing;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Random vectors, and the exact answer straight from its definition in docs/exactness.md. */
public final class TestVectors {

  private TestVectors() {}

  /** Vector of roughly standard Gaussian elements, each the sum of four uniform ones. */
  public static float[] gaussian(SplittableRandom random, int dimension) {
    var vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] =
          (float)
              (1.7320508
                  * (random.nextDouble()
                      + random.nextDouble()
                      + random.nextDouble()
                      + random.nextDouble()
                      - 2));
    }
    return vector;
  }

  /** Many Gaussian vectors. */
  public static float[][] gaussians(SplittableRandom random, int rows, int dimension) {
    var vectors = new float[rows][];
    Arrays.setAll(vectors, _ -> gaussian(random, dimension));
    return vectors;
  }

  /** Rows of any element type, with the float32 rows that they decode to. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Typed(VectorSource source, float[][] rows) {}

  /** Random rows of an element type, in memory. */
  public static Typed typed(SplittableRandom random, ElementType type, int size, int dimension) {
    var source =
        switch (type) {
          case FLOAT32 -> VectorSource.of(gaussians(random, size, dimension));
          case FLOAT16, BFLOAT16 -> halves(random, size, dimension, type);
          case INT8, UINT8 -> {
            var bytes = new byte[size * dimension];
            random.nextBytes(bytes);
            yield VectorSource.of(bytes, dimension, type);
          }
        };
    var rows = new float[size][];
    Arrays.setAll(rows, i -> source.row(i));
    return new Typed(source, rows);
  }

  private static VectorSource halves(
      SplittableRandom random, int size, int dimension, ElementType type) {
    var bits = new short[size * dimension];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = type.bitsOf(gaussian(random, 1)[0]);
    }
    return VectorSource.of(bits, dimension, type);
  }

  /**
   * Row numbers in the order of docs/exactness.md: eight lanes in float64, folded in halves;
   * written apart from the code under test.
   */
  public static long[] nearest(Metric metric, float[] query, float[][] rows, int k) {
    return nearest(metric, query, rows, k, _ -> true);
  }

  /** Row numbers in the order of docs/exactness.md, of the rows that pass. */
  public static long[] nearest(
      Metric metric, float[] query, float[][] rows, int k, IntPredicate passes) {
    var keys = new double[rows.length];
    var passing = IntStream.range(0, rows.length).filter(passes).toArray();
    for (int row : passing) {
      keys[row] = key(metric, query, rows[row]);
    }
    // The k-th key first, so that only the rows below it are sorted as objects.
    var sorted = Arrays.stream(passing).mapToDouble(row -> keys[row]).sorted().toArray();
    double worst = sorted.length > k ? sorted[k - 1] : Double.POSITIVE_INFINITY;
    return Arrays.stream(passing)
        .filter(row -> keys[row] <= worst || sorted.length <= k)
        .boxed()
        .sorted(Comparator.<Integer>comparingDouble(row -> keys[row]).thenComparingInt(row -> row))
        .limit(k)
        .mapToLong(row -> row)
        .toArray();
  }

  /** Share of the {@code k} nearest rows of all queries that were found. */
  public static double recall(
      Metric metric, float[][] queries, float[][] rows, int k, List<Neighbors> found) {
    long hits = 0;
    for (int q = 0; q < queries.length; q++) {
      var rowsFound = Arrays.stream(found.get(q).rows()).boxed().collect(Collectors.toSet());
      hits +=
          Arrays.stream(nearest(metric, queries[q], rows, k)).filter(rowsFound::contains).count();
    }
    return hits / (double) (queries.length * Math.min(k, rows.length));
  }

  /** The canonical key, from its definition. */
  public static double key(Metric metric, float[] query, float[] row) {
    return switch (metric) {
      case L2 -> squares(query, row);
      case DOT -> 0.0 - dot(query, row);
      case COSINE -> {
        double squares = dot(query, query) * dot(row, row);
        yield squares == 0 ? 0 : 0.0 - dot(query, row) / Math.sqrt(squares);
      }
    };
  }

  private static double squares(float[] a, float[] b) {
    var lanes = new double[8];
    for (int i = 0; i < a.length; i++) {
      double difference = (double) a[i] - b[i];
      lanes[i % 8] += difference * difference;
    }
    return folded(lanes);
  }

  private static double dot(float[] a, float[] b) {
    var lanes = new double[8];
    for (int i = 0; i < a.length; i++) {
      lanes[i % 8] += (double) a[i] * b[i];
    }
    return folded(lanes);
  }

  private static double folded(double[] lanes) {
    for (int half = 4; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        lanes[j] += lanes[j + half];
      }
    }
    return lanes[0];
  }

  /** A float32 segment of whole rows and nothing behind them. */
  public static MemorySegment segment(float[][] rows) {
    var block = VectorSource.of(rows).block(0, rows.length);
    return block.data();
  }
}
