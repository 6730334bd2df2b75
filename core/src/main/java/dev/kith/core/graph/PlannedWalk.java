package dev.kith.core.graph;

import dev.kith.core.recall.RecallCurve;
import dev.kith.core.recall.StoppingRule;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.GraphSpec;
import org.jspecify.annotations.Nullable;

/**
 * Walk for some neighbours that ends at a width or by a rule, and says afterwards what recall is
 * expected of it. Belongs to one thread.
 */
final class PlannedWalk {
  private final Walk walk;
  private final RatioWatch watch = new RatioWatch();
  private int width;
  private boolean reaches;
  private @Nullable ExpectedRecall expected;

  PlannedWalk(Walk walk) {
    this.walk = walk;
  }

  /**
   * How walks end: at a width, or by a rule.
   *
   * @param k number of neighbours asked for
   * @param width most rows that a walk keeps
   * @param rule rule for a recall, or null for a width
   * @param curve what the index measured of its walks
   * @param wear what happened to the index since
   */
  record Plan(int k, int width, @Nullable StoppingRule rule, RecallCurve curve, Wear wear) {
    /**
     * Plan of a search, or null if only the exact answer is good enough.
     *
     * @throws IllegalArgumentException if a graph does not know the effort
     */
    static @Nullable Plan of(SearchOptions options, GraphSpec spec, RecallCurve curve, Wear wear) {
      int k = options.k();
      if (options.effort() instanceof Effort.Recall recall) {
        double target = wear.target(recall.target());
        var rule = target <= 1 ? curve.rule(k, target) : null;
        return rule == null ? null : new Plan(k, curve.widest(), rule, curve, wear);
      }
      int width = QueryWalks.width(options.effort(), spec);
      return width == 0 ? null : new Plan(k, Math.max(width, k), null, curve, wear);
    }

    /** This plan with walks of {@code most} rows at most. */
    Plan narrowed(int most) {
      return new Plan(k, Math.min(width, most), rule, curve, wear);
    }

    /** Number of rows of a pool that get their keys, after a walk of this width. */
    int scored(int walked) {
      return GraphSearcher.scored(rule == null ? k : rule.k(), walked);
    }
  }

  /**
   * Walks from {@code seeds} as {@code plan} says.
   *
   * @param sift rows that are answers, or null for all
   * @return the pool, good until the next walk
   */
  Pool run(Plan plan, int[] seeds, int count, @Nullable Sift sift) {
    var rule = plan.rule;
    var curve = plan.curve;
    int place = curve.placeOf(plan.k);
    if (rule != null) {
      watch.start(rule);
    } else if (place >= 0) {
      watch.start(curve.ks().get(place));
    }
    var pool = walk.run(seeds, count, plan.width, Graph.NONE, place < 0 ? null : watch, sift);
    width = rule == null ? plan.width : watch.width();
    reaches = rule == null || (watch.hasShown() && rule.reaches(watch.queryClass()));
    ExpectedRecall measured = null;
    if (rule != null) {
      measured = reaches ? rule.expected(watch.queryClass()) : null;
    } else if (place >= 0 && watch.hasShown()) {
      measured = curve.expected(plan.k, width, watch.shown());
    }
    expected = measured == null ? null : plan.wear.worn(measured);
    return pool;
  }

  /** Whether the walk found what the plan asks for; if not, a scan is to answer. */
  boolean reaches() {
    return reaches;
  }

  /** Width of the walk; 0 if it was given up at its beginning. */
  int width() {
    return width;
  }

  /** Recall that is expected of the walk, or null if it is unknown. */
  @Nullable ExpectedRecall expected() {
    return expected;
  }
}
