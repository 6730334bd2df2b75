package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.kernel.ScalarKernel;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The two claims that the proof in docs/exactness.md rests on, tried on hostile pairs. */
@ExtendWith(Seeded.class)
class FloatBoundTest {
  private static final int PAIRS = 20_000 * Seeded.effort();
  private final ScalarKernel kernel = new ScalarKernel();

  @ParameterizedTest
  @EnumSource
  void error_hostilePairs_containsTheCanonicalKey(Metric metric, SplittableRandom random) {
    int informative = 0;
    for (int i = 0; i < PAIRS; i++) {
      int d = 1 + random.nextInt(70);
      var bound = new FloatBound(metric, d);
      float[] row = hostile(random, d);
      float[] original = random.nextInt(4) == 0 ? nearly(row, random) : hostile(random, d);
      var query = bound.query(original);
      float norm = kernel.squaredNorm(row);
      float dot = dot(query.scanned(), row);
      double error = bound.error(query, norm, 0);
      if (error < Double.POSITIVE_INFINITY) {
        informative++;
        double key = TestVectors.key(metric, original, row);
        double estimate = bound.estimate(query, dot, norm);
        assertThat(key)
            .as("d=%d query norm=%s row norm=%s", d, query.norm(), norm)
            .isBetween(estimate - error, estimate + error);
      }
    }
    assertThat(informative).isGreaterThan(PAIRS / 4);
  }

  @ParameterizedTest
  @EnumSource
  void select_hostilePairs_keepsWhatTheBoundKeeps(Metric metric, SplittableRandom random) {
    int dropped = 0;
    for (int i = 0; i < PAIRS; i++) {
      int d = 1 + random.nextInt(70);
      var bound = new FloatBound(metric, d);
      float[] row = hostile(random, d);
      var query = bound.query(random.nextInt(4) == 0 ? nearly(row, random) : hostile(random, d));
      float[] norm = {kernel.squaredNorm(row)};
      float[] dot = {dot(query.scanned(), row)};
      double estimate = bound.estimate(query, dot[0], norm[0]);
      double error = bound.error(query, norm[0], 0);
      // tau is at the edge, a little to either side of it, and far away.
      double lower = estimate - error;
      double tau =
          switch (random.nextInt(4)) {
            case 0 -> lower;
            case 1 -> lower + Math.abs(lower) * 0x1p-50 * random.nextInt(1000);
            case 2 -> lower - error * random.nextDouble();
            default -> lower - Math.abs(lower) * random.nextDouble();
          };
      float[] mul = new float[1];
      float[] add = new float[1];
      float[] slack = new float[1];
      bound.rowTerms(norm, new float[1], 1, mul, add, slack);
      boolean kept =
          1
              == kernel.select(
                  dot,
                  0,
                  0,
                  1,
                  mul,
                  add,
                  slack,
                  bound.scale(query),
                  bound.threshold(query, tau),
                  new int[1]);
      if (!(lower > tau)) {
        assertThat(kept).as("d=%d lower=%s tau=%s", d, lower, tau).isTrue();
      }
      dropped += kept ? 0 : 1;
    }
    assertThat(dropped).isGreaterThan(PAIRS / 50);
  }

  private float dot(float[] a, float[] b) {
    var dots = new float[1];
    kernel.dots(a, TestVectors.segment(new float[][] {b}), 4L * b.length, 1, dots);
    return dots[0];
  }

  /** Vector of any magnitude from denormal to overflowing, sometimes mixed, sometimes zero. */
  private static float[] hostile(SplittableRandom random, int d) {
    float[] vector = TestVectors.gaussian(random, d);
    int exponent = random.nextInt(3) == 0 ? random.nextInt(-149, 127) : random.nextInt(-12, 12);
    boolean mixed = random.nextInt(5) == 0;
    boolean zero = random.nextInt(40) == 0;
    for (int i = 0; i < d; i++) {
      int shift = mixed ? exponent - random.nextInt(30) : exponent;
      float value = zero ? 0 : Math.scalb(vector[i], shift);
      vector[i] = Float.isFinite(value) ? value : Float.MAX_VALUE;
    }
    return vector;
  }

  /** Vector so close to {@code row} that a squared distance loses all its digits. */
  private static float[] nearly(float[] row, SplittableRandom random) {
    var vector = row.clone();
    vector[random.nextInt(row.length)] *= 1 + 0x1p-23f * random.nextInt(3);
    for (float value : vector) {
      if (!Float.isFinite(value)) {
        return row.clone();
      }
    }
    return vector;
  }
}
