package dev.kith.core.kernel;

import java.util.function.Supplier;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums and differences of elements that lie a distance apart, the step of fast rotations: each pair
 * {@code (a, b)} becomes {@code (a + b, a - b) / sqrt(2)}. Each element is computed alone, so that
 * the result has the same bits with the Vector API and without.
 */
public final class Butterflies {
  private static final float SCALE = (float) Math.sqrt(0.5);

  private static final Loop LOOP = choose(() -> new Simd());

  private Butterflies() {}

  private static Loop choose(Supplier<Loop> simd) {
    return Kernels.hasSimd() ? simd.get() : Butterflies::plain;
  }

  /** One block of pairs. */
  private interface Loop {
    void apply(float[] x, int at, int half);
  }

  /**
   * Transforms {@code blocks} blocks of {@code 2 half} elements of {@code x}, from {@code from} on:
   * element {@code i} of a block's first half makes a pair with element {@code i} of its second.
   */
  public static void apply(float[] x, int from, int half, int blocks) {
    for (int block = 0; block < blocks; block++) {
      LOOP.apply(x, from + 2 * half * block, half);
    }
  }

  private static void plain(float[] x, int at, int half) {
    plain(x, at, half, 0);
  }

  private static void plain(float[] x, int at, int half, int first) {
    for (int i = at + first; i < at + half; i++) {
      float a = x[i];
      float b = x[i + half];
      x[i] = (a + b) * SCALE;
      x[i + half] = (a - b) * SCALE;
    }
  }

  /** Loop on the Vector API. */
  private static final class Simd implements Loop {
    // Species must be static final where they are used, or C2 boxes every vector.
    private static final VectorSpecies<Float> LANES = SimdKernel.LANES;

    @Override
    public void apply(float[] x, int at, int half) {
      int whole = LANES.loopBound(half);
      for (int i = at; i < at + whole; i += LANES.length()) {
        var a = FloatVector.fromArray(LANES, x, i);
        var b = FloatVector.fromArray(LANES, x, i + half);
        a.add(b).mul(SCALE).intoArray(x, i);
        a.sub(b).mul(SCALE).intoArray(x, i + half);
      }
      plain(x, at, half, whole);
    }
  }
}
