package dev.kith.core.recall;

/**
 * What a query shows once its walk has found its first few rows, by which hard queries are told
 * from easy ones. All distances are squared estimates.
 *
 * @param farthest distance of the k-th nearest row that is known
 * @param nearest distance of the nearest row that is known
 * @param seed distance of the row that the walk began from
 * @param estimated rows that were estimated up to here
 */
public record Difficulty(double farthest, double nearest, double seed, long estimated) {
  /** Number of features. */
  static final int FEATURES = 4;

  /** Least distance, in place of none: equal rows have no logarithm. */
  private static final double LEAST = 1e-18;

  /**
   * Features that a score is linear in: how far the rows are, how much the distances within the
   * answer differ (little where the intrinsic dimension is high), how near the pivots led, and how
   * much work it was to come here.
   */
  double feature(int i) {
    double far = Math.max(farthest, LEAST);
    return switch (i) {
      case 0 -> 0.5 * Math.log(far);
      case 1 -> 0.5 * Math.log(far / Math.clamp(nearest, LEAST, far));
      case 2 -> 0.5 * Math.log(Math.max(seed, far) / far);
      case 3 -> Math.log((double) Math.max(estimated, 1));
      default -> throw new IndexOutOfBoundsException(i);
    };
  }
}
