package dev.kith.core.recall;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.vector.VectorDataException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an index measured of its own walks on queries whose exact answer it asked for: recall and
 * work at each width, and at each ratio at which a walk may stop, for some numbers of neighbours
 * and for classes of queries from easy to hard. Immutable; safe for many threads. Bytes are drawn
 * in {@code docs/formats/graph.md}.
 *
 * <p>Work is counted in hops and estimates, not in time: the machine that searches need not be the
 * one that built.
 */
public final class RecallCurve {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Number of the layout. */
  static final int LAYOUT = 1;

  /** Bytes before the ladders. */
  static final int HEADER = 64;

  /** Figures a step: recall, what of it is sure, its deviation, hops, estimates, width. */
  static final int FIGURES = 6;

  /** Standard deviations to either side that hold 95 of 100 cases. */
  private static final double DEVIATIONS = 1.96;

  private final MemorySegment part;
  private final List<Integer> ks;
  private final List<Integer> widths;
  private final List<Float> ratios;
  private final int classes;

  private RecallCurve(MemorySegment part) {
    this.part = part;
    this.classes = part.get(INT, 16);
    this.ks = ints(HEADER, part.get(INT, 4));
    this.widths = ints(HEADER + 4L * ks.size(), part.get(INT, 8));
    int count = part.get(INT, 12);
    long at = HEADER + 4L * (ks.size() + widths.size());
    var read = new ArrayList<Float>();
    for (int i = 0; i < count; i++) {
      read.add(part.get(FLOAT, at + 4L * i));
    }
    this.ratios = List.copyOf(read);
  }

  /**
   * Opens a curve.
   *
   * @param part as {@link #part} gives it
   * @throws VectorDataException if it is no curve of a known layout
   */
  public static RecallCurve open(MemorySegment part) {
    boolean known = part.byteSize() >= HEADER && part.get(INT, 0) == LAYOUT;
    if (!known
        || part.byteSize()
            != bytes(part.get(INT, 4), part.get(INT, 8), part.get(INT, 12), part.get(INT, 16))) {
      throw new VectorDataException(
          "the curve of an index has %d bytes and is none of layout %d; build the index again"
              .formatted(part.byteSize(), LAYOUT));
    }
    return new RecallCurve(part);
  }

  /** Bytes of a curve. */
  static long bytes(int ks, int widths, int ratios, int classes) {
    return HEADER + 4L * (ks + widths + ratios) + ks * tableBytes(widths, ratios, classes);
  }

  /** Bytes of what is kept for one number of neighbours. */
  private static long tableBytes(int widths, int ratios, int classes) {
    return 4L * (1 + Difficulty.FEATURES)
        + 4L * (classes - 1)
        + classes * (8 + 4L * FIGURES * (widths + ratios));
  }

  private List<Integer> ints(long at, int count) {
    var read = new ArrayList<Integer>();
    for (int i = 0; i < count; i++) {
      read.add(part.get(INT, at + 4L * i));
    }
    return List.copyOf(read);
  }

  private long tableAt(int place) {
    return HEADER
        + 4L * (ks.size() + widths.size() + ratios.size())
        + place * tableBytes(widths.size(), ratios.size(), classes);
  }

  private long classAt(int place, int queryClass) {
    return tableAt(place)
        + 4L * (1 + Difficulty.FEATURES)
        + 4L * (classes - 1)
        + queryClass * (8 + 4L * FIGURES * (widths.size() + ratios.size()));
  }

  private float figure(int place, int queryClass, int step, int figure) {
    return part.get(FLOAT, classAt(place, queryClass) + 8 + 4L * (FIGURES * step + figure));
  }

  /** The curve as it is stored. */
  public MemorySegment part() {
    return part;
  }

  /** Numbers of neighbours that were measured, ascending; empty if there were too few rows. */
  public List<Integer> ks() {
    return ks;
  }

  /** Widths that were measured, ascending. */
  public List<Integer> widths() {
    return widths;
  }

  /** Ratios of distances that were measured, from 1 on. */
  public List<Float> ratios() {
    return ratios;
  }

  /** Number of classes of queries. */
  public int classes() {
    return classes;
  }

  /** The largest width that was measured; what it does not reach is searched exactly. */
  public int widest() {
    return widths.isEmpty() ? 0 : widths.getLast();
  }

  /** Number of queries like those that will be asked: rows held out, or live queries. */
  public int likely() {
    return part.get(INT, 20);
  }

  /** Number of queries off the rows. */
  public int unlikely() {
    return part.get(INT, 24);
  }

  /**
   * Intrinsic dimension about the queries of {@link #likely}, see {@link IntrinsicDimension}; NaN
   * if there were too few rows, or for inner products, which are no distances.
   */
  public float intrinsicDimension() {
    return part.get(FLOAT, 28);
  }

