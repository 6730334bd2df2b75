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

  /**
   * For each row what rank it has in the exact answer, from 1, equal ones the same; {@link #WORSE}
   * if it has none, 0 if that is not known.
   */
  private final byte[] ranks;

  private static final byte WORSE = -1;

  /** Rows whose rank was set though they are not among the exact answer's. */
  private int[] judged = new int[64];

  private int judgedCount;

  /** Dimensions that rows were projected to before they were coded, 0 for no projection. */
  private final int axes;

  private final int[] nextRatio;
  private int nextWidth;
  private final boolean[] shown;

  /** Whether rows that are not in the exact answer may be as near as some that are. */
  private boolean tied;

  private float[] query = new float[0];
  private Neighbors truth = new Neighbors(Metric.L2, new long[0], new double[0]);
  private Observation observation;
  private float seed;

  CurveWatch(CurveFit curve, Rescorer rescorer, int size, int axes) {
    this.axes = axes;
    this.curve = curve;
    this.rescorer = rescorer;
    this.ranks = new byte[size];
    this.nextRatio = new int[curve.ks().size()];
    this.shown = new boolean[curve.ks().size()];
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
    nextWidth = 0;
    for (int i = 0; i < nextRatio.length; i++) {
      nextRatio[i] = 0;
      shown[i] = false;
    }
  }

  @Override
  public boolean stops(Pool pool, float offset, long hops, long estimated) {
    if (hops == 0) {
      seed = pool.size() == 0 ? 0 : RatioWatch.distance(pool, offset, 0);
    }
    if (pool.size() == 0) { // its own row was the only seed: it finds nothing at any width
      for (int i = 0; i < shown.length; i++) {
        observation.show(i, new Difficulty(0, 0, 0, estimated));
      }
      return true;
    }
    for (int i = 0; i < nextRatio.length; i++) {
      int k = curve.ks().get(i);
      int least = RatioWatch.least(pool, k);
      if (pool.settled() < least) {
        continue;
      }
      if (!shown[i]) {
        shown[i] = true;
        observation.show(i, RatioWatch.difficulty(pool, offset, k, seed, estimated));
      }
      float farthest = RatioWatch.distance(pool, offset, Math.min(k, pool.size()) - 1);
      boolean ended = pool.settled() == pool.size();
      float next = ended ? 0 : RatioWatch.distance(pool, offset, pool.settled());
      for (; nextRatio[i] < curve.ratios().size(); nextRatio[i]++) {
        float ratio = curve.ratios().get(nextRatio[i]);
        float bound = ratio * ratio * farthest;
        if (!ended && next < bound) {
          break;
        }
        int width = Math.max(pool.below(bound - offset), least);
        observation.atRatio(i, nextRatio[i], hops, estimated, width, recall(pool, i, width, false));
      }
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
    return true;
  }

  /** Share of the exact answer among the rows of the pool that would get their keys. */
  private double recall(Pool pool, int i, int width, boolean only) {
    int k = curve.ks().get(i);
    int scored = Math.min(pool.size(), GraphSearcher.scored(k, width, axes));
    if (only) {
      scored = Math.min(scored, width); // a pool of this width has no more
    }
    int found = 0;
    for (int place = 0; place < scored; place++) {
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
