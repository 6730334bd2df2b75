package dev.kith.core.graph;

import dev.kith.core.recall.RecallCurve;
import dev.kith.core.recall.StoppingRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one recall takes of walks with a filter, by both ways and by the share of rows that pass,
 * and what that is expected to cost. Immutable; safe for many threads.
 */
final class FilterRules {
  /*
   * Implementation notes
   *
   * Walks through all rows. A walk with a filter does what it does without: it goes on until the
   * nearest row that is not expanded is farther than the k-th nearest of those that pass by a ratio.
   * Where a share s of the rows pass, that one is about the k/s-th nearest of all, and the rows
   * wanted are k of those k/s, whichever. So the curve without a filter tells what a ratio brings:
   * for k neighbours and a share s it is that of k/s neighbours. The last of them is always one
   * that is wanted, and is found less often than the others: a tenth of what is sought, from 10 on,
   * so that for the difference a little more is asked for (SURER).
   *
   * Walks of two hops go through another graph, whose links are those of two hops between rows that
   * pass. Nothing without a filter tells what they find: they are measured with random filters.
   */

  /** Share of what a recall may miss that rules are asked for where some rows do not pass. */
  private static final double SURER = 0.9;

  /** Share, of the smallest that was measured, down to which the rules of that one hold. */
  private static final double BEYOND = 0.7;

  /** The same for walks through all rows, whose ratios become smaller where more ranks are met. */
  private static final double BEYOND_ALL = 0.5;

  /** Share, of the largest that was measured, above which a way is no longer tried. */
  private static final double ABOVE = 1.25;

  private final Way all;
  private final Way twoHops;

  private FilterRules(Way all, Way twoHops) {
    this.all = all;
    this.twoHops = twoHops;
  }

  /**
   * Rules for {@code k} neighbours and a recall.
   *
   * @param unfiltered what was measured without a filter
   * @return null if nothing was measured of that number of neighbours
   */
  static @Nullable FilterRules of(
      RecallCurve unfiltered, FilterCurves curves, int k, double target) {
    int least = Math.max(k, RatioWatch.FIRST);
    int place = unfiltered.placeOf(least);
    if (place < 0) {
      return null;
    }
    int measured = unfiltered.ks().get(place);
    double surer = 1 - SURER * (1 - target);
    var all = new ArrayList<Step>();
    for (int ranks : unfiltered.ks()) {
      if (ranks >= measured) {
        double aim = ranks == measured ? target : surer;
        all.add(new Step(measured / (double) ranks, unfiltered.rule(ranks, aim)));
      }
    }
    var twoHops = new ArrayList<Step>();
    int walked = curves.curve(0).ks().get(Math.max(0, curves.curve(0).placeOf(measured)));
    for (int i = 0; i < curves.shares().size(); i++) {
      twoHops.add(new Step(curves.shares().get(i), curves.curve(i).rule(walked, target)));
    }
    return new FilterRules(
        new Way(false, measured, List.copyOf(all)), new Way(true, walked, List.copyOf(twoHops)));
  }

  /** Walks through all rows. */
  Way all() {
    return all;
  }

  /** Walks of two hops. */
  Way twoHops() {
    return twoHops;
  }

  /**
   * Share of rows that pass at which walks were measured.
   *
   * @param rule null if no query reaches the recall
   */
  record Step(double share, @Nullable StoppingRule rule) {}

  /**
   * One way to walk.
   *
   * @param k number of neighbours that the rules were measured for
   * @param list shares in descending order
   */
  record Way(boolean twoHops, int k, List<Step> list) {
    int steps() {
      return list.size();
    }

    @Nullable StoppingRule rule(int step) {
      return list.get(step).rule;
    }

    /**
     * The step with the smallest share that is no less than {@code share}, or -1 beyond the last.
     */
    int stepAt(double share) {
      if (share < (twoHops ? BEYOND : BEYOND_ALL) * list.getLast().share) {
        return -1;
      }
      int step = 0;
      while (step + 1 < list.size() && list.get(step + 1).share >= share) {
        step++;
      }
      return step;
    }

    /** The largest squared ratio of distances that a walk may go by. */
    float largestSquaredRatio() {
      float largest = 1;
      for (var step : list) {
        largest = step.rule == null ? largest : Math.max(largest, step.rule.largestSquaredRatio());
      }
      return largest;
    }

    /**
     * Expected cost of an answer, in nanoseconds.
     *
     * @param share of the rows near the query that pass
     * @param scan cost of a scan, which answers what the walk does not
     */
    double cost(double share, WalkCosts costs, double scan) {
      int step = stepAt(share);
      if (step < 0 || share > ABOVE * list.getFirst().share) {
        return Double.POSITIVE_INFINITY;
      }
      var from = list.get(step);
      var to = list.get(Math.min(step + 1, list.size() - 1));
      double there = cost(from, costs, scan);
      double beyond = cost(to, costs, scan);
      if (step == list.size() - 1 || share >= from.share) {
        return share < from.share ? there * from.share / share : there;
      }
      double part = Math.log(from.share / share) / Math.log(from.share / to.share);
      return there * Math.pow(beyond / there, part);
    }

    private static double cost(Step step, WalkCosts costs, double scan) {
      var rule = step.rule;
      return rule == null
          ? Double.POSITIVE_INFINITY
          : costs.of((long) rule.hops(), (long) rule.estimated()) + (1 - rule.reached()) * scan;
    }

    /** Rows that pass which a walk is expected to expand, at least 1. */
    int settles(double share) {
      int step = stepAt(share);
      var rule = step < 0 ? null : list.get(Math.min(step + 1, list.size() - 1)).rule;
      return rule == null ? 1 : (int) Math.max(1, Math.ceil(rule.width() * (twoHops ? 1 : share)));
    }
  }
}