  /** Class of a query that was searched for the {@code place}-th number of neighbours. */
  public int classOf(int place, Difficulty difficulty) {
    long at = tableAt(place);
    double score = part.get(FLOAT, at);
    for (int i = 0; i < Difficulty.FEATURES; i++) {
      score += part.get(FLOAT, at + 4L * (1 + i)) * difficulty.feature(i);
    }
    int found = 0;
    long edges = at + 4L * (1 + Difficulty.FEATURES);
    while (found < classes - 1 && score > part.get(FLOAT, edges + 4L * found)) {
      found++;
    }
    return found;
  }

  /**
   * Place of the smallest measured number of neighbours that is at least {@code k}, or -1 if {@code
   * k} is more than any.
   */
  public int placeOf(int k) {
    for (int i = 0; i < ks.size(); i++) {
      if (ks.get(i) >= k) {
        return i;
      }
    }
    return -1;
  }

  /**
   * When walks for {@code k} neighbours may stop so that {@code target} is reached, or null if they
   * reach it for no class of queries. A class reaches it where the mean of its sample, less its
   * standard error, does; see {@link CurveFit} for what else a rule counts on.
   */
  public @Nullable StoppingRule rule(int k, double target) {
    int place = placeOf(k);
    if (place < 0) {
      return null;
    }
    var chosen = new int[classes];
    boolean any = false;
    for (int c = 0; c < classes; c++) {
      chosen[c] = -1;
      for (int i = 0; i < ratios.size() && chosen[c] < 0; i++) {
        int step = widths.size() + i;
        if (figure(place, c, step, 1) >= target) {
          chosen[c] = i;
          any = true;
        }
      }
    }
    return any ? new StoppingRule(this, place, chosen) : null;
  }

  /**
   * What a walk of a width is expected to find, at the largest measured width that is not wider, or
   * null below the smallest. Between two measured numbers of neighbours the worse counts.
   *
   * @param difficulty what the query showed, as it is for the number at {@link #placeOf}
   */
  public @Nullable ExpectedRecall expected(int k, int width, Difficulty difficulty) {
    int place = placeOf(k);
    int step = -1;
    while (step + 1 < widths.size() && widths.get(step + 1) <= width) {
      step++;
    }
    if (place < 0 || step < 0) {
      return null;
    }
    int queryClass = classOf(place, difficulty);
    var expected = expected(place, queryClass, step);
    if (ks.get(place) == k || place == 0) {
      return expected;
    }
    var below = expected(place - 1, queryClass, step);
    return below.mean() < expected.mean() ? below : expected;
  }

  /** Number of the queries like those that will be asked which are of a class. */
  int likely(int place, int queryClass) {
    return part.get(INT, classAt(place, queryClass));
  }

  /** Mean of a figure of work at a ratio: 0 for hops, 1 for rows estimated, 2 for the width. */
  float workAtRatio(int place, int queryClass, int ratio, int work) {
    return figure(place, queryClass, widths.size() + ratio, 3 + work);
  }

  ExpectedRecall expected(int place, int queryClass, int step) {
    double mean = figure(place, queryClass, step, 0);
    double off = DEVIATIONS * figure(place, queryClass, step, 2);
    return new ExpectedRecall(mean, Math.max(0, mean - off), Math.min(1, mean + off));
  }

  /**
   * One step of the curve.
   *
   * @param width rows that the walk kept
   * @param recall what is expected of it
   * @param hops rows expanded, on average
   * @param estimated rows estimated, on average, without the pivots
   */
  public record Point(int width, ExpectedRecall recall, double hops, double estimated) {}

  /**
   * Width to recall and work, for the {@code k} of {@link #ks} and queries like those that will be
   * asked, ascending.
   */
  public List<Point> points(int k) {
    int place = ks.indexOf(k);
    if (place < 0) {
      throw new IllegalArgumentException(
          "no curve was measured for k=%d; known are %s".formatted(k, ks));
    }
    var points = new ArrayList<Point>();
    for (int step = 0; step < widths.size(); step++) {
      double total = 0;
      double mean = 0;
      double low = 0;
      double high = 0;
      double hops = 0;
      double estimated = 0;
      for (int c = 0; c < classes; c++) {
        int weight = likely(place, c);
        if (weight > 0) {
          var expected = expected(place, c, step);
          total += weight;
          mean += weight * expected.mean();
          low += weight * expected.low();
          high += weight * expected.high();
          hops += weight * (double) figure(place, c, step, 3);
          estimated += weight * (double) figure(place, c, step, 4);
        }
      }
      mean = Math.min(mean / total, 1);
      points.add(
          new Point(
              widths.get(step),
              new ExpectedRecall(
                  mean, Math.min(low / total, mean), Math.clamp(high / total, mean, 1)),
              hops / total,
              estimated / total));
    }
    return points;
  }
}
