package dev.kith.core.graph;

import java.util.function.IntPredicate;

/**
 * A walk to rows that pass a filter, in two stages: first through all rows, until it is known how
 * many pass where the query is, then by one of two ways. Belongs to one thread.
 */
final class FilteredWalk {
  /** Rows that are expanded before a way is chosen. */
  static final int FIRST = 16;

  /** Nearest known rows among which those that pass are counted. */
  private static final int NEAREST = 100;

  /** Rows that pass from which a walk of two hops begins, at most. */
  private static final int SEEDS = 8;

  private final Walk walk;
  private final int[] seeds = new int[SEEDS];
  private int width;
  private int without;
  private float seed;
  private Pool pool = new Pool();

  FilteredWalk(Walk walk) {
    this.walk = walk;
  }

  /**
   * What the first stage saw.
   *
   * @param met nearest rows that are known, {@link #NEAREST} at most
   * @param passing number of them that pass
   * @param seed squared distance of the nearest row that the walk began from
   */
  record Nearby(int met, int passing, float seed) {
    /** Share of the rows near the query that pass. */
    double share() {
      return (passing + 0.5) / (met + 1);
    }

    /** Share of the rows near the query that pass, taken to be that of all where it may well be. */
    double share(double overall) {
      double deviation = Math.sqrt(overall * (1 - overall) / (met + 1));
      return Math.abs(share() - overall) <= 2 * deviation ? overall : share();
    }

    /** The largest share that is likely: two deviations more than were met. */
    double most() {
      return (passing + 2 * Math.sqrt(passing) + 2) / (met + 1);
    }
  }

  /**
   * Walks the first stage.
   *
   * @param newWidth rows that pass which are kept, at most
   * @param newWithout a row that is left out, or {@link Graph#NONE}
   */
  Nearby begin(int[] from, int count, int newWidth, int newWithout, IntPredicate wanted) {
    width = newWidth;
    without = newWithout;
    pool = walk.run(from, count, width, without, this::endsStage, Sift.of(wanted));
    int met = Math.min(NEAREST, pool.size());
    return new Nearby(met, pool.answersBefore(met), seed);
  }

  private boolean endsStage(Pool known, float offset, long hops, long estimated) {
    if (hops == 0) {
      seed = known.size() == 0 ? 0 : RatioWatch.distance(known, offset, 0);
    }
    return known.settled() >= Math.min(FIRST, known.size());
  }

  /** Goes on as {@code what} says; returns the pool, empty if the walk was given up. */
  Pool go(Watch watch, Sift what) {
    if (!what.twoHops()) {
      return walk.resume(watch, what);
    }
    int count = 0;
    for (int i = 0; i < pool.size() && count < SEEDS; i++) {
      if (!pool.aside(i)) {
        seeds[count++] = pool.row(i);
      }
    }
    for (int i = 0; count == 0 && i < Math.min(pool.size(), Pivots.SEEDS); i++) {
      seeds[i] = pool.row(i);
    }
    count = count == 0 ? Math.min(pool.size(), Pivots.SEEDS) : count;
    return walk.again(seeds, count, width, without, watch, what);
  }
}
