package dev.kith.core.ivf;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Norms;

/**
 * Space that lists lie in: a row <i>x</i> as it is for DOT, divided by its length for COSINE, less
 * the origin for L2. Distances there bound keys, see {@link ListBound}. Immutable; safe for many
 * threads.
 */
final class ListSpace {
  private final Metric metric;
  private final float[] origin;
  private final double originNorm;

  /** How far a vector computed in float64 may be from the real one, relative to it. */
  private final double inexact;

  /**
   * Creates the space.
   *
   * @param origin {@code [d]}, zeros but for L2
   */
  ListSpace(Metric metric, float[] origin) {
    this.metric = metric;
    this.origin = origin;
    double squares = 0;
    for (float element : origin) {
      squares += (double) element * element;
    }
    this.originNorm = Norms.up(Math.sqrt(squares));
    this.inexact = (origin.length + 16.0) * 0x1p-53;
  }

  Metric metric() {
    return metric;
  }

  /** Number of elements. */
  int dimension() {
    return origin.length;
  }

  /** Maps a finite row or query; a zero vector of COSINE stays zero. */
  void map(float[] x, double[] into) {
    double divisor = Norms.divisor(metric, x);
    for (int i = 0; i < x.length; i++) {
      into[i] = x[i] / divisor - origin[i];
    }
  }

  /** How far a mapped vector of this length may be from the real one. */
  double slack(double norm) {
    return inexact * (norm + originNorm);
  }

  /** Upper bound of the distance between a mapped vector and a centre. */
  double distance(double[] mapped, float[] centre) {
    double squares = 0;
    double missed = 0;
    for (int i = 0; i < centre.length; i++) {
      double difference = mapped[i] - centre[i];
      squares += mapped[i] * mapped[i];
      missed += difference * difference;
    }
    return Norms.up(Math.sqrt(missed)) + slack(Norms.up(Math.sqrt(squares)));
  }
}
