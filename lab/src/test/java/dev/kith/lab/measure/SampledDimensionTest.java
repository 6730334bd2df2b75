package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorSource;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class SampledDimensionTest {

  /** Rows in a subspace have its dimension, however many elements they have. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void of_rowsInASubspace_isItsDimension(int dimension, SplittableRandom random) {
    var rows = subspace(random, 6_000, dimension, 12);
    // Of 60 neighbours of each of 256 rows the estimate varies by 1/sqrt(60 x 256), were all
    // independent; rows at the edge see fewer directions.
    assertThat(of(rows, Metric.L2)).isCloseTo(dimension, within(0.15 * dimension));
  }

  @Test
  void of_unitVectors_isThatOfTheirSphere(SplittableRandom random) {
    var rows = subspace(random, 6_000, 4, 12);
    assertThat(of(rows, Metric.COSINE)).isCloseTo(3, within(0.45));
    // Lengths count for all other metrics.
    assertThat(of(rows, Metric.DOT)).isEqualTo(of(rows, Metric.L2)).isGreaterThan(3.4);
  }

  @Test
  void of_sameSeed_isTheSame(SplittableRandom random) {
    var rows = subspace(random, 2_000, 3, 6);
    assertThat(of(rows, Metric.L2)).isEqualTo(of(rows, Metric.L2));
  }

  /** Rows that are there twice say nothing about the dimension. */
  @Test
  void of_everyRowTwice_isFinite(SplittableRandom random) {
    var once = subspace(random, 2_000, 2, 6);
    var twice = new float[4_000][];
    for (int row = 0; row < twice.length; row++) {
      twice[row] = once[row / 2];
    }
    assertThat(of(twice, Metric.L2)).isCloseTo(2, within(0.4));
    assertThat(of(twice, Metric.COSINE)).isCloseTo(1, within(0.3));
  }

  @Test
  void of_dataWithoutDistances_isUnknown() {
    assertThat(SampledDimension.of(VectorSource.of(new float[][] {{1}, {2}}), Metric.L2, 1))
        .isNull();
    assertThat(SampledDimension.of(VectorSource.of(new float[9][3]), Metric.L2, 1)).isNull();
    assertThat(SampledDimension.of(VectorSource.of(new float[9][3]), Metric.COSINE, 1)).isNull();
  }

  private static double of(float[][] rows, Metric metric) {
    try (var source = VectorSource.of(rows)) {
      var dimension = SampledDimension.of(source, metric, 1);
      assertThat(dimension).isNotNull();
      return dimension == null ? 0 : dimension;
    }
  }

  /** Gaussian rows in a subspace, turned by a random matrix. */
  private static float[][] subspace(SplittableRandom random, int n, int dimension, int elements) {
    var basis = new double[dimension][elements];
    for (var axis : basis) {
      for (int i = 0; i < elements; i++) {
        axis[i] = random.nextGaussian();
      }
    }
    var rows = new float[n][elements];
    for (var row : rows) {
      for (var axis : basis) {
        double along = random.nextGaussian();
        for (int i = 0; i < elements; i++) {
          row[i] += (float) (along * axis[i]);
        }
      }
    }
    return rows;
  }
}
