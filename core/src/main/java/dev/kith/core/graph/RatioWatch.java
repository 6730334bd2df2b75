package dev.kith.core.graph;

import dev.kith.core.recall.Difficulty;
import dev.kith.core.recall.StoppingRule;
import org.jspecify.annotations.Nullable;

/**
 * Tells how hard a query is once its walk has found the first few rows, and then ends the walk as a
 * {@link StoppingRule} says, if there is one. The pool keeps little more than what may yet be
 * expanded.
 */
final class RatioWatch implements Watch {
  /** Rows that are found before a query is told easy or hard. */
  static final int FIRST = 10;

  private final int leastScored;
  private int k;
  private @Nullable StoppingRule rule;
  private float seed;
  private @Nullable Difficulty difficulty;
  private int queryClass;
  private float squaredRatio;
  private int width;

  /**
   * Creates a watch over walks of which at least {@code leastScored} rows get their keys, however
   * few are asked for.
   */
  RatioWatch(int leastScored) {
    this.leastScored = leastScored;
  }

  /** Distance of the k-th nearest row, squared: never negative, though an estimate of it may be. */
  static float distance(Pool pool, float offset, int rank) {
    return Math.max(0, pool.estimate(rank) + offset);
  }

  /** Rows that must be expanded before a walk for {@code k} rows may stop. */
  static int least(Pool pool, int k) {
    return Math.min(Math.max(k, FIRST), pool.size());
  }

  /** Starts a walk for {@code newK} rows that ends by itself. */
  void start(int newK) {
    k = newK;
    rule = null;
    difficulty = null;
    width = 0;
  }

  /** Starts a walk that ends by a rule. */
  void start(StoppingRule newRule) {
    start(newRule.k());
    rule = newRule;
    squaredRatio = newRule.largestSquaredRatio();
  }

  @Override
  public boolean stops(Pool pool, float offset, long hops, long estimated) {
    if (hops == 0) {
      seed = pool.size() == 0 ? 0 : distance(pool, offset, 0);
    }
    if (rule == null && difficulty != null) {
      return false;
    }
    if (pool.size() > 0 && pool.settled() >= least(pool, k)) {
      if (difficulty == null) {
        show(pool, offset, estimated);
        if (rule == null) {
          return false;
        }
        queryClass = rule.classOf(shown());
        if (!rule.reaches(queryClass)) {
          return true;
        }
        squaredRatio = rule.squaredRatio(queryClass);
      }
      float bound = squaredRatio * distance(pool, offset, Math.min(k, pool.size()) - 1);
      if (pool.settled() == pool.size() || distance(pool, offset, pool.settled()) >= bound) {
        width = Math.max(pool.below(bound - offset), least(pool, k));
        return true;
      }
    }
    if (rule != null && pool.size() >= k) {
      float bound = squaredRatio * distance(pool, offset, k - 1);
      pool.keepBelow(bound - offset, Math.max(leastScored, 2 * k));
    }
    return false;
  }

  private void show(Pool pool, float offset, long estimated) {
    difficulty = difficulty(pool, offset, k, seed, estimated);
  }

  /** What a query shows of the pool that it has now. */
  static Difficulty difficulty(Pool pool, float offset, int k, float seed, long estimated) {
    return new Difficulty(
        distance(pool, offset, Math.min(k, pool.size()) - 1),
        distance(pool, offset, 0),
        seed,
        estimated);
  }

  /** What the query has shown; at the end of a walk, it has. */
  Difficulty shown() {
    var shown = difficulty;
    if (shown == null) {
      throw new IllegalStateException("a walk that has not begun shows nothing");
    }
    return shown;
  }

  /** Class of the query, after a walk by a rule. */
  int queryClass() {
    return queryClass;
  }

  /** Rows that lay within the ratio when the walk stopped; 0 if its recall cannot be reached. */
  int width() {
    return width;
  }
}
