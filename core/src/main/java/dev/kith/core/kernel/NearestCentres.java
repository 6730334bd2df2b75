package dev.kith.core.kernel;

import java.util.function.Supplier;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Search for the nearest of some centres of short vectors, as product codes are fitted and made.
 * Every score is computed alone, in one order and unfused, so that the result has the same bits
 * with the Vector API and without.
 */
public final class NearestCentres {
  private static final Loop LOOP = choose(() -> new Simd());

  private NearestCentres() {}

  private static Loop choose(Supplier<Loop> simd) {
    return Kernels.hasSimd() ? simd.get() : NearestCentres::plain;
  }

  /** Search for one strip of points. */
  private interface Loop {
    void find(
        float[] points,
        int at,
        int count,
        int width,
        float[] centres,
        float[] halves,
        int[] found,
        float[] scores);
  }

  /**
   * Finds, for each point {@code x}, the centre {@code c} of the least score {@code |c|^2 / 2 - <c,
   * x>}, of equal ones the lowest.
   *
   * @param points {@code [count][width]} from {@code at} on
   * @param centres {@code [width][cells]}
   * @param halves {@code [cells]}, half of the centres' squared lengths
   * @param found {@code [>= count]}; receives the centres
   * @param scores {@code [>= count]}; receives their scores
   */
  public static void find(
      float[] points,
      int at,
      int count,
      int width,
      float[] centres,
      float[] halves,
      int[] found,
      float[] scores) {
    LOOP.find(points, at, count, width, centres, halves, found, scores);
  }

  /** The same without the Vector API. */
  static void plain(
      float[] points,
      int at,
      int count,
      int width,
      float[] centres,
      float[] halves,
      int[] found,
      float[] scores) {
    int cells = halves.length;
    for (int p = 0; p < count; p++) {
      float least = Float.POSITIVE_INFINITY;
      int best = 0;
      for (int cell = 0; cell < cells; cell++) {
        float score = halves[cell];
        for (int i = 0; i < width; i++) {
          score -= points[at + p * width + i] * centres[i * cells + cell];
        }
        if (score < least) {
          least = score;
          best = cell;
        }
      }
      found[p] = best;
      scores[p] = least;
    }
  }

  /** Loop on the Vector API: a lane a centre, four points at a time, which share its loads. */
  private static final class Simd implements Loop {
    // Species must be static final where they are used, or C2 boxes every vector.
    private static final VectorSpecies<Float> LANES = SimdKernel.LANES;
    private static final int POINTS = 4;

    @Override
    public void find(
        float[] points,
        int at,
        int count,
        int width,
        float[] centres,
        float[] halves,
        int[] found,
        float[] scores) {
      int p = 0;
      if (halves.length % LANES.length() == 0) {
        var least = new float[POINTS * LANES.length()];
        var first = new float[POINTS * LANES.length()];
        for (; p + POINTS <= count; p += POINTS) {
          four(points, at + p * width, width, centres, halves, least, first);
          for (int j = 0; j < POINTS; j++) {
            put(least, first, j, found, scores, p + j);
          }
        }
      }
      if (p < count) {
        var someFound = new int[count - p];
        var someScores = new float[count - p];
        plain(points, at + p * width, count - p, width, centres, halves, someFound, someScores);
        System.arraycopy(someFound, 0, found, p, count - p);
        System.arraycopy(someScores, 0, scores, p, count - p);
      }
    }

    /** Finds the least score of each lane and the centre of lane 0 beside it. */
    private static void four(
        float[] points,
        int at,
        int width,
        float[] centres,
        float[] halves,
        float[] least,
        float[] first) {
      int cells = halves.length;
      var least0 = FloatVector.broadcast(LANES, Float.POSITIVE_INFINITY);
      var least1 = least0;
      var least2 = least0;
      var least3 = least0;
      var first0 = FloatVector.zero(LANES);
      var first1 = first0;
      var first2 = first0;
      var first3 = first0;
      for (int cell = 0; cell < cells; cell += LANES.length()) {
        var score0 = FloatVector.fromArray(LANES, halves, cell);
        var score1 = score0;
        var score2 = score0;
        var score3 = score0;
        for (int i = 0; i < width; i++) {
          var c = FloatVector.fromArray(LANES, centres, i * cells + cell);
          score0 = score0.sub(c.mul(points[at + i]));
          score1 = score1.sub(c.mul(points[at + width + i]));
          score2 = score2.sub(c.mul(points[at + 2 * width + i]));
          score3 = score3.sub(c.mul(points[at + 3 * width + i]));
        }
        var number = FloatVector.broadcast(LANES, cell);
        var less0 = score0.compare(VectorOperators.LT, least0);
        var less1 = score1.compare(VectorOperators.LT, least1);
        var less2 = score2.compare(VectorOperators.LT, least2);
        var less3 = score3.compare(VectorOperators.LT, least3);
        least0 = least0.blend(score0, less0);
        least1 = least1.blend(score1, less1);
        least2 = least2.blend(score2, less2);
        least3 = least3.blend(score3, less3);
        first0 = first0.blend(number, less0);
        first1 = first1.blend(number, less1);
        first2 = first2.blend(number, less2);
        first3 = first3.blend(number, less3);
      }
      int w = LANES.length();
      least0.intoArray(least, 0);
      least1.intoArray(least, w);
      least2.intoArray(least, 2 * w);
      least3.intoArray(least, 3 * w);
      first0.intoArray(first, 0);
      first1.intoArray(first, w);
      first2.intoArray(first, 2 * w);
      first3.intoArray(first, 3 * w);
    }

    private static void put(
        float[] least, float[] first, int point, int[] found, float[] scores, int p) {
      int at = point * LANES.length();
      float score = least[at];
      int best = (int) first[at];
      for (int lane = 1; lane < LANES.length(); lane++) {
        int cell = (int) first[at + lane] + lane;
        if (least[at + lane] < score || (least[at + lane] == score && cell < best)) {
          score = least[at + lane];
          best = cell;
        }
      }
      found[p] = best;
      scores[p] = score;
    }
  }
}
