package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class LeadingAxesTest {
  private static final int D = 70;

  private static LeadingAxes fit(VectorSource rows, int count, int threads) {
    return LeadingAxes.fit(rows, Metric.L2, count, 3, BuildOptions.defaults().withThreads(threads));
  }

  private static float[][] falling(SplittableRandom random, int count) {
    return falling(random, count, D);
  }

  /** Rows whose element {@code j} has a deviation that falls as {@code j} rises. */
  private static float[][] falling(SplittableRandom random, int count, int d) {
    var rows = TestVectors.gaussians(random, count, d);
    for (var row : rows) {
      for (int j = 0; j < d; j++) {
        row[j] *= (float) Math.exp(-7.0 * j / d);
      }
    }
    return rows;
  }

  @Test
  void turned_axes_areOrthonormalAndHoldAlmostAsMuchAsTheBest(@Fixed SplittableRandom random) {
    var rows = falling(random, 2000);
    try (var source = VectorSource.of(rows)) {
      var axes = fit(source, 20, 1).turned(12, 5);
      double all = 0;
      double held = 0;
      double best = 0; // of the first twelve elements, which differ most
      for (int i = 0; i < axes.length; i++) {
        for (int k = 0; k < axes.length; k++) {
          assertThat(dot(axes[i], axes[k])).isCloseTo(i == k ? 1 : 0, within(1e-5));
        }
        for (var row : rows) {
          held += Math.pow(dot(axes[i], row), 2);
          best += (double) row[i] * row[i];
        }
      }
      for (var row : rows) {
        all += dot(row, row);
      }
      assertThat(held / all).isBetween(best / all - 0.01, best / all + 0.01);
    }
  }

  @Test
  void fit_anyThreadsOrMoreAxes_theFirstAreTheSame(SplittableRandom random) {
    try (var source = VectorSource.of(falling(random, 300))) {
      var many = fit(source, 20, 1).turned(8, 5);
      assertThat(fit(source, 20, 3).turned(8, 5)).isEqualTo(many);
      assertThat(fit(source, 8, 2).turned(8, 5)).isEqualTo(many);
    }
  }

  @Test
  void fit_rowsOfFewerDimensionsOrAllEqual_axesAreOrthonormal(SplittableRandom random) {
    for (int kept = 0; kept < 3; kept++) {
      var rows = TestVectors.gaussians(random, 50, 9);
      for (var row : rows) {
        for (int j = kept; j < 9; j++) {
          row[j] = 4;
        }
      }
      try (var source = VectorSource.of(rows)) {
        var axes = LeadingAxes.fit(source, Metric.L2, 9, 1, BuildOptions.defaults()).turned(9, 1);
        for (int i = 0; i < 9; i++) {
          for (int k = 0; k < 9; k++) {
            assertThat(dot(axes[i], axes[k])).isCloseTo(i == k ? 1 : 0, within(1e-4));
          }
        }
      }
    }
  }

  /**
   * An estimate is the distance in the axes, and half of what both vectors have outside, up to what
   * codes lose: of the matrix, which has 4 bits where it is large, and of the rows.
   */
  @ParameterizedTest
  @CsvSource({
    "8, L2, 70, 20, 0.01",
    "4, L2, 70, 20, 0.06",
    "8, COSINE, 70, 20, 0.01",
    "8, DOT, 70, 20, 0.01",
    "8, L2, 400, 200, 0.05",
    "4, COSINE, 400, 200, 0.06"
  })
  void estimate_projectedRows_isWhatTheAxesShow(
      int bits, Metric metric, int d, int kept, double most, @Fixed SplittableRandom random) {
    var rows = falling(random, 200, d);
    var queries = falling(random, 10, d);
    try (var source = VectorSource.of(rows)) {
      var axes = LeadingAxes.fit(source, metric, kept + 4, 3, BuildOptions.defaults());
      var codes =
          RowCodes.fit(source, metric, bits, axes, kept, 5).encode(source, BuildOptions.defaults());
      assertThat(codes.axes()).isEqualTo(kept);
      assertThat(codes.firstDifference(source)).isEqualTo(-1);
      var matrix = axes.turned(kept, 5);
      var space = codes.space();
      var query = new float[space.dimension()];
      var row = new float[space.dimension()];
      for (var kernels : new Kernels[] {Kernels.scalar(), Kernels.inJava()}) {
        var scorer = codes.scorers(kernels).scorer();
        var picks = new Picks(1);
        double lost = 0;
        double scale = 0;
        for (var given : queries) {
          scorer.setQuery(given);
          space.query(given, query);
          for (int i = 0; i < rows.length; i++) {
            picks.rows()[0] = i;
            scorer.estimate(picks, 1);
            space.row(source, i, row);
            double expected = (outside(matrix, query) + outside(matrix, row)) / 2;
            for (var axis : matrix) {
              expected += Math.pow(dot(axis, query) - dot(axis, row), 2);
            }
            lost += Math.pow(picks.estimates()[0] + scorer.offset() - expected, 2);
            scale += expected * expected;
          }
        }
        assertThat(Math.sqrt(lost / scale)).isLessThan(most);
      }
    }
  }

  private static double outside(float[][] matrix, float[] vector) {
    double left = dot(vector, vector);
    for (var axis : matrix) {
      left -= Math.pow(dot(axis, vector), 2);
    }
    return left;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += (double) a[j] * b[j];
    }
    return sum;
  }
}
