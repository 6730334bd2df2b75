package dev.kith.core.recall;

import dev.kith.core.search.ExpectedRecall;

/**
 * When a walk may stop so that a recall is reached: once the nearest row that is not expanded is
 * farther than the k-th nearest by a ratio, which depends on what the query has shown (with one
 * ratio for all queries: Al-Jazzazi and others, Distance Adaptive Beam Search for Provably Accurate
 * Graph-Based Nearest Neighbor Search, 2025). Immutable.
 */
public final class StoppingRule {
  private final RecallCurve curve;
  private final int place;
  private final int[] ratios;

  /**
   * Creates a rule.
   *
   * @param place of the number of neighbours among the curve's
   * @param ratios for each class the place of its ratio in the ladder, or -1 if none suffices
   */
  StoppingRule(RecallCurve curve, int place, int[] ratios) {
    this.curve = curve;
    this.place = place;
    this.ratios = ratios;
  }

  /** Number of neighbours that the rule was measured for, no fewer than are asked for. */
  public int k() {
    return curve.ks().get(place);
  }

  /** Class of a query. */
  public int classOf(Difficulty difficulty) {
    return curve.classOf(place, difficulty);
  }

  /** Whether walks reach the recall for queries of a class; the others need the exact search. */
  public boolean reaches(int queryClass) {
    return ratios[queryClass] >= 0;
  }

  /** Squared ratio of distances at which a walk stops, for a class that is reached. */
  public float squaredRatio(int queryClass) {
    float ratio = curve.ratios().get(ratios[queryClass]);
    return ratio * ratio;
  }

  /** The largest squared ratio of a class that is reached. */
  public float largestSquaredRatio() {
    float largest = 1;
    for (int i = 0; i < ratios.length; i++) {
      largest = reaches(i) ? Math.max(largest, squaredRatio(i)) : largest;
    }
    return largest;
  }

  /** What is expected of a query of a class that is reached. */
  public ExpectedRecall expected(int queryClass) {
    return curve.expected(place, queryClass, curve.widths().size() + ratios[queryClass]);
  }

  /** Share of the queries like those that will be asked for which walks reach the recall. */
  public double reached() {
    double total = 0;
    double reached = 0;
    for (int c = 0; c < ratios.length; c++) {
      int weight = curve.likely(place, c);
      total += weight;
      reached += reaches(c) ? weight : 0;
    }
    return total == 0 ? 0 : reached / total;
  }

  /** Rows that walks expand, the mean over the queries of {@link #reached}. */
  public double hops() {
    return work(0);
  }

  /** Rows that walks estimate, the mean over the queries of {@link #reached}. */
  public double estimated() {
    return work(1);
  }

  /** Rows within the ratio when walks stop, the mean over the queries of {@link #reached}. */
  public double width() {
    return work(2);
  }

  private double work(int which) {
    double total = 0;
    double sum = 0;
    for (int c = 0; c < ratios.length; c++) {
      if (reaches(c)) {
        int weight = curve.likely(place, c);
        total += weight;
        sum += weight * (double) curve.workAtRatio(place, c, ratios[c], which);
      }
    }
    return total == 0 ? 0 : sum / total;
  }
}
