package dev.kith.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.testing.Seeded;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class PlaneTest {

  /** Compares with a slow twin: all eigenvalues of the covariance, by Jacobi's rotations. */
  @RepeatedTest(20)
  void of_anyCloud_showsAsMuchVarianceAsThePlaneOfTheTwoLargestEigenvalues(
      SplittableRandom random) {
    int d = random.nextInt(2, 8);
    var points = new float[random.nextInt(3, 60)][d];
    for (var point : points) {
      for (int i = 0; i < d; i++) {
        point[i] = (float) (random.nextGaussian() * (1 + 2 * i) + 10);
      }
    }
    var eigenvalues = eigenvalues(covariance(points));
    double sum = 0;
    double first = 0;
    double second = 0;
    for (double value : eigenvalues) {
      sum += value;
      if (value > first) {
        second = first;
        first = value;
      } else if (value > second) {
        second = value;
      }
    }
    var plane = Plane.of(points);
    // Near-equal eigenvalues are still mixed after P passes: what is missing is then about their
    // distance, at most 1 / (2 e P) of the larger, over the start's squared cosine to its axis.
    assertThat(plane.share()).isCloseTo((first + second) / sum, within(2e-3));
    double shown = 0;
    for (var point : points) {
      var place = plane.project(point);
      shown += place[0] * place[0] + place[1] * place[1];
    }
    assertThat(shown).isCloseTo(plane.share() * sum, within(1e-6 * sum));
  }

  @Test
  void of_pointsOnALine_secondAxisShowsNothing() {
    var plane = Plane.of(new float[][] {{0, 0, 0}, {3, 4, 0}, {6, 8, 0}});
    assertThat(plane.share()).isCloseTo(1, within(1e-12));
    assertThat(Math.abs(plane.project(new float[] {6, 8, 0})[0])).isCloseTo(5, within(1e-6));
    assertThat(plane.project(new float[] {6, 8, 0})[1]).isCloseTo(0, within(1e-6));
  }

  @Test
  void of_onePointOrOneDimension_isNoFailure() {
    assertThat(Plane.of(new float[][] {{1, 2}}).project(new float[] {1, 2})).containsExactly(0, 0);
    assertThat(Plane.of(new float[][] {{1}, {3}}).share()).isEqualTo(1);
  }

  private static double[][] covariance(float[][] points) {
    int d = points[0].length;
    var mean = new double[d];
    for (var point : points) {
      for (int i = 0; i < d; i++) {
        mean[i] += point[i] / (double) points.length;
      }
    }
    var matrix = new double[d][d];
    for (var point : points) {
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
          matrix[i][j] += (point[i] - mean[i]) * (point[j] - mean[j]);
        }
      }
    }
    return matrix;
  }

  private static double[] eigenvalues(double[][] a) {
    int d = a.length;
    for (int sweep = 0; sweep < 60; sweep++) {
      for (int p = 0; p < d; p++) {
        for (int q = p + 1; q < d; q++) {
          double angle = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
          double c = Math.cos(angle);
          double s = Math.sin(angle);
          for (int i = 0; i < d; i++) {
            double x = a[i][p];
            double y = a[i][q];
            a[i][p] = c * x - s * y;
            a[i][q] = s * x + c * y;
          }
          for (int i = 0; i < d; i++) {
            double x = a[p][i];
            double y = a[q][i];
            a[p][i] = c * x - s * y;
            a[q][i] = s * x + c * y;
          }
        }
      }
    }
    var values = new double[d];
    for (int i = 0; i < d; i++) {
      values[i] = a[i][i];
    }
    return values;
  }
}
