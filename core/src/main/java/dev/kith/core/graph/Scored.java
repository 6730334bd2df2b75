package dev.kith.core.graph;

import dev.kith.core.quant.Scorers;

/**
 * How many of the rows that a walk has found get their canonical keys.
 *
 * @param least rows, at least
 */
record Scored(int least) {
  /** Rows that get their keys, at least; fewer lose what 4 bits confuse (measured). */
  private static final int FEWEST = 20;

  /** The same where codes are of projected rows, which tell less of a row (measured). */
  private static final int FEWEST_PROJECTED = 28;

  /** Share of a pool that gets its keys, at least: one row in {@code SHARE}. */
  private static final int SHARE = 4;

  /** What gets its keys after walks that are led by {@code scorers}. */
  static Scored of(Scorers scorers) {
    return new Scored(scorers.projected() ? FEWEST_PROJECTED : FEWEST);
  }

  /** What gets its keys after walks by codes of all dimensions. */
  static Scored ofAllDimensions() {
    return new Scored(FEWEST);
  }

  /** Number of rows that get their keys, of a walk of {@code width} rows for {@code k} of them. */
  int of(int k, int width) {
    return Math.max(Math.max(least, 2 * k), width / SHARE);
  }
}
