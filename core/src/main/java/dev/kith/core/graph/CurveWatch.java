package dev.kith.core.graph;

import dev.kith.core.metric.Metric;
import dev.kith.core.recall.CurveFit;
import dev.kith.core.recall.Difficulty;
import dev.kith.core.recall.Observation;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import java.util.Arrays;

/**
 * Follows one walk of the largest width and notes what walks of every smaller width, and by every
 * ratio, would have found: they make the same hops in the same order and stop sooner, for the
 * nearest row that is not expanded does not depend on how many others are kept.
 */
final class CurveWatch implements Watch {
  private final CurveFit curve;
  private final Rescorer rescorer;
  private final long most;

  /**
   * For each row what rank it has in the exact answer, from 1, equal ones the same; {@link #WORSE}
   * if it has none, 0 if that is not known.
   */
  private final byte[] ranks;

  private static final byte WORSE = -1;

  /** Rows whose rank was set though they are not among the exact answer's. */
  private int[] judged = new int[64];

  private int judgedCount;

  private final Scored scored;

  private final int[] nextRatio;
  private int nextWidth;
  private final boolean[] shown;

  /** Whether rows that are not in the exact answer may be as near as some that are. */
  private boolean tied;

  private float[] query = new float[0];
  private Neighbors truth = new Neighbors(Metric.L2, new long[0], new double[0]);
  private Observation observation;
  private boolean begun;

  /** For each number of neighbours whether all of them were found. */
  private final boolean[] whole;

  /** Hops by which all were found, or {@link #NEVER}. */
  private long complete;

  /** Hops at which a walk with a bound on its steps is looked at again. */
  private long nextLook;

  /** Looks in the time in which the number of hops grows by a factor of 2.7. */
  private static final int LOOKS = 40;

  private static final long NEVER = Long.MAX_VALUE / 4;

  /** Hops of a walk with a bound on its steps, in those that it took to find all. */
  private static final int ENOUGH = 2;

  private float seed;

  /**
   * Creates a watch.
   *
   * @param scored what of a pool gets its keys
   * @param size number of rows
   * @param most steps, estimates and twice the hops, at which a walk ends, at the latest, as if it
   *     knew no more rows; it also ends when it has long found all; {@link Long#MAX_VALUE} for
   *     walks that end with the largest width
   */
  CurveWatch(CurveFit curve, Rescorer rescorer, Scored scored, int size, long most) {
    this.scored = scored;
    this.curve = curve;
    this.most = most;
    this.rescorer = rescorer;
    this.ranks = new byte[size];
    this.nextRatio = new int[curve.ks().size()];
    this.shown = new boolean[curve.ks().size()];
    this.whole = new boolean[curve.ks().size()];
    this.observation = new Observation(0, curve);
  }

  /**
   * Starts a walk.
   *
   * @param exact the exact answer, of the largest {@code k} rows or more, at most 127
   */
  void start(Observation into, float[] newQuery, Neighbors exact) {
    for (int rank = 0; rank < truth.size(); rank++) {
      ranks[(int) truth.row(rank)] = 0;
    }
    for (int i = 0; i < judgedCount; i++) {
      ranks[judged[i]] = 0;
    }
    judgedCount = 0;
    observation = into;
    query = newQuery;
    truth = exact;
    tied = false;
    int equal = 0;
    for (int rank = 0; rank < exact.size(); rank++) {
      equal = rank > 0 && exact.key(rank) == exact.key(rank - 1) ? equal : rank;
      ranks[(int) exact.row(rank)] = (byte) (equal + 1);
      tied |= rank == exact.size() - 1 && equal < rank;
    }
    begun = false;
    complete = NEVER;
    nextLook = 0;
    Arrays.fill(whole, false);
    nextWidth = 0;
    for (int i = 0; i < nextRatio.length; i++) {
      nextRatio[i] = 0;
      shown[i] = false;
    }
  }

  @Override
  public boolean stops(Pool pool, float offset, long hops, long estimated) {
    if (!begun) {
      begun = true;
      seed = pool.size() == 0 ? 0 : RatioWatch.distance(pool, offset, 0);
    }
    if (pool.size() == 0) { // its own row was the only seed: it finds nothing at any width
      for (int i = 0; i < shown.length; i++) {
        if (!shown[i]) {
          observation.show(i, new Difficulty(0, 0, 0, estimated));
        }
      }
      return true;
    }
    boolean ended = pool.settled() == pool.size();
    if (most < Long.MAX_VALUE && hops < nextLook && !ended) {
      return false;
    }
    nextLook = hops + 1 + hops / LOOKS;
    boolean last = ended || estimated + 2 * hops >= most || hops > ENOUGH * complete;
    boolean all = true;
    for (int i = 0; i < nextRatio.length; i++) {
      int k = curve.ks().get(i);
      if (!last && !RatioWatch.settles(pool, k)) {
        all = false;
        continue;
      }
      if (!shown[i]) {
        shown[i] = true;
        observation.show(i, RatioWatch.difficulty(pool, offset, k, seed, estimated));
      }
      float farthest = RatioWatch.farthest(pool, offset, k);
      float next = ended ? 0 : RatioWatch.distance(pool, offset, pool.settled());
      for (; nextRatio[i] < curve.ratios().size(); nextRatio[i]++) {
        float ratio = curve.ratios().get(nextRatio[i]);
        float bound = ratio * ratio * farthest;
        if (!last && next < bound) {
          all = false;
          break;
        }
        int width = Math.max(pool.answersBelow(bound - offset), RatioWatch.least(pool, k));
        double recall = recall(pool, i, width, false);
        observation.atRatio(i, nextRatio[i], hops, estimated, width, recall);
        whole[i] |= recall == 1;
      }
    }
    if (complete == NEVER && most < Long.MAX_VALUE && allOf(whole)) {
      complete = hops;
    }
    while (nextWidth < curve.widths().size()) {
      int width = curve.widths().get(nextWidth);
      if (pool.settled() < Math.min(width, pool.size())) {
        return false;
      }
      for (int i = 0; i < nextRatio.length; i++) {
        observation.atWidth(i, nextWidth, hops, estimated, width, recall(pool, i, width, true));
      }
      nextWidth++;
    }
    return all || last || most == Long.MAX_VALUE;
  }

  private static boolean allOf(boolean[] flags) {
    for (boolean flag : flags) {
      if (!flag) {
        return false;
      }
    }
    return true;
  }

  /** Share of the exact answer among the rows of the pool that would get their keys. */
  private double recall(Pool pool, int i, int width, boolean only) {
    int k = curve.ks().get(i);
    int keys = Math.min(pool.answers(), scored.of(k, width));
    if (only) {
      keys = Math.min(keys, width); // a pool of this width has no more
    }
    int found = 0;
    int place = -1;
    for (int left = keys; left > 0; left--) {
      do {
        place++;
      } while (pool.aside(place));
      int rank = rank(pool.row(place));
      found += rank > 0 && rank <= k ? 1 : 0;
    }
    return Math.min(found, k) / (double) k;
  }

  private int rank(int row) {
    int rank = ranks[row];
    if (rank == 0 && tied) {
      double key = rescorer.key(query, row);
      int before = 0;
      while (before < truth.size() && truth.key(before) < key) {
        before++;
      }
      rank = before < truth.size() ? before + 1 : WORSE;
      ranks[row] = (byte) rank;
      if (judgedCount == judged.length) {
        judged = Arrays.copyOf(judged, 2 * judgedCount);
      }
      judged[judgedCount++] = row;
    }
    return rank;
  }
}
