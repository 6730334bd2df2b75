package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of every {@link KeyKernel}: the bits of the definition. */
@ExtendWith(Seeded.class)
public abstract class KeyKernelContract {
  private static final double UNTOUCHED = 42;

  /** Kernel under test. */
  protected abstract KeyKernel kernel();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 15, 16, 17, 100, 384, 783, 4096})
  void sums_anyDimension_areTheDefinitionsBits(int d, SplittableRandom random) {
    int n = 40;
    long stride = 4L * d + 4L * random.nextInt(3);
    var rows = TestVectors.gaussians(random, n, d);
    for (int j = 0; j < d; j++) { // float32 sums would overflow, or vanish
      rows[3][j] *= 1e19f;
      rows[4][j] *= 1e-30f;
    }
    var query = TestVectors.gaussian(random, d);
    try (var arena = Arena.ofConfined()) {
      // Nothing lies behind the last element.
      var memory = arena.allocate((n - 1) * stride + 4L * d, 64);
      for (int r = 0; r < n; r++) {
        MemorySegment.copy(rows[r], 0, memory, ValueLayout.JAVA_FLOAT_UNALIGNED, r * stride, d);
      }
      int count = 1 + random.nextInt(60);
      var picked = random.ints(count, 0, n).toArray();
      var sums = new double[count + 1];
      var squares = new double[count + 1];
      Arrays.fill(sums, UNTOUCHED);
      kernel().squaredDistances(query, memory, stride, picked, count, sums);
      for (int i = 0; i < count; i++) {
        assertThat(sums[i]).isEqualTo(TestVectors.key(Metric.L2, query, rows[picked[i]]));
      }
      assertThat(sums[count]).isEqualTo(UNTOUCHED);
      Arrays.fill(squares, UNTOUCHED);
      kernel().products(query, memory, stride, picked, count, sums, squares);
      for (int i = 0; i < count; i++) {
        var row = rows[picked[i]];
        assertThat(0.0 - sums[i]).isEqualTo(TestVectors.key(Metric.DOT, query, row));
        assertThat(0.0 - squares[i]).isEqualTo(TestVectors.key(Metric.DOT, row, row));
        assertThat(
                Metric.cosine(sums[i], 0.0 - TestVectors.key(Metric.DOT, query, query), squares[i]))
            .isEqualTo(TestVectors.key(Metric.COSINE, query, row));
      }
      assertThat(squares[count]).isEqualTo(UNTOUCHED);
    }
  }

  @Test
  void sums_rowsThatAreNotThere_areRefused() {
    try (var arena = Arena.ofConfined()) {
      var memory = arena.allocate(4 * 12, 64); // three rows of four elements
      var query = new float[4];
      var sums = new double[] {UNTOUCHED, UNTOUCHED};
      for (int row : new int[] {3, -1}) {
        var picked = new int[] {0, row};
        assertThatThrownBy(() -> kernel().squaredDistances(query, memory, 16, picked, 2, sums))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage("pick 1 is row %d, of 3 rows; picks are row numbers, counted from 0", row);
        assertThatThrownBy(
                () -> kernel().products(query, memory, 16, picked, 2, sums, new double[2]))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThat(sums).containsOnly(UNTOUCHED);
      assertThatThrownBy(() -> kernel().squaredDistances(query, memory, 12, new int[] {0}, 1, sums))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("rows of 4 float32 elements cannot lie 12 bytes apart");
    }
  }
}
