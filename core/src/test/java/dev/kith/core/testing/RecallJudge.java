package dev.kith.core.testing;

import static dev.kith.core.testing.RecallData.mean;
import static dev.kith.core.testing.RecallData.measure;
import static dev.kith.core.testing.RecallData.standardError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.Effort;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.Objects;

/** Judges searches that are asked for a recall, and counts intervals that promise too much. */
public final class RecallJudge {
  private final double allowed;
  private int judged;
  private int outside;

  /** Creates a judge that lets the measured recall be {@code allowed} below what was asked. */
  public RecallJudge(double allowed) {
    this.allowed = allowed;
  }

  /** Options that ask for a recall. */
  public static SearchOptions recall(int k, double target) {
    return SearchOptions.nearest(k).withEffort(new Effort.Recall(target));
  }

  /**
   * Asserts that a search reaches the recall that it is asked for, and says that it expects to.
   *
   * @param worst key of the k-th nearest row of each query
   * @param what is searched
   */
  public void judge(
      Searcher searcher, VectorSource queries, double[] worst, int k, double target, String what) {
    var result = searcher.search(queries, recall(k, target));
    var recalls = measure(worst, result, k);
    double error = standardError(recalls);
    assertThat(mean(recalls))
        .as("%s, k=%d, asked %s: %s", what, k, target, result.report())
        .isGreaterThanOrEqualTo(target - allowed - 2 * error);
    var expected = Objects.requireNonNull(result.report().expectedRecall());
    assertThat(expected.mean()).isGreaterThanOrEqualTo(target);
    judged++;
    if (mean(recalls) < expected.low() - 2 * error - 0.005) {
      outside++;
    }
  }

  /** Asserts that fewer than a third of the intervals promised too much. */
  public void requireHonestIntervals() {
    assertThat(outside).as("intervals of %d that promise too much", judged).isLessThan(judged / 3);
  }

  /** Recall of ten neighbours that a curve has for a width. */
  public static double recallAt(RecallCurve curve, int width) {
    return curve.points(10).stream()
        .filter(point -> point.width() == width)
        .findFirst()
        .orElseThrow()
        .recall()
        .mean();
  }

  /**
   * Asserts that a calibration refuses few queries, and those of another dimension.
   *
   * @param searcher of rows of 8 elements
   * @param queries of 8 elements, 19 at least
   * @param wide queries of 9 elements
   */
  public static void assertCalibrationRefuses(
      Searcher searcher, VectorSource queries, VectorSource wide) {
    assertThatThrownBy(() -> searcher.calibrated(queries.slice(0, 19), BuildOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a calibration takes at least 20 queries: 19 (memory)");
    assertThatThrownBy(() -> searcher.calibrated(wide, BuildOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("query dimension must match the source: query=9");
  }
}
