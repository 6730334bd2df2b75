package dev.kith.core.graph;

import dev.kith.core.recall.RecallCurve;
import dev.kith.core.recall.StoppingRule;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.IndexSpec;
import org.jspecify.annotations.Nullable;

/**
 * How the walks of a search end, at a width or by a rule for a recall, and what is expected of them
 * then; the same in memory, on disk, and where rows come and go.
 *
 * @param curve what the index measured of its walks
 * @param wear what happened to the index since
 * @param k number of neighbours asked for
 * @param width most rows that a walk keeps
 * @param rule rule for a recall, or null for a width
 */
record WalkPlan(RecallCurve curve, Wear wear, int k, int width, @Nullable StoppingRule rule) {

  /** Plan of a search of an index that does not change; see the other one. */
  static @Nullable WalkPlan of(SearchOptions options, RecallCurve curve, IndexSpec spec) {
    return of(options, curve, Wear.NONE, spec);
  }

  /**
   * Plan of a search, or null if a scan answers it: because that was asked for, or because walks
   * were not measured to reach the recall.
   *
   * @throws IllegalArgumentException if a graph does not know the effort
   */
  static @Nullable WalkPlan of(
      SearchOptions options, RecallCurve curve, Wear wear, IndexSpec spec) {
    int k = options.k();
    if (options.effort() instanceof Effort.Recall recall) {
      double target = wear.target(recall.target());
      var rule = target <= 1 ? curve.rule(k, target) : null;
      return rule == null ? null : new WalkPlan(curve, wear, k, curve.widest(), rule);
    }
    int width = QueryWalks.width(options.effort(), spec);
    return width == 0 ? null : new WalkPlan(curve, wear, k, Math.max(width, k), null);
  }

  /** This plan with walks of {@code most} rows at most. */
  WalkPlan narrowed(int most) {
    return new WalkPlan(curve, wear, k, Math.min(width, most), rule);
  }

  /** Sets {@code watch} to follow the next walk; returns null if nothing is known of such walks. */
  @Nullable RatioWatch start(RatioWatch watch) {
    int place = curve.placeOf(k);
    if (rule != null) {
      watch.start(rule);
    } else if (place >= 0) {
      watch.start(curve.ks().get(place));
    }
    return place < 0 ? null : watch;
  }

  /** Whether the recall is beyond walks for the query that {@code watch} has followed. */
  boolean misses(RatioWatch watch) {
    return rule != null && !(watch.hasShown() && rule.reaches(watch.queryClass()));
  }

  /** Width of the walk that {@code watch} has followed, or of any, for a width. */
  int width(RatioWatch watch) {
    return rule == null ? width : watch.width();
  }

  /** What is expected of the walk that {@code watch} has followed, or null if it is unknown. */
  @Nullable ExpectedRecall expected(RatioWatch watch) {
    if (!watch.hasShown()) {
      return null;
    }
    ExpectedRecall measured = null;
    if (rule != null) {
      measured = rule.expected(watch.queryClass());
    } else if (curve.placeOf(k) >= 0) {
      measured = curve.expected(k, width, watch.shown());
    }
    return measured == null ? null : wear.worn(measured);
  }

  /** Number of rows of a pool that get their keys, after a walk that {@code watch} has followed. */
  int scored(RatioWatch watch) {
    return watch.scored().of(rule == null ? k : rule.k(), width(watch));
  }
}
