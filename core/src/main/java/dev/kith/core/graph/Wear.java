package dev.kith.core.graph;

import dev.kith.core.search.ExpectedRecall;

/**
 * Allowance for what happened to a graph since its curve was measured. What the curve says was
 * missed is taken to have grown as the share of changed rows, a hundredth of that share is added,
 * and changed rows that the codes suit badly are taken not to be found at all.
 *
 * <p>Why so much: at one width {@code n} rows miss a share that grows about as {@code n^0.55}
 * (measured from 250,000 to 1,000,000 rows), more slowly than the share of new rows does; and half
 * of the rows exchanged cost at most half a point of recall (LiveGraphTest).
 *
 * @param changed insertions and deletions since, in rows that there were
 * @param strayed rows since that the codes suit badly, in rows that there are
 */
record Wear(double changed, double strayed) {
  /** Wear of what does not change. */
  static final Wear NONE = new Wear(0, 0);

  /** Recall lost for each row that changed, beside what was missed before. */
  private static final double LOSS = 0.01;

  /** Recall to ask the curve for, so that {@code asked} is reached; perhaps above 1. */
  double target(double asked) {
    return this.equals(NONE) ? asked : 1 - (1 - asked - extra()) / (1 + changed);
  }

  /** Recall that is expected where the curve says {@code measured}. */
  ExpectedRecall worn(ExpectedRecall measured) {
    if (this.equals(NONE)) {
      return measured;
    }
    return new ExpectedRecall(worn(measured.mean()), worn(measured.low()), measured.high());
  }

  private double worn(double recall) {
    return Math.max(0, recall - changed * (1 - recall) - extra());
  }

  private double extra() {
    return LOSS * changed + strayed;
  }
}
