package dev.kith.lab.measure;

import java.util.List;

/**
 * Times of runs that ought to be equal, in milliseconds.
 *
 * @param each time of each run, in their order; at least one
 */
public record Times(List<Double> each) {
  /** Copies the list. */
  public Times {
    each = List.copyOf(each);
    if (each.isEmpty()) {
      throw new IllegalArgumentException("no runs, so no times: at least one is needed");
    }
  }

  /** Median: half of the runs took no longer. */
  public double median() {
    return quantile(0.5);
  }

  /** Time of the fastest run, which other work on the machine disturbed least. */
  public double least() {
    return quantile(0);
  }

  /** Interquartile range: the third quartile less the first. */
  public double spread() {
    return quantile(0.75) - quantile(0.25);
  }

  /** Quantile, interpolated between neighbours in rank. */
  private double quantile(double share) {
    var sorted = each.stream().sorted().toList();
    double rank = share * (sorted.size() - 1);
    int below = (int) rank;
    int above = Math.min(below + 1, sorted.size() - 1);
    double weight = rank - below;
    return (1 - weight) * sorted.get(below) + weight * sorted.get(above);
  }

  /** All times multiplied by {@code factor}. */
  public Times times(double factor) {
    return new Times(each.stream().map(time -> time * factor).toList());
  }
}
