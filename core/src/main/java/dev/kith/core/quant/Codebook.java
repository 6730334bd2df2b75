package dev.kith.core.quant;

import dev.kith.core.kernel.NearestCentres;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Centres of short vectors, 16 or 256 of them, element by element side by side: one sub-quantizer
 * of product codes. Fitted by Lloyd's algorithm to points in memory, where {@link KMeans} fits
 * fewer and longer ones to rows of a source. Belongs to one thread while it is fitted; then
 * immutable.
 */
final class Codebook {
  /** Points that are assigned at a time. */
  private static final int STRIP = 1024;

  private final int width;
  private final int cells;

  /** Centres, {@code [width][cells]}. */
  private final float[] centres;

  /** Half of the centres' squared lengths. */
  private final float[] halves;

  Codebook(int width, int cells) {
    this.width = width;
    this.cells = cells;
    this.centres = new float[width * cells];
    this.halves = new float[cells];
  }

  /** Starts with points that are drawn at random; with few points, some centres are the same. */
  static Codebook start(float[] points, int count, int width, int cells, SplittableRandom random) {
    var book = new Codebook(width, cells);
    var order = new int[count];
    Arrays.setAll(order, i -> i);
    for (int cell = 0; cell < cells && count > 0; cell++) {
      int place = cell % count;
      int other = place + random.nextInt(count - place);
      int point = order[other];
      order[other] = order[place];
      order[place] = point;
      for (int i = 0; i < width; i++) {
        book.centres[i * cells + cell] = points[point * width + i];
      }
    }
    book.measure();
    return book;
  }

  /** Sets a centre's element; {@link #measure} is due then. */
  void set(int cell, int i, float value) {
    centres[i * cells + cell] = value;
  }

  /** Computes what {@link #nearest} needs of the centres. */
  void measure() {
    for (int cell = 0; cell < cells; cell++) {
      double sum = 0;
      for (int i = 0; i < width; i++) {
        double value = centres[i * cells + cell];
        sum += value * value;
      }
      halves[cell] = (float) (sum / 2);
    }
  }

  int width() {
    return width;
  }

  int cells() {
    return cells;
  }

  /** Element {@code i} of a centre. */
  float get(int cell, int i) {
    return centres[i * cells + cell];
  }

  /**
   * Finds the centres that are nearest to points, of equally near ones the lowest.
   *
   * @param points {@code [..][width]}
   * @param first point
   * @param found {@code [>= count]}; receives cells
   * @param scores {@code [>= count]}; receives half the squared distance, less half the point's
   *     squared length
   */
  void nearest(float[] points, int first, int count, int[] found, float[] scores) {
    NearestCentres.find(points, first * width, count, width, centres, halves, found, scores);
  }

  /**
   * Moves each centre to the mean of its points, {@code rounds} times. A centre without points goes
   * to the point that is farthest from its own centre.
   */
  void fit(float[] points, int count, int rounds) {
    var cellOf = new int[count];
    var off = new float[count];
    var found = new int[STRIP];
    var scores = new float[STRIP];
    for (int round = 0; round < rounds; round++) {
      for (int from = 0; from < count; from += STRIP) {
        int some = Math.min(STRIP, count - from);
        nearest(points, from, some, found, scores);
        System.arraycopy(found, 0, cellOf, from, some);
        for (int i = 0; i < some; i++) {
          float squares = 0;
          for (int j = (from + i) * width; j < (from + i + 1) * width; j++) {
            squares += points[j] * points[j];
          }
          off[from + i] = squares / 2 + scores[i];
        }
      }
      move(points, count, cellOf, off);
    }
  }

  private void move(float[] points, int count, int[] cellOf, float[] off) {
    var sums = new double[cells * width];
    var counts = new int[cells];
    for (int p = 0; p < count; p++) {
      int at = cellOf[p] * width;
      for (int i = 0; i < width; i++) {
        sums[at + i] += points[p * width + i];
      }
      counts[cellOf[p]]++;
    }
    for (int cell = 0; cell < cells; cell++) {
      if (counts[cell] > 0) {
        for (int i = 0; i < width; i++) {
          centres[i * cells + cell] = (float) (sums[cell * width + i] / counts[cell]);
        }
        continue;
      }
      int farthest = 0;
      for (int p = 1; p < count; p++) {
        if (off[p] > off[farthest]) {
          farthest = p;
        }
      }
      if (count > 0 && off[farthest] > 0) {
        for (int i = 0; i < width; i++) {
          centres[i * cells + cell] = points[farthest * width + i];
        }
        off[farthest] = 0;
      }
    }
    measure();
  }

  /** Products of a query's part with all centres. */
  void products(float[] query, int from, float[] into, int at) {
    Arrays.fill(into, at, at + cells, 0);
    for (int i = 0; i < width; i++) {
      float value = query[from + i];
      int row = i * cells;
      for (int cell = 0; cell < cells; cell++) {
        into[at + cell] += value * centres[row + cell];
      }
    }
  }

  /** Squared distances of a query's part from all centres. */
  void squaredDistances(float[] query, int from, float[] into, int at) {
    Arrays.fill(into, at, at + cells, 0);
    for (int i = 0; i < width; i++) {
      float value = query[from + i];
      int row = i * cells;
      for (int cell = 0; cell < cells; cell++) {
        float off = value - centres[row + cell];
        into[at + cell] += off * off;
      }
    }
  }

  /** Squared length of the longest centre. */
  double longest() {
    double most = 0;
    for (int cell = 0; cell < cells; cell++) {
      double sum = 0;
      for (int i = 0; i < width; i++) {
        double value = get(cell, i);
        sum += value * value;
      }
      most = Math.max(most, sum);
    }
    return most;
  }
}
