package dev.kith.db.run;

import static dev.kith.core.metric.Metric.ScoreKind.DISTANCE;
import static dev.kith.core.metric.Metric.ScoreKind.SIMILARITY;

import dev.kith.core.metric.Metric;
import dev.kith.core.metric.Metric.ScoreKind;
import org.jspecify.annotations.Nullable;

/**
 * Turns keys into the scores that users see.
 *
 * @param metric that made the keys, or null where they are similarities with their sign changed
 */
public record Scale(@Nullable Metric metric) {
  /** Of keys that are similarities with their sign changed. */
  static final Scale NEGATED = new Scale(null);

  /** Whether scores are distances or similarities. */
  public ScoreKind kind() {
    return metric == null ? SIMILARITY : metric.scoreKind();
  }

  /** The score of a key. */
  public double score(double key) {
    return metric == null ? 0.0 - key : metric.score(key);
  }

  /** Whether a score is worse than the threshold. */
  boolean isWorse(double score, @Nullable Double threshold) {
    return threshold != null && (kind() == DISTANCE ? score > threshold : score < threshold);
  }
}
