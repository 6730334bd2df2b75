package dev.kith.core.quant;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.util.SplittableRandom;

/**
 * Directions in which rows differ most: an orthonormal basis whose first vectors span about what
 * the first principal components span, by orthogonal iteration over the covariance of a sample
 * (Golub, Van Loan: Matrix computations, 2013, section 8.2.4). Its first {@code k} vectors are what
 * an iteration over {@code k} vectors alone would give, so that one fit serves every number of
 * them. Immutable; safe for many threads.
 */
public final class LeadingAxes {
  /** Rows that the covariance is taken of, at most. */
  private static final int SAMPLE = 4_096;

  /**
   * Turns of the iteration. What counts is how much of the rows lies in the space that is spanned,
   * not the single vectors, and that is within a hundredth of its limit after a few (measured).
   */
  private static final int TURNS = 3;

  /** Rows of the covariance computed as one unit of work. */
  private static final int STRIP = 32;

  private final float[][] basis;

  private LeadingAxes(float[][] basis) {
    this.basis = basis;
  }

  /**
   * Fits axes to a sample of rows.
   *
   * @param space space of the rows, not rotated
   * @param count number of axes, at most the space's dimension
   * @param seed of the vectors that the iteration begins with
   */
  static LeadingAxes fit(
      VectorSource rows, WalkSpace space, int count, long seed, BuildOptions options) {
    int d = space.dimension();
    var covariance = covariance(rows, space, options);
    var random = new SplittableRandom(seed);
    var basis = new float[count][d];
    for (var vector : basis) {
      for (int j = 0; j < d; j++) {
        vector[j] = (float) (random.nextDouble() + random.nextDouble() - 1);
      }
    }
    orthonormalize(basis, random);
    for (int turn = 0; turn < TURNS; turn++) {
      var before = basis;
      var next = new float[count][d];
      Workers.forEach(
          count,
          options.threads(),
          options.progress(),
          i -> {
            for (int j = 0; j < d; j++) {
              add(covariance[j], before[(int) i][j], next[(int) i], 0);
            }
          });
      orthonormalize(next, random);
      basis = next;
    }
    return new LeadingAxes(basis);
  }

  /**
   * Fits axes for codes of {@code rows}.
   *
   * @param count number of axes, fewer than a row's elements
   */
  public static LeadingAxes fit(
      VectorSource rows, Metric metric, int count, long seed, BuildOptions options) {
    return fit(rows, WalkSpace.fit(rows, metric, 0), count, seed, options);
  }

  private static float[][] covariance(VectorSource rows, WalkSpace space, BuildOptions options) {
    int d = space.dimension();
    int count = (int) Math.min(SAMPLE, rows.size());
    var sample = new float[count][d];
    double squares = 0;
    for (int i = 0; i < count; i++) {
      space.row(rows, i * rows.size() / count, sample[i]);
      for (float value : sample[i]) {
        squares += (double) value * value;
      }
    }
    // Elements of any size keep their squares within float32.
    float scale = squares == 0 ? 1 : (float) Math.sqrt(count / squares);
    for (var row : sample) {
      for (int j = 0; j < d; j++) {
        row[j] *= scale;
      }
    }
    var covariance = new float[d][d];
    Workers.forEach(
        (d + STRIP - 1) / STRIP,
        options.threads(),
        options.progress(),
        unit -> {
          int from = (int) unit * STRIP;
          for (var row : sample) {
            for (int i = from; i < Math.min(d, from + STRIP); i++) {
              add(row, row[i], covariance[i], from);
            }
          }
        });
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < i; j++) {
        covariance[i][j] = covariance[j][i];
      }
    }
    return covariance;
  }

  private static void add(float[] from, float factor, float[] sum, int start) {
    for (int j = start; j < sum.length; j++) {
      sum[j] += factor * from[j];
    }
  }

  /**
   * Makes vectors orthonormal in their order (Gram and Schmidt, twice); one that lies in the span
   * of those before it, as where rows have fewer dimensions, is replaced by a random one.
   */
  private static void orthonormalize(float[][] vectors, SplittableRandom random) {
    for (int i = 0; i < vectors.length; i++) {
      var vector = vectors[i];
      double before = length(vector);
      for (int tries = 0; ; tries++) {
        subtractAll(vectors, i);
        double left = length(vector);
        if (left > 1e-4 * before && left > 0) {
          scale(vector, 1 / left);
          subtractAll(vectors, i);
          scale(vector, 1 / length(vector));
          break;
        }
        if (tries == 100) {
          throw new IllegalStateException("no direction is left for axis " + i);
        }
        for (int j = 0; j < vector.length; j++) {
          vector[j] = (float) (random.nextDouble() + random.nextDouble() - 1);
        }
        before = length(vector);
      }
    }
  }

  /** Takes from vector {@code i} what lies along each of those before it, which are orthonormal. */
  private static void subtractAll(float[][] vectors, int i) {
    for (int k = 0; k < i; k++) {
      add(vectors[k], -dot(vectors[k], vectors[i]), vectors[i], 0);
    }
  }

  private static float dot(float[] a, float[] b) {
    // Eight sums in turn, so that additions need not wait for one another.
    var sums = new float[8];
    int j = 0;
    for (; j + 8 <= a.length; j += 8) {
      for (int lane = 0; lane < 8; lane++) {
        sums[lane] += a[j + lane] * b[j + lane];
      }
    }
    float sum = 0;
    for (; j < a.length; j++) {
      sum += a[j] * b[j];
    }
    for (float lane : sums) {
      sum += lane;
    }
    return sum;
  }

  private static double length(float[] vector) {
    return Math.sqrt(dot(vector, vector));
  }

  private static void scale(float[] vector, double by) {
    for (int j = 0; j < vector.length; j++) {
      vector[j] = (float) (vector[j] * by);
    }
  }

  /** Number of axes. */
  public int count() {
    return basis.length;
  }

  /**
   * The first {@code count} axes, turned about among themselves by a random rotation, so that what
   * rows hold is spread over all of them: {@code [count][d]}, orthonormal.
   */
  float[][] turned(int count, long seed) {
    int d = basis[0].length;
    var rotation = new Rotation(count, seed);
    var turned = new float[count][d];
    var column = new float[count];
    for (int j = 0; j < d; j++) {
      for (int i = 0; i < count; i++) {
        column[i] = basis[i][j];
      }
      rotation.apply(column);
      for (int i = 0; i < count; i++) {
        turned[i][j] = column[i];
      }
    }
    return turned;
  }
}
