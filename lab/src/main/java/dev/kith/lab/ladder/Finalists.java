package dev.kith.lab.ladder;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorSource;
import java.util.Arrays;

/**
 * From float32 distances to the exact answer. A squared distance added up in float32, in whatever
 * order, is off by at most a share {@code gamma(d + 2)} (Higham 2002, section 3.1: two roundings a
 * term, one more a sum, all terms positive) and what underflow takes. So a row whose least possible
 * distance is above the {@code k}-th smallest greatest possible one is out; the others are scored
 * again by the definition, in float64.
 */
final class Finalists {
  private static final double U = 0x1p-24;

  private final double share;
  private final double underflow;
  private final TopK greatest;
  private float[] distances = new float[64];
  private long[] rows = new long[64];
  private int count;

  /** A row with a computed distance above this is out. */
  private float cut = Float.POSITIVE_INFINITY;

  Finalists(int dimension, int k) {
    this(dimension, k, 0);
  }

  private Finalists(int dimension, int k, int moreRoundings) {
    // One for the subtraction before the square.
    double roundings = (dimension + 3 + moreRoundings) * U;
    this.share = roundings / (1 - roundings);
    this.underflow = (dimension + 2) * 0x1p-148;
    this.greatest = new TopK(k);
  }

  /**
   * The first {@code k} of rows that are nearest by float32 distances whose roots were taken. Where
   * those lie further apart than they may be off, their order is the answer; else that of float64
   * scores. A row that is not among those given is not found.
   *
   * @param nearest more than {@code k} rows if there are, in order
   * @param distances theirs
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

  /** No true distance is above this. */
  private double most(float distance) {
    return distance / (1 - share) + underflow;
  }

  private double least(float distance) {
    return (distance - underflow) / (1 + share);
  }

  /** A row and the float32 sum of its squared gaps to the query. */
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

  /** The exact answer, nearest first. */
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
