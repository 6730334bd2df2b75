package dev.kith.core.quant;

/**
 * Interval that certainly holds a row's canonical key; infinite where nothing is known.
 *
 * @param lower at most the key
 * @param upper at least the key
 */
public record KeyInterval(double lower, double upper) {
  static KeyInterval around(double estimate, double error) {
    boolean known = error < Double.POSITIVE_INFINITY && Double.isFinite(estimate);
    return known
        ? new KeyInterval(estimate - error, estimate + error)
        : new KeyInterval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
  }
}
