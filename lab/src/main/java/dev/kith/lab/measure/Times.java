package dev.kith.lab.measure;

import java.util.List;

/**
 * Times of runs that ought to take the same, in milliseconds.
 *
 * @param each in the order of the runs; at least one
 */
public record Times(List<Double> each) {
  /** Copies the list. */
  public Times {
    each = List.copyOf(each);
    if (each.isEmpty()) {
      throw new IllegalArgumentException("no runs, so no times: at least one is needed");
    }
  }

  /** Half of the runs took no longer. */
  public double median() {
    return quantile(0.5);
  }

  /** The fastest run, which other work on the machine disturbed least. */
  public double least() {
    return quantile(0);
  }

  /** Third less first quartile: half of the runs lie in a span so wide. */
  public double spread() {
    return quantile(0.75) - quantile(0.25);
  }

  /** Between neighbours in rank, in proportion. */
  private double quantile(double share) {
    var sorted = each.stream().sorted().toList();
    double rank = share * (sorted.size() - 1);
    int below = (int) rank;
    int above = Math.min(below + 1, sorted.size() - 1);
    double weight = rank - below;
    return (1 - weight) * sorted.get(below) + weight * sorted.get(above);
  }

  /** All multiplied. */
  public Times times(double factor) {
    return new Times(each.stream().map(time -> time * factor).toList());
  }
}
