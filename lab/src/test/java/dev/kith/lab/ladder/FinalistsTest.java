package dev.kith.lab.ladder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.measure.Oracle;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class FinalistsTest {

  /** Rows so near to each other that float32 sums confuse their order; of all magnitudes. */
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

  /**
   * Settles rows as the rungs of a GPU find them: in the order of float32 roots, more than are
   * asked for.
   */
  @Test
  void settle_nearTies_areDecidedInFloat64(SplittableRandom random) {
    int confused = 0;
    for (int round = 0; round < 200; round++) {
      int d = random.nextInt(1, 80);
      int n = random.nextInt(1, 60);
      int k = random.nextInt(1, 12);
      var centre = vector(random, d, 1);
      var data = new float[n][];
      for (int r = 0; r < n; r++) {
        data[r] = centre.clone();
        int i = random.nextInt(d);
        data[r][i] += (float) (data[r][i] * 0x1p-22 * random.nextInt(-2, 3));
      }
      var query = vector(random, d, 1);
      try (var rows = VectorSource.of(data);
          var asked = VectorSource.of(query)) {
        var distances = new float[n];
        for (int r = 0; r < n; r++) {
          for (int i = 0; i < d; i++) {
            float gap = query[i] - data[r][i];
            distances[r] += gap * gap;
          }
          distances[r] = (float) Math.sqrt(distances[r]);
        }
        var order =
            IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingDouble(r -> distances[r]))
                .toList();
        var nearest = order.stream().mapToLong(r -> r).toArray();
        var sorted = new float[n];
        for (int i = 0; i < n; i++) {
          sorted[i] = distances[order.get(i)];
        }
        var truth = Oracle.nearest(rows, asked, Metric.L2, k, null)[0];
        assertThat(Finalists.settle(rows, query, k, nearest, sorted)).containsExactly(truth);
        confused += Arrays.equals(truth, Arrays.copyOf(nearest, truth.length)) ? 0 : 1;
      }
    }
    assertThat(confused).as("answers that float32 would have got wrong").isPositive();
  }

  /** Distances far enough apart decide without reading the rows, which here would say otherwise. */
  @Test
  void settle_distancesFarApart_areBelieved() {
    try (var rows = VectorSource.of(new float[][] {{9}, {9}, {9}, {9}})) {
      var nearest = new long[] {2, 0, 3, 1};
      var apart = new float[] {1, 2, 3, 4};
      assertThat(Finalists.settle(rows, new float[1], 2, nearest, apart)).containsExactly(2, 0);
      assertThat(Finalists.settle(rows, new float[1], 4, nearest, apart))
          .containsExactly(2, 0, 3, 1);
      assertThat(Finalists.settle(rows, new float[1], 9, nearest, apart))
          .containsExactly(2, 0, 3, 1);
      var near = new float[] {1, 1.0000001f, 3, 4};
      assertThat(Finalists.settle(rows, new float[1], 2, nearest, near)).containsExactly(0, 2);
      // The last row that is asked for, and the first that is not.
      assertThat(Finalists.settle(rows, new float[1], 1, nearest, near)).containsExactly(0);
    }
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
