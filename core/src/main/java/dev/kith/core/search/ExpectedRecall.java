package dev.kith.core.search;

import java.util.Collection;

/**
 * Share of the exact answer's rows that a search is expected to have found, from what its index
 * measured on queries of its own.
 *
 * @param mean mean over queries that looked alike while they were searched
 * @param low lower end of the interval that holds the mean of such queries in 95 of 100 cases
 * @param high upper end of that interval
 */
public record ExpectedRecall(double mean, double low, double high) {
  /** What is expected of an exact answer. */
  public static final ExpectedRecall EXACT = new ExpectedRecall(1, 1, 1);

  /** Checks the order. */
  public ExpectedRecall {
    if (!(0 <= low && low <= mean && mean <= high && high <= 1)) {
      throw new IllegalArgumentException(
          "recall must lie in its interval, and that in 0 to 1: mean=%s, low=%s, high=%s"
              .formatted(mean, low, high));
    }
  }

  /** The mean of several queries; their intervals are taken to be off in the same direction. */
  public static ExpectedRecall mean(Collection<ExpectedRecall> queries) {
    if (queries.isEmpty()) {
      return EXACT; // nothing was asked, and all of it was found
    }
    double mean = 0;
    double low = 0;
    double high = 0;
    for (var one : queries) {
      mean += one.mean;
      low += one.low;
      high += one.high;
    }
    int count = queries.size();
    mean = Math.min(mean / count, 1);
    return new ExpectedRecall(mean, Math.min(low / count, mean), Math.clamp(high / count, mean, 1));
  }

  @Override
  public String toString() {
    return "%.4f (%.4f to %.4f)".formatted(mean, low, high);
  }
}
