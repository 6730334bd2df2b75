package dev.kith.lab.report;

import java.util.SplittableRandom;

/**
 * The plane in which a cloud of points is widest: its two principal components, found by power
 * iteration, the second at a right angle to the first.
 */
final class Plane {
  private static final int PASSES = 1_000;

  /** Relative change of the variance below which a pass is the last. */
  private static final double STILL = 1e-9;

  private final double[] mean;
  private final double[][] axes;
  private final double share;

  private Plane(double[] mean, double[][] axes, double share) {
    this.mean = mean;
    this.axes = axes;
    this.share = share;
  }

  /**
   * Finds the plane.
   *
   * @param points {@code [n][d]}, at least one
   */
  static Plane of(float[][] points) {
    int d = points[0].length;
    var mean = new double[d];
    for (var point : points) {
      for (int i = 0; i < d; i++) {
        mean[i] += point[i] / (double) points.length;
      }
    }
    double total = 0;
    for (var point : points) {
      for (int i = 0; i < d; i++) {
        total += square(point[i] - mean[i]);
      }
    }
    var axes = new double[2][d];
    double within = 0;
    for (int a = 0; a < axes.length; a++) {
      within += widen(axes, a, points, mean);
    }
    return new Plane(mean, axes, total == 0 ? 1 : within / total);
  }

  /** Turns axis {@code a} to where the points spread most; returns their spread along it. */
  private static double widen(double[][] axes, int a, float[][] points, double[] mean) {
    int d = mean.length;
    var random = new SplittableRandom(a);
    var axis = axes[a];
    for (int i = 0; i < d; i++) {
      axis[i] = random.nextDouble() - 0.5;
    }
    double spread = 0;
    for (int pass = 0; pass < PASSES; pass++) {
      if (!straighten(axes, a)) {
        return 0; // there is no other direction
      }
      var next = new double[d];
      double now = 0;
      for (var point : points) {
        double along = along(axis, point, mean);
        now += along * along;
        for (int i = 0; i < d; i++) {
          next[i] += along * (point[i] - mean[i]);
        }
      }
      if (now == 0 || Math.abs(now - spread) <= STILL * now) {
        return now;
      }
      spread = now;
      System.arraycopy(next, 0, axis, 0, d);
    }
    straighten(axes, a);
    return spread;
  }

  /**
   * Makes an axis of length 1, at right angles to the axes before it; returns false if nothing is
   * left of it.
   */
  private static boolean straighten(double[][] axes, int a) {
    var axis = axes[a];
    for (int before = 0; before < a; before++) {
      double dot = 0;
      for (int i = 0; i < axis.length; i++) {
        dot += axis[i] * axes[before][i];
      }
      for (int i = 0; i < axis.length; i++) {
        axis[i] -= dot * axes[before][i];
      }
    }
    double length = 0;
    for (double element : axis) {
      length += element * element;
    }
    length = Math.sqrt(length);
    if (length < 1e-150) {
      return false;
    }
    for (int i = 0; i < axis.length; i++) {
      axis[i] /= length;
    }
    return true;
  }

  private static double along(double[] axis, float[] point, double[] mean) {
    double sum = 0;
    for (int i = 0; i < axis.length; i++) {
      sum += axis[i] * (point[i] - mean[i]);
    }
    return sum;
  }

  private static double square(double x) {
    return x * x;
  }

  /** Place of a point on the plane: {@code [2]}. */
  double[] project(float[] point) {
    return new double[] {along(axes[0], point, mean), along(axes[1], point, mean)};
  }

  /** Share of the points' variance that the plane shows, 0 to 1. */
  double share() {
    return share;
  }
}
