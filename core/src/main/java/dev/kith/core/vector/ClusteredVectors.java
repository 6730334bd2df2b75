package dev.kith.core.vector;

import dev.kith.core.work.Workers;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * Synthetic data: Gaussian clusters on a random linear subspace. A row is {@code B (c + s z)} with
 * {@code B} a random {@code dimension x intrinsicDimension} matrix, {@code c} the centre of a
 * random cluster, {@code z} a standard Gaussian and {@code s} the spread. The same seed gives the
 * same rows bit for bit on every machine, and row {@code i} does not depend on how many rows
 * follow.
 *
 * @param dimension elements a row
 * @param intrinsicDimension how many directions the data really varies in; at most {@code
 *     dimension}. Searching gets harder as it grows.
 * @param clusters how many centres, themselves standard Gaussian
 * @param spread standard deviation around a centre; small means tight clusters
 * @param seed of all randomness
 */
public record ClusteredVectors(
    int dimension, int intrinsicDimension, int clusters, double spread, long seed) {

  /** Checks that the parameters make sense together. */
  public ClusteredVectors {
    if (dimension < 1
        || dimension > VectorSource.MAX_DIMENSION
        || intrinsicDimension < 1
        || intrinsicDimension > dimension
        || clusters < 1
        || !(spread >= 0 && spread < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          ("need 1 <= intrinsicDimension <= dimension <= %d, clusters >= 1 and a finite spread >="
                  + " 0: dimension=%d, intrinsicDimension=%d, clusters=%d, spread=%s")
              .formatted(
                  VectorSource.MAX_DIMENSION, dimension, intrinsicDimension, clusters, spread));
    }
  }

  /** Rows {@code first} to {@code first + size - 1} of the endless sequence, in memory. */
  public VectorSource generate(long first, long size) {
    if (first < 0 || size < 0) {
      throw new IllegalArgumentException(
          "first and size must not be negative: first=%d, size=%d".formatted(first, size));
    }
    var gaussian = new Gaussian(new SplittableRandom(seed));
    // A row's expected squared norm is then dimension * (1 + spread^2).
    double scale = 1 / StrictMath.sqrt(intrinsicDimension);
    var basis = new float[intrinsicDimension][dimension];
    for (var direction : basis) {
      for (int e = 0; e < dimension; e++) {
        direction[e] = (float) (scale * gaussian.next());
      }
    }
    var centres = new double[clusters][intrinsicDimension];
    for (var centre : centres) {
      for (int j = 0; j < intrinsicDimension; j++) {
        centre[j] = gaussian.next();
      }
    }
    var target = MemoryVectorSource.allocate(size, dimension, ElementType.FLOAT32);
    Workers.forEach(
        size,
        i -> {
          var row = row(first + i, basis, centres);
          MemorySegment.copy(
              row, 0, target.data(), ElementType.FLOAT, i * target.stride(), dimension);
        });
    return target;
  }

  private float[] row(long number, float[][] basis, double[][] centres) {
    var random = new SplittableRandom(seed + (number + 1) * 0x9E3779B97F4A7C15L);
    var centre = centres[random.nextInt(clusters)];
    var gaussian = new Gaussian(random);
    var row = new float[dimension];
    for (int j = 0; j < intrinsicDimension; j++) {
      float weight = (float) (centre[j] + spread * gaussian.next());
      var direction = basis[j];
      for (int e = 0; e < dimension; e++) {
        row[e] += weight * direction[e];
      }
    }
    return row;
  }

  /** Marsaglia's polar method, with StrictMath so that every machine gets the same bits. */
  private static final class Gaussian {
    private final SplittableRandom random;
    private double spare = Double.NaN;

    Gaussian(SplittableRandom random) {
      this.random = random;
    }

    double next() {
      if (!Double.isNaN(spare)) {
        double ready = spare;
        spare = Double.NaN;
        return ready;
      }
      double x;
      double y;
      double square;
      do {
        x = 2 * random.nextDouble() - 1;
        y = 2 * random.nextDouble() - 1;
        square = x * x + y * y;
      } while (square >= 1 || square == 0);
      double factor = StrictMath.sqrt(-2 * StrictMath.log(square) / square);
      spare = y * factor;
      return x * factor;
    }
  }
}
