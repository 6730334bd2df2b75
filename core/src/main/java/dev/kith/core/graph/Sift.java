package dev.kith.core.graph;

import java.util.function.IntPredicate;

/**
 * What a walk looks for among the rows that it meets, and when it gives up. Belongs to one walk at
 * a time.
 *
 * @param wanted rows that are looked for; the others are walked through
 * @param twoHops whether only wanted rows are estimated: a neighbour that is not wanted is replaced
 *     by its own neighbours, as in ACORN-1 (Patel and others, SIGMOD 2024)
 * @param costs what steps cost
 * @param limit nanoseconds, by the costs, that the answer costs by a scan: a walk that has cost as
 *     much, or is going to, is given up
 * @param settles wanted rows that a walk is expected to expand, or 0 for those that it keeps
 */
record Sift(IntPredicate wanted, boolean twoHops, WalkCosts costs, double limit, int settles) {
  /** Share of the limit, one in {@code PROBATION}, that a walk costs before it is judged. */
  private static final int PROBATION = 10;

  /** How much more than the limit a walk may be expected to cost once it is judged. */
  private static final double HOPE = 1.5;

  /** Looks for rows by a walk that expands all that it keeps. */
  Sift(IntPredicate wanted, boolean twoHops, WalkCosts costs, double limit) {
    this(wanted, twoHops, costs, limit, 0);
  }

  /** Looks for rows whatever it costs. */
  static Sift of(IntPredicate wanted) {
    return new Sift(wanted, false, WalkCosts.NONE, Double.POSITIVE_INFINITY);
  }

  /**
   * Whether a walk is to be given up.
   *
   * @param lines lines that it read
   * @param estimated rows that it estimated
   * @param found wanted rows that it expanded
   * @param width wanted rows that it keeps
   */
  boolean hopeless(long lines, long estimated, int found, int width) {
    double spent = costs.of(lines, estimated);
    int most = settles > 0 ? settles : width;
    return spent > limit
        || (spent * PROBATION > limit && spent * most > HOPE * limit * Math.max(found, 0.5));
  }
}
