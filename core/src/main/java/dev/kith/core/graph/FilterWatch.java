package dev.kith.core.graph;

import dev.kith.core.recall.Difficulty;
import dev.kith.core.recall.StoppingRule;
import dev.kith.core.search.ExpectedRecall;
import org.jspecify.annotations.Nullable;

/**
 * Ends a walk to rows that pass a filter by the rules that were measured with filters that let
 * about the same share of rows pass: the stricter of the two between which that lies. Belongs to
 * one thread.
 */
final class FilterWatch implements Watch {
  /** Hops from one look at what need not be kept to the next: a look costs as much as a hop. */
  private static final int PRUNING = 8;

  private final Scored scored;
  private FilterRules.@Nullable Way way;
  private @Nullable ExpectedRecall expected;
  private double share;
  private boolean begun;
  private boolean decided;
  private boolean missed;
  private float seed;
  private float squaredRatio;
  private int width;

  /** Creates a watch of walks, of whose pools {@code scored} says what gets its keys. */
  FilterWatch(Scored scored) {
    this.scored = scored;
  }

  /**
   * Starts a walk.
   *
   * @param nearby share of the rows near the query that pass; a walk through all rows counts anew
   * @param firstSeed squared distance of the nearest row that the first stage began from
   */
  void start(FilterRules.Way newWay, double nearby, float firstSeed) {
    way = newWay;
    share = nearby;
    seed = firstSeed;
    begun = !newWay.twoHops();
    decided = false;
    missed = false;
    expected = null;
    width = 0;
    squaredRatio = newWay.largestSquaredRatio();
  }

  private FilterRules.Way way() {
    var started = way;
    if (started == null) {
      throw new IllegalStateException("a watch is started before a walk");
    }
    return started;
  }

  @Override
  public boolean stops(Pool pool, float offset, long hops, long estimated) {
    if (!begun) {
      begun = true;
      seed = pool.size() == 0 ? 0 : RatioWatch.distance(pool, offset, 0);
    }
    int k = way().k();
    if (pool.size() == 0) { // given up
      missed = true;
      return true;
    }
    boolean ended = pool.settled() == pool.size();
    if (!decided && RatioWatch.settles(pool, k)) {
      decide(pool, difficulty(pool, offset, k, estimated));
    }
    if (missed) {
      return true;
    }
    if (decided) {
      float bound = squaredRatio * RatioWatch.farthest(pool, offset, k);
      if (ended || RatioWatch.distance(pool, offset, pool.settled()) >= bound) {
        width = Math.max(pool.answersBelow(bound - offset), RatioWatch.least(pool, k));
        return true;
      }
    }
    if (ended) { // fewer rows than a rule asks for
      missed = true;
      return true;
    }
    int keyed = scored.of(k, 0);
    if (hops % PRUNING == 0 && pool.answers() >= keyed) {
      float bound = squaredRatio * RatioWatch.farthest(pool, offset, k);
      pool.keepBelow(bound - offset, pool.placeOf(keyed - 1) + 1);
    }
    return false;
  }

  /** What the query shows: of a walk through all rows, what it would without a filter. */
  private Difficulty difficulty(Pool pool, float offset, int k, long estimated) {
    return way().twoHops()
        ? RatioWatch.difficulty(pool, offset, k, seed, estimated)
        : new Difficulty(
            RatioWatch.farthest(pool, offset, k),
            RatioWatch.distance(pool, offset, 0),
            seed,
            estimated);
  }

  private void decide(Pool pool, Difficulty difficulty) {
    decided = true;
    if (!way().twoHops()) {
      share = (pool.settledAnswers() + 0.5) / (pool.settled() + 1);
    }
    int first = way().stepAt(share);
    if (first < 0) {
      missed = true;
      return;
    }
    squaredRatio = 1;
    expected = null;
    decide(way().rule(first), difficulty);
    decide(way().rule(Math.min(first + 1, way().steps() - 1)), difficulty);
  }

  private void decide(@Nullable StoppingRule rule, Difficulty difficulty) {
    int queryClass = rule == null ? -1 : rule.classOf(difficulty);
    if (rule == null || !rule.reaches(queryClass)) {
      missed = true;
      return;
    }
    squaredRatio = Math.max(squaredRatio, rule.squaredRatio(queryClass));
    var one = rule.expected(queryClass);
    expected = expected == null || one.mean() < expected.mean() ? one : expected;
  }

  /** Whether a scan is to answer: the recall is beyond the walk, or it was given up. */
  boolean misses() {
    return missed || !decided;
  }

  /** What is expected of the walk, if it does not miss. */
  @Nullable ExpectedRecall expected() {
    return expected;
  }

  /** Rows that pass which lay within the ratio when the walk stopped. */
  int width() {
    return width;
  }
}
