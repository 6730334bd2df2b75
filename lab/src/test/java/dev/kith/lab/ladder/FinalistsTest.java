package dev.kith.lab.ladder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.measure.Oracle;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class FinalistsTest {

  /** So near to each other that float32 sums confuse their order; of all magnitudes. */
  @Test
  void decide_nearTies_areDecidedInFloat64(SplittableRandom random) {
    int confused = 0;
    for (int round = 0; round < 200; round++) {
      int d = random.nextInt(1, 80);
      int n = random.nextInt(1, 60);
      int k = random.nextInt(1, 12);
      float scale = (float) Math.scalb(1.0, random.nextInt(-80, 60));
      var centre = vector(random, d, scale);
      var data = new float[n][];
      for (int r = 0; r < n; r++) {
        data[r] = centre.clone();
        int i = random.nextInt(d);
        data[r][i] += (float) (data[r][i] * 0x1p-22 * random.nextInt(-2, 3));
      }
      var query = vector(random, d, scale);
      try (var rows = VectorSource.of(data);
          var asked = VectorSource.of(query)) {
        var finalists = new Finalists(d, k);
        float[] distances = new float[n];
        for (int r = 0; r < n; r++) {
          for (int i = 0; i < d; i++) {
            float gap = query[i] - data[r][i];
            distances[r] += gap * gap;
          }
          finalists.offer(distances[r], r);
        }
        var truth = Oracle.nearest(rows, asked, Metric.L2, k, null)[0];
        assertThat(finalists.decide(rows, query, k)).containsExactly(truth);
        for (int i = 1; i < truth.length; i++) {
          confused += distances[(int) truth[i - 1]] > distances[(int) truth[i]] ? 1 : 0;
        }
      }
    }
    assertThat(confused).as("pairs that float32 would have swapped").isPositive();
  }

  @Test
  void decide_distancesThatOverflow_areStillDecided() {
    var data = new float[][] {{3e38f}, {2e38f}, {1e38f}, {-3e38f}};
    try (var rows = VectorSource.of(data)) {
      var finalists = new Finalists(1, 3);
      for (int r = 0; r < 4; r++) {
        finalists.offer(data[r][0] * data[r][0], r);
      }
      assertThat(finalists.decide(rows, new float[] {0}, 3)).containsExactly(2, 1, 0);
    }
  }

  private static float[] vector(SplittableRandom random, int d, float scale) {
    var vector = new float[d];
    for (int i = 0; i < d; i++) {
      vector[i] = (float) (scale * random.nextDouble(-1, 1));
    }
    return vector;
  }
}
