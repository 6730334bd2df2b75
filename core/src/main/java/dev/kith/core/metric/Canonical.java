package dev.kith.core.metric;

/**
 * The canonical sums of {@code docs/exactness.md}: elements widened to float64; lane {@code j} of
 * eight starts at +0.0 and adds the terms of elements {@code j, j + 8, j + 16, ...} in that order;
 * lanes are folded in halves, 8 to 4 to 2 to 1. Every operation rounds to nearest, none is fused.
 * Backends replay exactly this, so any change here changes answers.
 */
public final class Canonical {

  private Canonical() {}

  /** Sum of {@code (a[i] - b[i])^2}. */
  public static double squaredDistance(float[] a, float[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int i = 0;
    for (; i <= a.length - 8; i += 8) {
      s0 += square((double) a[i] - b[i]);
      s1 += square((double) a[i + 1] - b[i + 1]);
      s2 += square((double) a[i + 2] - b[i + 2]);
      s3 += square((double) a[i + 3] - b[i + 3]);
      s4 += square((double) a[i + 4] - b[i + 4]);
      s5 += square((double) a[i + 5] - b[i + 5]);
      s6 += square((double) a[i + 6] - b[i + 6]);
      s7 += square((double) a[i + 7] - b[i + 7]);
    }
    var lanes = new double[] {s0, s1, s2, s3, s4, s5, s6, s7};
    for (int j = 0; i < a.length; i++, j++) {
      lanes[j] += square((double) a[i] - b[i]);
    }
    return fold(lanes);
  }

  /** Sum of {@code a[i] * b[i]}. */
  public static double dot(float[] a, float[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int i = 0;
    for (; i <= a.length - 8; i += 8) {
      s0 += (double) a[i] * b[i];
      s1 += (double) a[i + 1] * b[i + 1];
      s2 += (double) a[i + 2] * b[i + 2];
      s3 += (double) a[i + 3] * b[i + 3];
      s4 += (double) a[i + 4] * b[i + 4];
      s5 += (double) a[i + 5] * b[i + 5];
      s6 += (double) a[i + 6] * b[i + 6];
      s7 += (double) a[i + 7] * b[i + 7];
    }
    var lanes = new double[] {s0, s1, s2, s3, s4, s5, s6, s7};
    for (int j = 0; i < a.length; i++, j++) {
      lanes[j] += (double) a[i] * b[i];
    }
    return fold(lanes);
  }

  private static double square(double x) {
    return x * x;
  }

  private static double fold(double[] s) {
    double t0 = s[0] + s[4];
    double t1 = s[1] + s[5];
    double t2 = s[2] + s[6];
    double t3 = s[3] + s[7];
    return (t0 + t2) + (t1 + t3);
  }
}
