package dev.kith.core.ivf;

import dev.kith.core.recall.Difficulty;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.recall.StoppingRule;
import dev.kith.core.search.ExpectedRecall;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far searches read for a recall: the lists whose centres are no farther from the query than a
 * ratio times its k-th nearest row among the first lists. The ratio is by class of query. Where a
 * filter lets a share of the rows through, {@code k} of them lie as far as {@code k / share} of all
 * rows do, and the ratio is that of so large an answer. Immutable; safe for many threads.
 */
final class ListRules {
  private final RecallCurve curve;
  private final double target;

  /** Rule of each measured number of neighbours, or null if none reaches the recall. */
  private final List<@Nullable StoppingRule> rules;

  /** Makes the rules of a recall. */
  ListRules(RecallCurve curve, double target) {
    this.curve = curve;
    this.target = target;
    var made = new ArrayList<@Nullable StoppingRule>();
    for (int k : curve.ks()) {
      made.add(curve.rule(k, target));
    }
    this.rules = Collections.unmodifiableList(made);
  }

  /** The recall. */
  double target() {
    return target;
  }

  /** Most lists that are read for a query. */
  int most() {
    return curve.widest();
  }

  /** Number of neighbours among all rows that lie as far as {@code k} of a share of them. */
  private int placeOf(int k, double share) {
    double among = Math.ceil(k / share);
    return among <= Integer.MAX_VALUE ? curve.placeOf((int) among) : -1;
  }

  /**
   * Lists that are read for a query, about, or 0 if no search of lists reaches the recall.
   *
   * @param share of the rows that a filter lets through
   */
  double lists(int k, double share) {
    int place = placeOf(k, share);
    var rule = place < 0 ? null : rules.get(place);
    return rule == null ? 0 : Math.max(1, rule.hops());
  }

  /**
   * How far to read for a query.
   *
   * @param squaredRatio of the distances of the last list's centre and the k-th nearest row
   * @param expected recall
   */
  record Reach(double squaredRatio, ExpectedRecall expected) {}

  /**
   * How far to read for a query, or null if the recall is beyond what was measured. Between two
   * measured numbers of neighbours the one that needs more counts, and that which expects less.
   *
   * @param difficulty what the query has shown of its {@code k} nearest rows
   * @param share of the rows that pass near the query
   */
  @Nullable Reach reach(int k, double share, Difficulty difficulty) {
    int place = placeOf(k, share);
    if (place < 0) {
      return null;
    }
    var found = reach(rules.get(place), difficulty);
    if (found == null || place == 0 || curve.ks().get(place) == Math.ceil(k / share)) {
      return found;
    }
    var below = reach(rules.get(place - 1), difficulty);
    if (below == null) {
      return null;
    }
    return new Reach(
        Math.max(found.squaredRatio, below.squaredRatio),
        below.expected.mean() < found.expected.mean() ? below.expected : found.expected);
  }

  private static @Nullable Reach reach(@Nullable StoppingRule rule, Difficulty difficulty) {
    int queryClass = rule == null ? 0 : rule.classOf(difficulty);
    return rule == null || !rule.reaches(queryClass)
        ? null
        : new Reach(rule.squaredRatio(queryClass), rule.expected(queryClass));
  }
}
