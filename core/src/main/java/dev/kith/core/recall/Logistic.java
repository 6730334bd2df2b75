package dev.kith.core.recall;

/**
 * Logistic regression of shares between 0 and 1 on a few features, by Newton's steps with a little
 * ridge on standardized features, so that features which are all alike do no harm.
 */
final class Logistic {
  /** Newton's steps; the fit converges in fewer. */
  private static final int STEPS = 25;

  private static final double RIDGE = 1;

  private Logistic() {}

  /**
   * Coefficients, the constant first, of the fit.
   *
   * @param features {@code [count][features]}
   * @param shares {@code [count]}
   */
  static double[] fit(double[][] features, double[] shares) {
    int count = features.length;
    int d = count == 0 ? 0 : features[0].length;
    var mean = new double[d];
    var deviation = new double[d];
    for (int j = 0; j < d; j++) {
      for (var row : features) {
        mean[j] += row[j] / count;
      }
      for (var row : features) {
        deviation[j] += (row[j] - mean[j]) * (row[j] - mean[j]) / count;
      }
      deviation[j] = deviation[j] > 0 ? Math.sqrt(deviation[j]) : 1;
    }
    var fitted = new double[d + 1];
    var x = new double[d + 1];
    x[0] = 1;
    for (int step = 0; step < STEPS; step++) {
      var gradient = new double[d + 1];
      var hessian = new double[d + 1][d + 1];
      for (int j = 0; j <= d; j++) {
        gradient[j] = -RIDGE * fitted[j];
        hessian[j][j] = RIDGE;
      }
      for (int i = 0; i < count; i++) {
        double score = fitted[0];
        for (int j = 0; j < d; j++) {
          x[j + 1] = (features[i][j] - mean[j]) / deviation[j];
          score += fitted[j + 1] * x[j + 1];
        }
        double share = 1 / (1 + Math.exp(-score));
        for (int a = 0; a <= d; a++) {
          gradient[a] += (shares[i] - share) * x[a];
          for (int b = 0; b <= d; b++) {
            hessian[a][b] += share * (1 - share) * x[a] * x[b];
          }
        }
      }
      solve(hessian, gradient);
      for (int j = 0; j <= d; j++) {
        fitted[j] += gradient[j];
      }
    }
    for (int j = 0; j < d; j++) {
      fitted[j + 1] /= deviation[j];
      fitted[0] -= fitted[j + 1] * mean[j];
    }
    return fitted;
  }

  /** Solves a positive definite system in place, by elimination. */
  private static void solve(double[][] matrix, double[] right) {
    int n = right.length;
    for (int i = 0; i < n; i++) {
      for (int row = i + 1; row < n; row++) {
        double factor = matrix[row][i] / matrix[i][i];
        for (int column = i; column < n; column++) {
          matrix[row][column] -= factor * matrix[i][column];
        }
        right[row] -= factor * right[i];
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int column = i + 1; column < n; column++) {
        right[i] -= matrix[i][column] * right[column];
      }
      right[i] /= matrix[i][i];
    }
  }
}
