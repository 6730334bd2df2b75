package dev.kith.core.quant;

/**
 * The orthogonal matrix nearest to a square one, the first factor of its polar decomposition, by
 * Newton's iteration with scaling (Higham: Computing the polar decomposition, 1986).
 */
final class OrthogonalFactor {
  private static final int MOST_STEPS = 60;

  private OrthogonalFactor() {}

  /**
   * Computes the factor.
   *
   * @param matrix square and not singular; it is overwritten
   */
  static double[][] of(double[][] matrix) {
    int d = matrix.length;
    var x = matrix;
    for (int step = 0; step < MOST_STEPS; step++) {
      var inverse = inverse(x);
      double scale = Math.sqrt(norm(inverse) / norm(x));
      if (Math.abs(scale - 1) < 0.01) {
        scale = 1;
      }
      double moved = 0;
      var next = new double[d][d];
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
          next[i][j] = (x[i][j] * scale + inverse[j][i] / scale) / 2;
          moved += (next[i][j] - x[i][j]) * (next[i][j] - x[i][j]);
        }
      }
      x = next;
      // It converges quadratically: what is left is about the square of the last move.
      if (Math.sqrt(moved) < 1e-6 * Math.sqrt(d)) {
        break;
      }
    }
    return x;
  }

  /** Root of the sum of all squares. */
  static double norm(double[][] matrix) {
    double sum = 0;
    for (var row : matrix) {
      for (double value : row) {
        sum += value * value;
      }
    }
    return Math.sqrt(sum);
  }

  /** The inverse by Gauss and Jordan, in place of a copy, with pivots sought in columns. */
  static double[][] inverse(double[][] matrix) {
    int d = matrix.length;
    var a = new double[d][];
    for (int i = 0; i < d; i++) {
      a[i] = matrix[i].clone();
    }
    var swapped = new int[d];
    for (int k = 0; k < d; k++) {
      int pivot = k;
      for (int i = k + 1; i < d; i++) {
        if (Math.abs(a[i][k]) > Math.abs(a[pivot][k])) {
          pivot = i;
        }
      }
      swapped[k] = pivot;
      var row = a[pivot];
      a[pivot] = a[k];
      a[k] = row;
      double inverse = 1 / row[k];
      row[k] = 1;
      for (int j = 0; j < d; j++) {
        row[j] *= inverse;
      }
      for (int i = 0; i < d; i++) {
        if (i != k) {
          double factor = a[i][k];
          a[i][k] = 0;
          subtract(a[i], row, factor);
        }
      }
    }
    for (int k = d - 1; k >= 0; k--) {
      if (swapped[k] != k) {
        for (var row : a) {
          double value = row[k];
          row[k] = row[swapped[k]];
          row[swapped[k]] = value;
        }
      }
    }
    return a;
  }

  private static void subtract(double[] from, double[] row, double factor) {
    for (int j = 0; j < from.length; j++) {
      from[j] -= factor * row[j];
    }
  }
}
