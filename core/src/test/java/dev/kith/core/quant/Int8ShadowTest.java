package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class Int8ShadowTest extends ShadowContract {
  @Override
  protected Quantizer quantizer() {
    return Quantizer.INT8;
  }

  @Override
  protected int unit() {
    return 16;
  }

  /**
   * Loss of codes that step by a 127th of the largest element, some 4 times the mean one:
   * 1/sqrt(12) of a step.
   */
  @Override
  protected double loss() {
    return 0.012;
  }

  /** Rounding of the sum of code and centre. */
  @Override
  protected double rounding(Shadow shadow, double norm) {
    float[] centre = ((Int8Shadow) shadow).bound().centre();
    return 0x1p-22 * (norm + norm(super.coded(Metric.L2, centre)));
  }

  /** Vector that is coded: for cosine the row divided by its norm. */
  @Override
  protected double[] coded(Metric metric, float[] row) {
    double[] x = super.coded(metric, row);
    double squares = 0;
    for (double element : x) {
      squares += element * element;
    }
    double divisor = metric == Metric.COSINE && squares > 0 ? Math.sqrt(squares) : 1;
    for (int i = 0; i < x.length; i++) {
      x[i] /= divisor;
    }
    return x;
  }

  @ParameterizedTest
  @CsvSource({"384, 0.28", "768, 0.265"})
  void bytes_usualDimensions_areLittleMoreThanAQuarter(
      int d, double most, SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 1000, d))) {
      var shadow = (Int8Shadow) Quantizer.INT8.encode(source, Metric.L2);
      assertThat(shadow.bytes() / (4.0 * d * 1000)).isBetween(0.25, most);
    }
  }

  private static Int8Shadow shifted(SplittableRandom random, float by, Metric metric) {
    var rows = TestVectors.gaussians(random, 3000, 16);
    for (var row : rows) {
      for (int i = 0; i < row.length; i += 2) {
        row[i] += by;
      }
    }
    var source = VectorSource.of(rows);
    return (Int8Shadow) Quantizer.INT8.encode(source, metric);
  }

  @ParameterizedTest
  @EnumSource
  void centred_whereItTightens_only(Metric metric, SplittableRandom random) {
    var far = shifted(random, 100, metric);
    var around = shifted(random, 0, metric);
    try (var _ = far.rows();
        var _ = around.rows()) {
      assertThat(far.centred()).isTrue();
      assertThat(around.centred()).isFalse();
      // The centre's purpose: codes tell rows apart that all point the same way.
      float[] query = far.rows().row(0);
      for (int r = 0; r < 20; r++) {
        var interval = far.interval(query, r);
        double size = metric == Metric.COSINE ? 1 : 8 * 100 * 100;
        assertThat(interval.upper() - interval.lower()).isLessThan(size / 500);
      }
    }
  }

  /** The centre serves another module that makes codes of its own: it must be the shadow's. */
  @ParameterizedTest
  @EnumSource
  void chooseCentre_ofTheRows_isTheShadows(Metric metric, SplittableRandom random) {
    for (float by : new float[] {100, 0}) {
      var shadow = shifted(random, by, metric);
      try (var rows = shadow.rows()) {
        var centre = Int8Shadow.chooseCentre(rows, metric);
        assertThat(centre).isEqualTo(shadow.centre());
        if (by == 0) {
          assertThat(centre).containsOnly(0);
        } else {
          float expected = metric == Metric.COSINE ? (float) (1 / Math.sqrt(8)) : by;
          for (int i = 0; i < centre.length; i++) {
            assertThat(centre[i]).isCloseTo(i % 2 == 0 ? expected : 0, within(expected / 100));
          }
        }
        shadow.centre()[0] = 7; // a copy
        assertThat(shadow.centre()).isEqualTo(centre);
      }
    }
  }
}
