package dev.kith.db.store;

import dev.kith.db.CollectionStats;

/**
 * Sums over audited queries, and the interval of their mean recall. Immutable.
 *
 * @param queries how many
 * @param recalls sum of what each found of its exact answer, 0 to 1
 * @param squares sum of the squares of that
 * @param asked sum of the recalls that they asked for
 * @param points of all exact answers
 */
record AuditSum(long queries, double recalls, double squares, double asked, long points) {
  static final AuditSum NONE = new AuditSum(0, 0, 0, 0, 0);

  /** Quantile of the normal distribution that 95 of 100 cases lie within. */
  private static final double Z = 1.959964;

  /** Fewer queries tell nothing of how their recalls spread. */
  private static final int SPREAD_KNOWN = 10;

  /** With one more query, which found a share of an exact answer of {@code size} points. */
  AuditSum with(double recall, double askedFor, int size) {
    return new AuditSum(
        queries + 1, recalls + recall, squares + recall * recall, asked + askedFor, points + size);
  }

  AuditSum plus(AuditSum other) {
    return new AuditSum(
        queries + other.queries,
        recalls + other.recalls,
        squares + other.squares,
        asked + other.asked,
        points + other.points);
  }

  /** Mean recall; there must be a query. */
  double mean() {
    return Math.min(recalls / queries, 1);
  }

  /** Mean of the recalls that were asked for; there must be a query. */
  double meanAsked() {
    return asked / queries;
  }

  /**
   * Draws of a point that tell as much as these queries: the points of one answer are found or
   * missed together, so there are fewer than points, and no fewer than queries.
   */
  private double draws() {
    double p = mean();
    double variance = (squares - recalls * recalls / queries) / Math.max(queries - 1, 1);
    if (queries < SPREAD_KNOWN || variance <= 0) {
      return queries;
    }
    return Math.clamp(
        p * (1 - p) / (variance / queries), (double) queries, (double) Math.max(points, queries));
  }

  /** Lower end of Wilson's interval. */
  double low() {
    return Math.clamp(centre() - reach(), 0, mean());
  }

  /** Upper end of Wilson's interval. */
  double high() {
    return Math.clamp(centre() + reach(), mean(), 1);
  }

  private double centre() {
    double n = draws();
    return (mean() + Z * Z / (2 * n)) / (1 + Z * Z / n);
  }

  private double reach() {
    double n = draws();
    double p = mean();
    return Z * Math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n);
  }

  /** For people. */
  CollectionStats.Audit stats() {
    return new CollectionStats.Audit(queries, meanAsked(), mean(), low(), high());
  }
}
