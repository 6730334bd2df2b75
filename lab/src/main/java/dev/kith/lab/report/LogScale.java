package dev.kith.lab.report;

import java.util.Collection;

/**
 * A log scale over whole decades.
 *
 * @param from power of ten at its left
 * @param to power of ten at its right
 */
record LogScale(int from, int to) {

  /** Scale over all positive values, with room to the left so that the smallest has a bar. */
  static LogScale over(Collection<Double> values) {
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (double value : values) {
      if (value > 0) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
    if (most == 0) {
      return new LogScale(0, 1);
    }
    int from = (int) Math.floor(Math.log10(least * 0.9));
    return new LogScale(from, Math.max(from + 1, (int) Math.ceil(Math.log10(most))));
  }

  /** Place of a value, 0 to 1; one that is not positive stands at the left. */
  double place(double value) {
    return value > 0 ? Math.clamp((Math.log10(value) - from) / (to - from), 0, 1) : 0;
  }
}
