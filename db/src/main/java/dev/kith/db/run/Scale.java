package dev.kith.db.run;

import static dev.kith.core.metric.Metric.ScoreKind.DISTANCE;
import static dev.kith.core.metric.Metric.ScoreKind.SIMILARITY;

import dev.kith.core.metric.Metric;
import dev.kith.core.metric.Metric.ScoreKind;
import org.jspecify.annotations.Nullable;

/**
 * Turns keys into the scores that users see.
 *
 * @param metric that made the keys, or null where they are scores themselves
 * @param negated whether keys that are scores have their sign changed, since the largest come first
 */
public record Scale(@Nullable Metric metric, boolean negated) {
  /** Of keys that are similarities with their sign changed. */
  static final Scale NEGATED = new Scale(null, true);

  /** Of keys that are scores, the smallest first. */
  static final Scale PLAIN = new Scale(null, false);

  /** Of keys that a metric made. */
  Scale(Metric metric) {
    this(metric, false);
  }

  /** Whether scores are distances or similarities. */
  public ScoreKind kind() {
    return metric != null ? metric.scoreKind() : negated ? SIMILARITY : DISTANCE;
  }

  /** The score of a key. */
  public double score(double key) {
    return metric != null ? metric.score(key) : negated ? 0.0 - key : key;
  }

  /** Whether a score is worse than the threshold. */
  boolean isWorse(double score, @Nullable Double threshold) {
    return threshold != null && (kind() == DISTANCE ? score > threshold : score < threshold);
  }
}
