package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(names = {"FLOAT16", "BFLOAT16"})
class HalfShadowTest extends ShadowContract {
  private final ElementType type;

  HalfShadowTest(ElementType type) {
    this.type = type;
  }

  @Override
  protected Quantizer quantizer() {
    return type == ElementType.FLOAT16 ? Quantizer.FP16 : Quantizer.BF16;
  }

  @Override
  protected int unit() {
    return 1;
  }

  /** Loss of half a unit in the last place of each element. */
  @Override
  protected double loss() {
    return type == ElementType.FLOAT16 ? 0x1.0001p-11 : 0x1.0001p-8;
  }

  @Test
  void residual_rowsThatFit_isZero(SplittableRandom random) {
    for (var fitting : List.of(type, ElementType.INT8, ElementType.UINT8)) {
      var kind = TestVectors.typed(random, fitting, 50, 12);
      try (var source = kind.source()) {
        var shadow = quantizer().encode(source, Metric.L2);
        var decoded = new float[12];
        for (int r = 0; r < 50; r++) {
          assertThat(shadow.residual(r)).isZero();
          shadow.decode(r, decoded);
          assertThat(decoded).isEqualTo(kind.rows()[r]);
        }
      }
    }
  }

  /** Elements beyond the type become infinite: nothing is known of that row, and of that alone. */
  @Test
  void interval_elementTooLarge_isInfinite(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 3, 12);
    rows[1][5] = Float.MAX_VALUE;
    try (var source = VectorSource.of(rows)) {
      for (var metric : Metric.values()) {
        var shadow = quantizer().encode(source, metric);
        assertThat(shadow.residual(1)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(shadow.interval(rows[1], 1))
            .isEqualTo(new KeyInterval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY));
        assertThat(shadow.interval(rows[0], 2).upper()).isLessThan(1000);
      }
    }
  }
}
