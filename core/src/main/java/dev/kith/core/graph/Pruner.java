package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import java.util.Arrays;

/**
 * Choice of a row's neighbours among candidates, so that they lie in different directions: in
 * ascending order of their distance, a candidate is passed over if one that was chosen before is
 * nearer to it, by the factor {@code alpha}, than the row is (Subramanya and others: DiskANN, 2019,
 * algorithm 2; with {@code alpha} 1 it is the heuristic of HNSW). Belongs to one thread.
 */
final class Pruner {
  private final Scorers.Scorer scorer;

  /** Factor of the squared distance between a candidate and one that was chosen. */
  private final float alpha;

  private final Picks picks;
  private final int[] places;
  private final boolean[] dropped;
  private final float[] distances;
  private final int[] rows;
  private long[] order;

  /**
   * Creates a pruner of at most {@code most} candidates.
   *
   * @param alpha factor of squared distances, at least 1
   */
  Pruner(Scorers scorers, float alpha, int most) {
    this.scorer = scorers.scorer();
    this.alpha = alpha;
    this.picks = new Picks(most);
    this.places = new int[most];
    this.dropped = new boolean[most];
    this.distances = new float[most];
    this.rows = new int[most];
    this.order = new long[most];
  }

  /**
   * Chooses neighbours of {@code row}.
   *
   * @param candidates {@code [count]}, each once, and without {@code row}
   * @param most number of neighbours
   * @param fill whether places that stay empty take the nearest of those passed over
   * @param chosen receives the neighbours, the directions first, each part nearest first
   * @return number of neighbours
   */
  int prune(int row, int[] candidates, int count, int most, boolean fill, int[] chosen) {
    scorer.setRow(row);
    System.arraycopy(candidates, 0, picks.rows(), 0, count);
    scorer.estimate(picks, count);
    float offset = scorer.offset();
    for (int i = 0; i < count; i++) {
      float distance = Math.max(0, picks.estimates()[i] + offset);
      order[i] = (long) Float.floatToRawIntBits(distance) << 32 | candidates[i];
    }
    Arrays.sort(order, 0, count);
    for (int i = 0; i < count; i++) {
      rows[i] = (int) order[i];
      distances[i] = Float.intBitsToFloat((int) (order[i] >>> 32));
    }
    Arrays.fill(dropped, 0, count, false);
    int kept = 0;
    for (int i = 0; i < count && kept < most; i++) {
      if (!dropped[i]) {
        chosen[kept++] = rows[i];
        if (kept < most) {
          dropNear(i, count);
        }
        dropped[i] = true; // chosen: not one to fill up with
        places[i] = kept;
      } else {
        places[i] = 0;
      }
    }
    if (fill) {
      for (int i = 0; i < count && kept < most; i++) {
        if (places[i] == 0) {
          chosen[kept++] = rows[i];
        }
      }
    }
    return kept;
  }

  /** Passes over the candidates behind {@code place} that are nearer to it than to the row. */
  private void dropNear(int place, int count) {
    int some = 0;
    var picked = picks.rows();
    for (int i = place + 1; i < count; i++) {
      if (!dropped[i]) {
        picked[some++] = rows[i];
      }
    }
    if (some == 0) {
      return;
    }
    scorer.setRow(rows[place]);
    scorer.estimate(picks, some);
    float offset = scorer.offset();
    var estimates = picks.estimates();
    int at = 0;
    for (int i = place + 1; i < count; i++) {
      if (!dropped[i]) {
        // At equal distances, too: of copies of one row one link is enough.
        dropped[i] = alpha * (estimates[at++] + offset) <= distances[i];
      }
    }
  }
}
