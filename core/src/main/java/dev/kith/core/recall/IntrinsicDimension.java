package dev.kith.core.recall;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import java.util.Collection;

/**
 * The number of dimensions that rows fill about a point, whatever the number of their elements: how
 * fast the number of rows within a distance grows with it. The estimator of greatest likelihood
 * (Levina, Bickel: Maximum Likelihood Estimation of Intrinsic Dimension, NIPS 2004), with the mean
 * over points taken of its inverses (MacKay, Ghahramani, 2005).
 */
public final class IntrinsicDimension {
  /** Squared distance of unit vectors up to which they may be one: their products are rounded. */
  private static final double ROUNDING = 1e-12;

  private IntrinsicDimension() {}

  /**
   * Intrinsic dimension about one point, from its nearest rows; neighbours at no distance are left
   * out. NaN if fewer than two are left, or if all that are lie equally far.
   *
   * @param metric metric of the keys, not DOT
   */
  public static double about(Metric metric, Neighbors nearest) {
    return 1 / inverse(metric, nearest);
  }

  /**
   * Intrinsic dimension about several points together; NaN if none of them has one.
   *
   * @param metric metric of the keys, not DOT
   */
  public static double of(Metric metric, Collection<Neighbors> points) {
    double sum = 0;
    int count = 0;
    for (var nearest : points) {
      double inverse = inverse(metric, nearest);
      if (inverse > 0) {
        sum += inverse;
        count++;
      }
    }
    return count == 0 ? Double.NaN : count / sum;
  }

  /** Mean of the logarithms of how much farther the last neighbour is than the others. */
  private static double inverse(Metric metric, Neighbors nearest) {
    if (metric == Metric.DOT) {
      throw new IllegalArgumentException(
          "inner products are no distances, so rows have no intrinsic dimension by them");
    }
    int last = nearest.size() - 1;
    double sum = 0;
    int count = 0;
    for (int i = 0; i < last; i++) {
      double squared = squaredDistance(metric, nearest.key(i));
      if (squared > 0) {
        sum += 0.5 * Math.log(squaredDistance(metric, nearest.key(last)) / squared);
        count++;
      }
    }
    return count > 0 && sum > 0 ? sum / count : Double.NaN;
  }

  /** Squared distance; by COSINE, of the points scaled to length 1. */
  private static double squaredDistance(Metric metric, double key) {
    double squared = metric == Metric.L2 ? key : 2 + 2 * key;
    return metric == Metric.L2 || squared > ROUNDING ? squared : 0;
  }
}
