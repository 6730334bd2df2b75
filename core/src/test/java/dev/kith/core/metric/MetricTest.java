package dev.kith.core.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class MetricTest {

  @Test
  void score_handComputed_matches() {
    float[] query = {3, 4};
    float[] row = {6, 0};
    assertThat(Metric.L2.score(Metric.L2.key(query, row))).isEqualTo(5);
    assertThat(Metric.DOT.score(Metric.DOT.key(query, row))).isEqualTo(18);
    assertThat(Metric.COSINE.score(Metric.COSINE.key(query, row))).isEqualTo(0.6);
  }

  @ParameterizedTest
  @EnumSource
  void key_zeroVector_isPositiveZeroOrSquaredNorm(Metric metric) {
    float[] zero = {0, 0, 0};
    float[] row = {1, -2, 2};
    double expected = metric == Metric.L2 ? 9 : 0;
    assertThat(Double.doubleToRawLongBits(metric.key(zero, row)))
        .isEqualTo(Double.doubleToRawLongBits(expected));
    assertThat(Double.doubleToRawLongBits(metric.key(row, zero)))
        .isEqualTo(Double.doubleToRawLongBits(expected));
    assertThat(Double.doubleToRawLongBits(metric.key(zero, new float[] {-0f, -0f, -0f})))
        .isEqualTo(Double.doubleToRawLongBits(0.0));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 15, 16, 17, 384, 768, 4096})
  void key_anyDimension_isTheDefinitionBitForBit(int dimension, SplittableRandom random) {
    for (var metric : Metric.values()) {
      float[] query = TestVectors.gaussian(random, dimension);
      float[] row = TestVectors.gaussian(random, dimension);
      assertThat(metric.key(query, row)).isEqualTo(TestVectors.key(metric, query, row));
    }
  }

  @Test
  void key_extremeNorms_staysFiniteAndPrecise() {
    float[] huge = {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE};
    float[] tiny = {Float.MIN_VALUE, Float.MIN_VALUE, 0};
    for (var metric : Metric.values()) {
      for (var query : new float[][] {huge, tiny}) {
        for (var row : new float[][] {huge, tiny}) {
          assertThat(metric.key(query, row)).isFinite();
        }
      }
    }
    assertThat(Metric.COSINE.score(Metric.COSINE.key(tiny, tiny))).isEqualTo(1, within(1e-15));
    assertThat(Metric.COSINE.score(Metric.COSINE.key(huge, huge))).isEqualTo(1, within(1e-15));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 9, 768})
  void key_againstExactArithmetic_isWithinItsRounding(int dimension, SplittableRandom random) {
    float[] query = TestVectors.gaussian(random, dimension);
    float[] row = TestVectors.gaussian(random, dimension);
    var dot = BigDecimal.ZERO;
    var distance = BigDecimal.ZERO;
    double magnitude = 0;
    for (int i = 0; i < dimension; i++) {
      var a = new BigDecimal(query[i]);
      var b = new BigDecimal(row[i]);
      dot = dot.add(a.multiply(b));
      distance = distance.add(a.subtract(b).pow(2));
      magnitude += Math.abs((double) query[i] * row[i]);
    }
    double gamma = 1.01 * (dimension + 3) * 0x1p-53;
    assertThat(Metric.DOT.key(query, row)).isEqualTo(-dot.doubleValue(), within(gamma * magnitude));
    assertThat(Metric.L2.key(query, row))
        .isEqualTo(distance.doubleValue(), within(gamma * distance.doubleValue()));
  }

  @Test
  void parse_unknown_saysWhatIsKnown() {
    assertThat(Metric.parse("Cosine")).isEqualTo(Metric.COSINE);
    assertThatThrownBy(() -> Metric.parse("l1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("metric must be l2, cosine or dot: l1");
  }
}
