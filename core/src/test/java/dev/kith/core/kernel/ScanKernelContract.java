package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Contract of every {@link ScanKernel}. */
@ExtendWith(Seeded.class)
public abstract class ScanKernelContract {

  /** Kernel under test. */
  protected abstract ScanKernel kernel();

  /** Dimensions around every vector width, unrolled or not. */
  static IntStream awkwardDimensions() {
    return IntStream.of(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 300, 4096);
  }

  private static void assertWithinBound(float computed, float[] a, float[] b) {
    var exact = BigDecimal.ZERO;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      exact = exact.add(new BigDecimal(a[i]).multiply(new BigDecimal(b[i])));
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    double du = a.length * 0x1p-24;
    double bound = du / (1 - du) * Math.sqrt(squaresA) * Math.sqrt(squaresB) * (1 + 1e-12);
    assertThat((double) computed)
        .isEqualTo(exact.doubleValue(), within(bound + a.length * 0x1p-149));
  }

  @ParameterizedTest
  @MethodSource("awkwardDimensions")
  void dots_anyDimensionAndRowCount_withinRoundingBound(int d, SplittableRandom random) {
    for (int count : new int[] {1, 2, 3, 4, 5, 9}) {
      float[] query = TestVectors.gaussian(random, d);
      float[][] rows = TestVectors.gaussians(random, count, d);
      // Nothing lies behind the last row, so a read past it would throw.
      var dots = new float[count];
      kernel().dots(query, TestVectors.segment(rows), 4L * d, count, dots);
      for (int r = 0; r < count; r++) {
        assertWithinBound(dots[r], query, rows[r]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("awkwardDimensions")
  void productsAndNorms_someRows_withinRoundingBound(int d, SplittableRandom random) {
    float[] query = TestVectors.gaussian(random, d);
    float[][] rows = TestVectors.gaussians(random, 23, d);
    for (int share = 1; share <= 23; share += 2) {
      int most = share;
      int[] picked =
          IntStream.range(0, 23).filter(r -> r == 22 || random.nextInt(23) < most).toArray();
      // Nothing lies behind row 22, so a read past it would throw.
      var dots = new float[picked.length + 1];
      dots[picked.length] = 42;
      kernel().dots(query, TestVectors.segment(rows), 4L * d, picked, picked.length, dots);
      for (int i = 0; i < picked.length; i++) {
        assertWithinBound(dots[i], query, rows[picked[i]]);
      }
      assertThat(dots[picked.length]).isEqualTo(42);
      kernel().squaredNorms(TestVectors.segment(rows), 4L * d, d, picked, picked.length, dots);
      for (int i = 0; i < picked.length; i++) {
        assertWithinBound(dots[i], rows[picked[i]], rows[picked[i]]);
      }
      assertThat(dots[picked.length]).isEqualTo(42);
    }
  }

  @ParameterizedTest
  @MethodSource("awkwardDimensions")
  void squaredNorm_anyDimension_withinRoundingBound(int d, SplittableRandom random) {
    float[] row = TestVectors.gaussian(random, d);
    assertWithinBound(kernel().squaredNorm(row), row, row);
  }

  @ParameterizedTest
  @MethodSource("awkwardDimensions")
  void tile_anyDimension_withinRoundingBound(int d, SplittableRandom random) {
    int width = kernel().panelRows();
    int height = kernel().tileQueries();
    float[][] rows = TestVectors.gaussians(random, width, d);
    float[][] queries = TestVectors.gaussians(random, height, d);
    int rowsAt = 5;
    int queriesAt = 3;
    var panel = new float[rowsAt + d * width];
    var tile = new float[queriesAt + d * height];
    var side = new float[width * d];
    for (int r = 0; r < width; r++) {
      System.arraycopy(rows[r], 0, side, r * d, d);
    }
    kernel().pack(side, width, d, panel, rowsAt);
    for (int i = 0; i < d; i++) {
      for (int r = 0; r < width; r++) {
        assertThat(panel[rowsAt + i * width + r]).isEqualTo(rows[r][i]);
      }
    }
    for (int i = 0; i < d; i++) {
      for (int q = 0; q < height; q++) {
        tile[queriesAt + i * height + q] = queries[q][i];
      }
    }
    var dots = new float[height * width];
    kernel().tile(panel, rowsAt, tile, queriesAt, d, dots);
    for (int q = 0; q < height; q++) {
      for (int r = 0; r < width; r++) {
        assertWithinBound(dots[q * width + r], queries[q], rows[r]);
      }
    }
  }

  @Test
  void products_ofTinyVectors_underflowWithinBound() {
    float[] tiny = new float[100];
    Arrays.fill(tiny, 0x1.8p-75f);
    tiny[3] = Float.MIN_VALUE;
    assertWithinBound(kernel().squaredNorm(tiny), tiny, tiny);
    var dots = new float[1];
    kernel().dots(tiny, TestVectors.segment(new float[][] {tiny}), 400, 1, dots);
    assertWithinBound(dots[0], tiny, tiny);
  }

  @ParameterizedTest
  @MethodSource("awkwardDimensions")
  void products_notFiniteElement_areNotFinite(int d, SplittableRandom random) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] row = TestVectors.gaussian(random, d);
      row[random.nextInt(d)] = bad;
      assertThat(kernel().squaredNorm(row)).satisfies(x -> assertThat(Float.isFinite(x)).isFalse());
      var dots = new float[1];
      kernel()
          .dots(
              TestVectors.gaussian(random, d),
              TestVectors.segment(new float[][] {row}),
              4L * d,
              1,
              dots);
      assertThat(Float.isFinite(dots[0])).isFalse();
    }
  }

  @Test
  void select_belowThreshold_dropsAndKeepsNaN(SplittableRandom random) {
    for (int count = 1; count < 70; count++) {
      int at = random.nextInt(5);
      int from = random.nextInt(5);
      var dots = new float[at + count];
      var mul = new float[from + count];
      var add = new float[from + count];
      var slack = new float[from + count];
      var expected = new int[count];
      int n = 0;
      for (int r = 0; r < count; r++) {
        // Small integers: no rounding, so the outcome does not depend on fusing.
        dots[at + r] = random.nextInt(8) == 0 ? Float.NaN : random.nextInt(-9, 10);
        mul[from + r] = random.nextInt(-3, 4);
        add[from + r] = random.nextInt(9) == 0 ? Float.POSITIVE_INFINITY : random.nextInt(-3, 4);
        slack[from + r] = random.nextInt(-3, 4);
        if (!(dots[at + r] * mul[from + r] + add[from + r] + 2 * slack[from + r] < 4)) {
          expected[n++] = r;
        }
      }
      var kept = new int[count];
      assertThat(kernel().select(dots, at, from, count, mul, add, slack, 2, 4, kept)).isEqualTo(n);
      assertThat(Arrays.copyOf(kept, n)).isEqualTo(Arrays.copyOf(expected, n));
      assertThat(
              kernel()
                  .select(dots, at, from, count, mul, add, slack, 2, Float.NEGATIVE_INFINITY, kept))
          .isEqualTo(count);
    }
  }
}
