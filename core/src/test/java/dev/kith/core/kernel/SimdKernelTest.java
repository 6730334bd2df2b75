package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class SimdKernelTest extends ScanKernelContract {
  @Override
  protected ScanKernel kernel() {
    return new SimdKernel();
  }

  /** The same sum to the bit whether compiled or not, and whatever rows are picked beside it. */
  @Test
  void dots_anyRow_areSumsOfOneOrder(SplittableRandom random) {
    int width = SimdKernel.LANES.length();
    for (int d : new int[] {1, width, width + 3, 5 * width, 7 * width + 1}) {
      var query = TestVectors.gaussian(random, d);
      var rows = TestVectors.gaussians(random, 11, d);
      try (var source = VectorSource.of(rows)) {
        var block = source.block(0, rows.length);
        var picked = new int[rows.length];
        Arrays.setAll(picked, i -> rows.length - 1 - i);
        var dots = new float[rows.length];
        kernel().dots(query, block.data(), block.stride(), picked, rows.length, dots);
        for (int i = 0; i < rows.length; i++) {
          assertThat(dots[i]).isEqualTo(byLanes(query, rows[picked[i]], width));
        }
        kernel().dots(query, block.data(), block.stride(), rows.length, dots);
        for (int i = 0; i < rows.length; i++) {
          assertThat(dots[i]).isEqualTo(byLanes(query, rows[i], width));
        }
      }
    }
  }

  /** Lanes of fused sums, their halves added until one is left, then the elements behind them. */
  private static float byLanes(float[] query, float[] row, int width) {
    var lanes = new float[width];
    int whole = query.length / width * width;
    for (int i = 0; i < whole; i++) {
      lanes[i % width] = Math.fma(query[i], row[i], lanes[i % width]);
    }
    for (int half = width / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    float tail = 0;
    for (int i = whole; i < query.length; i++) {
      tail += query[i] * row[i];
    }
    return lanes[0] + tail;
  }
}
