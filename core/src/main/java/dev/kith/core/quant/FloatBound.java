package dev.kith.core.quant;

import dev.kith.core.metric.Metric;

/**
 * Bound on the distance between an estimate from a float32 product and the canonical key, for one
 * metric and dimension. Symbols, derivation and every rounding term: {@code docs/exactness.md},
 * section "The float32 scan".
 *
 * <p>The product may be with a copy of the row that lost something: the residual, which is the norm
 * of what was lost, is then part of the error. It is 0 for the rows themselves.
 *
 * <p>For the inner loop the test "lower bound of the key {@code <= tau}" is brought to the form
 * {@code dot * mul(row) + add(row) + scale(query) * slack(row) >= threshold(query, tau)}, loosened
 * so that float32 arithmetic cannot exclude what the bound does not.
 */
public final class FloatBound {
  /** Unit roundoff of float32. */
  private static final double U = 0x1p-24;

  /** Squared norm from which on a row may have overflowed: it is never excluded. */
  private static final float NORM_LIMIT = 0x1p126f;

  /** Residual from which on a row is never excluded, so that products stay far from overflow. */
  private static final float RESIDUAL_LIMIT = 0x1p62f;

  /** Squared norm below which bits may have been lost to underflow, which matters for cosine. */
  private static final float COSINE_NORM_MIN = 0x1p-100f;

  /** Norm of a query from which on products may overflow: nothing is excluded for it. */
  private static final double QUERY_LIMIT = 0x1p60;

  private final Metric metric;
  private final double epsilon;
  private final double eta;
  private final double loose;
  private final float normUnderflow;

  /** Creates the bound for rows of {@code dimension} elements. */
  public FloatBound(Metric metric, int dimension) {
    this.metric = metric;
    this.epsilon = 1.01 * (dimension + 16) * U;
    this.eta = dimension * 0x1p-149;
    this.loose = 1.1 * (epsilon + 8 * U);
    this.normUnderflow = (float) eta; // exact: a small multiple of the smallest float32
  }

  /**
   * A query ready to scan.
   *
   * @param original as given; canonical keys are computed from it
   * @param scanned what the kernel gets: the original, for cosine times a power of two
   * @param squaredNorm of {@code scanned}, in float64
   * @param norm of {@code scanned}, rounded up
   * @param bounded false if no row can be excluded for this query
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Query(
      float[] original, float[] scanned, double squaredNorm, double norm, boolean bounded) {}

  /** Prepares a query whose elements are finite. */
  public Query query(float[] original) {
    double squaredNorm = squaredNorm(original);
    var scanned = original;
    if (metric == Metric.COSINE && squaredNorm > 0) {
      // Into [1, 2), so that neither products nor their bound over- or underflow.
      int exponent = -Math.getExponent(Math.sqrt(squaredNorm));
      scanned = new float[original.length];
      for (int i = 0; i < original.length; i++) {
        scanned[i] = (float) Math.scalb((double) original[i], exponent);
      }
      squaredNorm = squaredNorm(scanned);
    }
    double norm = Norms.up(Math.sqrt(squaredNorm));
    boolean bounded = norm < QUERY_LIMIT && (metric != Metric.COSINE || norm > 0);
    return new Query(original, scanned, squaredNorm, norm, bounded);
  }

  private static double squaredNorm(float[] x) {
    double sum = 0;
    for (float element : x) {
      sum += (double) element * element;
    }
    return sum;
  }

  /**
   * Fills {@code mul}, {@code add} and {@code slack} for rows with these squared norms and
   * residuals.
   */
  public void rowTerms(
      float[] norms, float[] residuals, int count, float[] mul, float[] add, float[] slack) {
    float grown = (float) (1 + 4 * loose);
    switch (metric) {
      case L2 -> {
        float factor = (float) (-0.5 + loose);
        for (int r = 0; r < count; r++) {
          mul[r] = 1;
          add[r] = excludable(norms[r], residuals[r]) ? norms[r] * factor : Float.POSITIVE_INFINITY;
          slack[r] = residuals[r] * grown;
        }
      }
      case DOT -> {
        float factor = (float) loose;
        for (int r = 0; r < count; r++) {
          mul[r] = 1;
          add[r] = excludable(norms[r], residuals[r]) ? 0 : Float.POSITIVE_INFINITY;
          slack[r] = (float) Math.sqrt(norms[r] + normUnderflow) * factor + residuals[r] * grown;
        }
      }
      case COSINE -> {
        for (int r = 0; r < count; r++) {
          boolean reliable = excludable(norms[r], residuals[r]);
          mul[r] = reliable ? 1 / (float) Math.sqrt(norms[r]) : 0;
          add[r] = reliable ? 0 : Float.POSITIVE_INFINITY;
          slack[r] = residuals[r] * mul[r] * grown;
        }
      }
    }
  }

  /** Whether a row may be excluded; false for NaN as well. */
  private boolean excludable(float norm, float residual) {
    return norm < NORM_LIMIT
        && residual < RESIDUAL_LIMIT
        && (metric != Metric.COSINE || norm >= COSINE_NORM_MIN);
  }

  /** Factor of {@code slack} for {@code query}. */
  public float scale(Query query) {
    return Math.nextUp((float) query.norm);
  }

  /** Threshold of the inner loop: a row whose sum is below it has a key above {@code tau}. */
  public float threshold(Query query, double tau) {
    if (!query.bounded || tau == Double.POSITIVE_INFINITY) {
      return Float.NEGATIVE_INFINITY;
    }
    double threshold =
        switch (metric) {
          case L2 -> 0.5 * (query.squaredNorm - tau) - loose * query.norm * query.norm - 4 * eta;
          case DOT -> -tau - 2 * eta;
          case COSINE -> (-tau - 2 * epsilon - 8 * U) * query.norm;
        };
    return Math.nextDown((float) threshold);
  }

  /** Half the width of the interval around {@link #estimate} that holds the canonical key. */
  public double error(Query query, float norm, float residual) {
    if (!query.bounded || !excludable(norm, residual)) {
      return Double.POSITIVE_INFINITY;
    }
    double rowNorm = Math.sqrt((norm + eta) * (1 + 2 * epsilon));
    double lost = residual * (1 + 2 * epsilon);
    return switch (metric) {
      case L2 ->
          epsilon * (query.norm + rowNorm) * (query.norm + rowNorm)
              + 2 * query.norm * lost
              + 4 * eta;
      case DOT -> query.norm * (epsilon * rowNorm + lost) + 2 * eta;
      case COSINE -> 2 * epsilon + lost / Math.sqrt(norm) * (1 + 2 * epsilon);
    };
  }

  /** Estimate of the key from a float32 product; meaningless where {@link #error} is infinite. */
  public double estimate(Query query, float dot, float norm) {
    return switch (metric) {
      case L2 -> query.squaredNorm + norm - 2.0 * dot;
      case DOT -> -(double) dot;
      case COSINE -> -dot / Math.sqrt(query.squaredNorm * norm);
    };
  }
}
