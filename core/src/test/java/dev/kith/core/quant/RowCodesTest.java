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
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class RowCodesTest {

  /** Squared distances come back with the error that the step leaves, and no bias. */
  @ParameterizedTest
  @CsvSource({"8, 1", "8, 63", "8, 64", "8, 65", "8, 300", "4, 1", "4, 127", "4, 128", "4, 129"})
  void estimate_plusOffset_isAboutTheSquaredDistance(
      int bits, int d, @Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 200, d);
    var queries = TestVectors.gaussians(random, 10, d);
    try (var source = VectorSource.of(rows)) {
      for (var metric : Metric.values()) {
        var codes = RowCodes.encode(source, metric, bits, 5, BuildOptions.defaults());
        var scorer = codes.scorers(Kernels.scalar()).scorer();
        var space = codes.space();
        var picks = new Picks(rows.length);
        for (int i = 0; i < rows.length; i++) {
          picks.rows()[i] = i;
        }
        var mapped = new float[space.dimension()];
        var other = new float[space.dimension()];
        double lost = 0;
        double bias = 0;
        double scale = 0;
        for (var query : queries) {
          space.query(query, mapped);
          scorer.setQuery(query);
          scorer.estimate(picks, rows.length);
          for (int i = 0; i < rows.length; i++) {
            space.row(source, i, other);
            double distance = squaredDistance(mapped, other);
            double error = picks.estimates()[i] + scorer.offset() - distance;
            lost += error * error;
            bias += error;
            scale += distance * distance;
          }
        }
        assertThat(Math.sqrt(lost / scale)).isLessThan(bits == 8 ? 0.02 : 0.3);
        assertThat(bias / 2000)
            .isCloseTo(0, within((bits == 8 ? 0.02 : 0.2) * Math.sqrt(scale / 2000)));
      }
    }
  }

  /** A row as the query is as far from the others as the others are from it. */
  @ParameterizedTest
  @CsvSource({"8, 70", "4, 70", "4, 256"})
  void setRow_estimatesAreSymmetric(int bits, int d, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 40, d);
    try (var source = VectorSource.of(rows)) {
      var codes = RowCodes.encode(source, Metric.L2, bits, 5, BuildOptions.defaults());
      var scorer = codes.scorers(Kernels.scalar()).scorer();
      var picks = new Picks(rows.length);
      var distances = new float[rows.length][rows.length];
      for (int a = 0; a < rows.length; a++) {
        for (int b = 0; b < rows.length; b++) {
          picks.rows()[b] = b;
        }
        scorer.setRow(a);
        scorer.estimate(picks, rows.length);
        for (int b = 0; b < rows.length; b++) {
          distances[a][b] = picks.estimates()[b] + scorer.offset();
        }
      }
      for (int a = 0; a < rows.length; a++) {
        assertThat(distances[a][a]).isCloseTo(0, within(1e-2f));
        for (int b = 0; b < rows.length; b++) {
          assertThat(distances[a][b]).isCloseTo(distances[b][a], within(1e-2f));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"8", "4"})
  void open_whatWasEncoded_scoresAlike(int bits, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 30, 20);
    try (var source = VectorSource.of(rows)) {
      var codes = RowCodes.encode(source, Metric.COSINE, bits, 5, BuildOptions.defaults());
      var again = RowCodes.open(codes.body(), bits, 0, Metric.COSINE, 20, 30);
      var a = codes.scorers(Kernels.scalar()).scorer();
      var b = again.scorers(Kernels.scalar()).scorer();
      var picksA = new Picks(30);
      var picksB = new Picks(30);
      for (int i = 0; i < 30; i++) {
        picksA.rows()[i] = i;
        picksB.rows()[i] = i;
      }
      a.setQuery(rows[3]);
      b.setQuery(rows[3]);
      a.estimate(picksA, 30);
      b.estimate(picksB, 30);
      assertThat(picksA.estimates()).isEqualTo(picksB.estimates());
      assertThat(a.offset()).isEqualTo(b.offset());
    }
  }

  private static double squaredDistance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return sum;
  }
}
