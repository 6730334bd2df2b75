package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.recall.Difficulty;
import dev.kith.core.recall.StoppingRule;
import org.jspecify.annotations.Nullable;

/**
 * Tells how hard a query is once its walk has found the first few rows, and then ends the walk as a
 * {@link StoppingRule} says, if there is one. The pool keeps little more than what may yet be
 * expanded. Rows that are walked through, but are no answers, are looked at like the others, and do
 * not count as neighbours.
 */
final class RatioWatch implements Watch {
  /** Rows that are found before a query is told easy or hard. */
  static final int FIRST = CalibrationSample.FIRST;

  private final Scored scored;
  private int k;
  private @Nullable StoppingRule rule;
  private float seed;
  private @Nullable Difficulty difficulty;
  private int queryClass;
  private float squaredRatio;
  private int width;

  /** Creates a watch of walks, of whose pools {@code scored} says what gets its keys. */
  RatioWatch(Scored scored) {
    this.scored = scored;
  }

  /** What of a pool gets its keys. */
  Scored scored() {
    return scored;
  }

  /** Distance of the k-th nearest row, squared: never negative, though an estimate of it may be. */
  static float distance(Pool pool, float offset, int rank) {
    return Math.max(0, pool.estimate(rank) + offset);
  }

  /** Rows that must be expanded before a walk for {@code k} rows may stop. */
  static int least(Pool pool, int k) {
    return Math.min(Math.max(k, FIRST), pool.answers());
  }

  /**
   * Whether so much is expanded that a walk for {@code k} rows may stop: where some rows are no
   * answers, {@link #FIRST} rows, and {@code k} that are.
   */
  static boolean settles(Pool pool, int k) {
    return pool.answers() == pool.size()
        ? pool.settled() >= least(pool, k)
        : pool.settled() >= Math.min(FIRST, pool.size())
            && pool.answers() >= k
            && pool.settledAnswers() >= k;
  }

  /** Squared distance of the k-th nearest row that may be an answer, or of the last. */
  static float farthest(Pool pool, float offset, int k) {
    return pool.answers() == 0
        ? 0
        : distance(pool, offset, pool.placeOf(Math.min(k, pool.answers()) - 1));
  }

  /** Squared distance of the nearest row that may be an answer. */
  private static float nearest(Pool pool, float offset) {
    return farthest(pool, offset, 1);
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
    if (pool.size() > 0 && settles(pool, k)) {
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
      float bound = squaredRatio * farthest(pool, offset, k);
      if (pool.settled() == pool.size() || distance(pool, offset, pool.settled()) >= bound) {
        width = Math.max(pool.below(bound - offset), least(pool, k));
        return true;
      }
    }
    if (rule != null && pool.answers() >= k) {
      float bound = squaredRatio * farthest(pool, offset, k);
      pool.keepBelow(bound - offset, scored.of(k, 0));
    }
    return false;
  }

  private void show(Pool pool, float offset, long estimated) {
    difficulty = difficulty(pool, offset, k, seed, estimated);
  }

  /** What a query shows of the pool that it has now. */
  static Difficulty difficulty(Pool pool, float offset, int k, float seed, long estimated) {
    return new Difficulty(farthest(pool, offset, k), nearest(pool, offset), seed, estimated);
  }

  /** Whether the walk came far enough for its query to show anything. */
  boolean hasShown() {
    return difficulty != null;
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
