package dev.kith.lab.ladder;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorSource;
import java.util.Arrays;

/**
 * Turns float32 distances into the exact answer. A squared distance added up in float32, in
 * whatever order, is off by at most a share {@code gamma(d + 2)} (Higham 2002, section 3.1: two
 * roundings a term, one more a sum, all terms positive) and what underflow takes. So a row whose
 * least possible distance is above the {@code k}-th smallest greatest possible one is out; the
 * others are scored again by the definition, in float64.
 */
final class Finalists {
  private static final double U = 0x1p-24;

  private final double share;
  private final double underflow;
  private final TopK greatest;
  private float[] distances = new float[64];
  private long[] rows = new long[64];
  private int count;

  /** Computed distance above which a row is out. */
  private float cut = Float.POSITIVE_INFINITY;

  Finalists(int dimension, int k) {
    this(dimension, k, 0);
  }

  private Finalists(int dimension, int k, int moreRoundings) {
    // One rounding more for the subtraction before the square.
    double roundings = (dimension + 3 + moreRoundings) * U;
    this.share = roundings / (1 - roundings);
    this.underflow = (dimension + 2) * 0x1p-148;
    this.greatest = new TopK(k);
  }

  /**
   * Settles the first {@code k} of rows that are nearest by float32 distances whose roots were
   * taken. Where distances lie further apart than they may be off, their order is the answer; else
   * the order of float64 scores is. A row that is not given is not found.
   *
   * @param nearest rows in order, more than {@code k} of them if there are
   * @param distances distances of those rows
   */
  static long[] settle(VectorSource from, float[] query, int k, long[] nearest, float[] distances) {
    // The root and its square here are off by three roundings more.
    var finalists = new Finalists(query.length, k, 3);
    boolean apart = true;
    for (int i = 1; i < nearest.length && i <= k; i++) {
      apart &= finalists.most(squared(distances[i - 1])) < finalists.least(squared(distances[i]));
    }
    if (apart) {
      return Arrays.copyOf(nearest, Math.min(k, nearest.length));
    }
    for (int i = 0; i < nearest.length; i++) {
      finalists.offer(squared(distances[i]), nearest[i]);
    }
    return finalists.decide(from, query, k);
  }

  private static float squared(float distance) {
    return distance * distance;
  }

  /** Upper bound of the true distance. */
  private double most(float distance) {
    return distance / (1 - share) + underflow;
  }

  private double least(float distance) {
    return (distance - underflow) / (1 + share);
  }

  /** Offers a row with the float32 sum of its squared gaps to the query. */
  void offer(float distance, long row) {
    if (distance > cut) {
      return;
    }
    if (count == rows.length) {
      rows = Arrays.copyOf(rows, 2 * count);
      distances = Arrays.copyOf(distances, 2 * count);
    }
    rows[count] = row;
    distances[count++] = distance;
    double before = greatest.bound();
    greatest.offer(most(distance), row);
    double bound = greatest.bound();
    if (bound < before) {
      cut = Math.nextUp((float) ((bound + underflow) * (1 + share)));
    }
  }

  /** Decides the exact answer, nearest first. */
  long[] decide(VectorSource from, float[] query, int k) {
    var best = new TopK(k);
    var row = new float[query.length];
    for (int i = 0; i < count; i++) {
      if (!(distances[i] > cut)) {
        from.block(rows[i], 1).decodeRow(0, row, 0);
        best.offer(Metric.L2.key(query, row), rows[i]);
      }
    }
    var found = new long[best.size()];
    best.drain(found, new double[found.length]);
    return found;
  }
}
