package dev.kith.core.quant;

import dev.kith.core.metric.Metric;

/** Lengths of vectors as bounds need them: computed in float64, and rounded up. */
public final class Norms {
  private Norms() {}

  /** Rounds a norm that was computed in float64 up. */
  public static double up(double norm) {
    return norm * (1 + 0x1p-30);
  }

  /** What a metric divides a vector by: its length for COSINE, unless that is 0, else 1. */
  public static double divisor(Metric metric, float[] x) {
    if (metric != Metric.COSINE) {
      return 1;
    }
    double squares = 0;
    for (float element : x) {
      squares += (double) element * element;
    }
    return squares == 0 ? 1 : Math.sqrt(squares);
  }
}
