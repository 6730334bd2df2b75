package dev.kith.core.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class IntrinsicDimensionTest {
  /** Rows that fill few of their many elements, turned about, so that no element shows it. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void of_rowsOfASubspace_isItsDimension(int filled, @Fixed SplittableRandom random) {
    var axes = TestVectors.gaussians(random, filled, 40);
    var rows = new float[6000][40];
    for (var row : rows) {
      for (var axis : axes) {
        float at = random.nextFloat();
        for (int j = 0; j < 40; j++) {
          row[j] += at * axis[j];
        }
      }
    }
    try (var source = VectorSource.of(rows)) {
      var found =
          VectorIndex.over(source, Metric.L2, "flat")
              .search(source.slice(0, 300), SearchOptions.nearest(50))
              .neighbors();
      assertThat(IntrinsicDimension.of(Metric.L2, found))
          .isCloseTo(filled, within(0.12 * filled + 0.05));
    }
  }

  @Test
  void about_neighboursThatGrowByAPower_isThatPower() {
    // Radii of j / n to the 1 / 3: a ball of three dimensions, evenly filled.
    int n = 2000;
    var keys = new double[n];
    for (int j = 0; j < n; j++) {
      keys[j] = Math.pow((j + 1.0) / n, 2.0 / 3);
    }
    assertThat(IntrinsicDimension.about(Metric.L2, new Neighbors(Metric.L2, new long[n], keys)))
        .isCloseTo(3, within(0.02));
  }

  @Test
  void about_equalOrTooFew_isNone() {
    var equal = new Neighbors(Metric.L2, new long[3], new double[] {2, 2, 2});
    var one = new Neighbors(Metric.L2, new long[1], new double[] {2});
    assertThat(IntrinsicDimension.about(Metric.L2, equal)).isNaN();
    assertThat(IntrinsicDimension.about(Metric.L2, one)).isNaN();
    assertThat(IntrinsicDimension.of(Metric.L2, List.of(equal, one))).isNaN();
  }

  @Test
  void of_innerProducts_isRefused() {
    var some = new Neighbors(Metric.DOT, new long[2], new double[] {-2, -1});
    assertThatThrownBy(() -> IntrinsicDimension.about(Metric.DOT, some))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("inner products are no distances, so rows have no intrinsic dimension by them");
  }
}
