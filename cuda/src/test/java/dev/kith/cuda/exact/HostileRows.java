package dev.kith.cuda.exact;

import dev.kith.core.testing.TestVectors;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Vectors that bounds and sums are hard for. */
final class HostileRows {
  private HostileRows() {}

  /** Any magnitude from denormal to the largest, any shape; zero at times. */
  static float[] any(SplittableRandom random, int d) {
    float[] x = TestVectors.gaussian(random, d);
    switch (random.nextInt(12)) {
      case 0 -> Arrays.fill(x, 0);
      case 1 -> Arrays.fill(x, x[0]);
      case 2 -> {
        float hot = x[0];
        Arrays.fill(x, 0);
        x[random.nextInt(d)] = hot;
      }
      case 3 -> {
        for (int i = 0; i < d; i++) {
          x[i] = Math.scalb(x[i], -random.nextInt(30));
        }
      }
      case 4 -> { // codes hold it as it is
        for (int i = 0; i < d; i++) {
          x[i] = random.nextInt(-127, 128);
        }
        x[random.nextInt(d)] = 127;
      }
      default -> {}
    }
    int exponent =
        switch (random.nextInt(8)) {
          case 0 -> random.nextInt(-149, 120);
          case 1 -> -60 + random.nextInt(-1, 8); // where scales are not trusted any more
          case 2 -> 44 + random.nextInt(-1, 8);
          default -> random.nextInt(-6, 6);
        };
    for (int i = 0; i < d; i++) {
      float value = Math.scalb(x[i], exponent);
      x[i] = Float.isFinite(value) ? value : Math.copySign(Float.MAX_VALUE, value);
    }
    return x;
  }

  /** So close that a squared distance loses all its digits. */
  static float[] nearly(float[] row, SplittableRandom random) {
    var x = row.clone();
    for (int i = 0; i < x.length; i++) {
      float value = x[i] * (1 + 0x1p-23f * random.nextInt(-3, 4));
      x[i] = Float.isFinite(value) ? value : row[i];
    }
    return x;
  }

  /** Hostile to each other: duplicates, near ones, the centre itself. */
  static float[][] many(SplittableRandom random, int n, int d, float[] centre) {
    var rows = new float[n][];
    for (int r = 0; r < n; r++) {
      rows[r] =
          switch (random.nextInt(8)) {
            case 0 -> r == 0 ? any(random, d) : rows[random.nextInt(r)].clone();
            case 1, 2 -> nearly(r == 0 ? centre : rows[r - 1], random);
            case 3 -> random.nextBoolean() ? centre.clone() : nearly(centre, random);
            default -> any(random, d);
          };
    }
    return rows;
  }

  /** None, a common one, a far one: sizes 0, 1 and 2. */
  static float[] centre(SplittableRandom random, int d, int size) {
    float[] x = new float[d];
    for (int i = 0; size > 0 && i < d; i++) {
      x[i] = TestVectors.gaussian(random, 1)[0] * (size == 1 ? 1 : 0x1p20f);
    }
    return x;
  }
}
