package dev.kith.core.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Queries as the panel loops read them, off-heap. The upper bound of the score of a query with
 * codes {@code c} and a row is
 *
 * <pre>
 * (I scale [+ I_low lowScale]) row.scale + row.lift + weight row.residual + slack row.reach
 * </pre>
 *
 * with {@code I = <c, row's codes>}, an integer. Rows whose bound is below the threshold are
 * dropped. Not safe for many threads while it is filled; afterwards only thresholds may change, in
 * a copy: {@link #termsCopy}.
 */
public final class PanelQuery {
  /** Bytes of one query's terms. */
  public static final int TERM_BYTES = 32;

  private static final long SCALE = 0;
  private static final long LOW_SCALE = 4;
  private static final long WEIGHT = 8;
  private static final long SLACK = 12;
  private static final long HIGH_BIAS = 16;
  private static final long LOW_BIAS = 20;
  private static final long THRESHOLD = 24;

  private final int groups;
  private final int width;
  private final int count;
  private final boolean two;
  private final MemorySegment high;
  private final MemorySegment low;
  private final MemorySegment terms;

  /** Codes of a query that has two an element, {@code [group][4]}, see {@link #pairs}. */
  private final int[] pairs;

  private PanelQuery(Arena arena, int d, int count, int width, boolean two) {
    this.groups = Panels.groups(d);
    this.width = width;
    this.count = count;
    this.two = two;
    long bytes = (long) (count + width - 1) / width * width * groups * 4;
    this.high = arena.allocate(bytes, 64);
    this.low = two ? arena.allocate(bytes, 64) : MemorySegment.NULL;
    this.terms = arena.allocate((long) count * TERM_BYTES, 64);
    this.pairs = new int[two ? 4 * groups : 0];
  }

  /** Room for one query with two codes an element, for {@link PanelKernel#scan}. */
  public static PanelQuery single(Arena arena, int d) {
    return new PanelQuery(arena, d, 1, 1, true);
  }

  /** Room for queries with one code an element, packed in tiles, for {@link PanelKernel#tile}. */
  public static PanelQuery tiles(Arena arena, int d, int count, int width) {
    return new PanelQuery(arena, d, count, width, false);
  }

  /** Number of queries that there is room for. */
  public int count() {
    return count;
  }

  /** Codes: {@code [tile][group][query][4]} signed bytes, tiles filled up with zeros. */
  public MemorySegment high() {
    return high;
  }

  /**
   * The codes of a query that has two, as 16-bit lanes: for each group of elements four words, the
   * even and the odd elements of the first codes and those of the second, lower one first.
   */
  int[] pairs() {
    return pairs;
  }

  /** The second codes, or {@link MemorySegment#NULL}. */
  public MemorySegment low() {
    return low;
  }

  /**
   * Sets one query.
   *
   * @param codes {@code [d]}; at most 63 where there are two an element, else at most 127
   * @param lowCodes the second ones; not read where there is one
   */
  public void set(
      int query,
      byte[] codes,
      byte[] lowCodes,
      float scale,
      float lowScale,
      float weight,
      float slack) {
    int sum = put(high, query, codes);
    int lowSum = 0;
    if (two) {
      lowSum = put(low, query, lowCodes);
      putPairs(codes, 0);
      putPairs(lowCodes, 2);
    }
    long at = (long) query * TERM_BYTES;
    terms.set(Panels.FLOAT, at + SCALE, scale);
    terms.set(Panels.FLOAT, at + LOW_SCALE, lowScale);
    terms.set(Panels.FLOAT, at + WEIGHT, weight);
    terms.set(Panels.FLOAT, at + SLACK, slack);
    terms.set(Panels.INT, at + HIGH_BIAS, Panels.BIAS * sum);
    terms.set(Panels.INT, at + LOW_BIAS, Panels.BIAS * lowSum);
    terms.set(Panels.FLOAT, at + THRESHOLD, Float.NEGATIVE_INFINITY);
  }

  /**
   * Copies a query of {@code from}, which has one code an element and the same dimension, so that a
   * tile can be made of some queries of another.
   */
  public void copy(PanelQuery from, int query, int into) {
    long source = from.placeOf(query);
    long target = placeOf(into);
    for (int g = 0; g < groups; g++) {
      high.set(
          Panels.INT,
          target + 4L * width * g,
          from.high.get(Panels.INT, source + 4L * from.width * g));
    }
    MemorySegment.copy(
        from.terms, (long) query * TERM_BYTES, terms, (long) into * TERM_BYTES, TERM_BYTES);
  }

  /** Offset of a query's first group among the codes. */
  private long placeOf(int query) {
    return 4L * ((long) (query / width) * width * groups + query % width);
  }

  private void putPairs(byte[] codes, int at) {
    for (int g = 0; g < groups; g++) {
      for (int odd = 0; odd < 2; odd++) {
        int i = 4 * g + odd;
        int lower = i < codes.length ? codes[i] & 0xffff : 0;
        int upper = i + 2 < codes.length ? codes[i + 2] : 0;
        pairs[4 * g + at + odd] = lower | (upper << 16);
      }
    }
  }

  private int put(MemorySegment target, int query, byte[] codes) {
    long at = placeOf(query);
    int sum = 0;
    for (int i = 0; i < codes.length; i++) {
      target.set(ValueLayout.JAVA_BYTE, at + 4L * width * (i / 4) + i % 4, codes[i]);
      sum += codes[i];
    }
    return sum;
  }

  /** The terms of all queries, for one worker's thresholds. */
  public MemorySegment termsCopy(Arena arena) {
    var copy = arena.allocate(terms.byteSize(), 64);
    copyTerms(copy);
    return copy;
  }

  /** Copies the terms of all queries into {@code target}, which a worker already has. */
  public void copyTerms(MemorySegment target) {
    MemorySegment.copy(terms, 0, target, 0, terms.byteSize());
  }

  /** Sets a query's threshold in a worker's terms. */
  public static void threshold(MemorySegment terms, int query, float threshold) {
    terms.set(Panels.FLOAT, (long) query * TERM_BYTES + THRESHOLD, threshold);
  }

  static float scale(MemorySegment terms, int query) {
    return terms.get(Panels.FLOAT, (long) query * TERM_BYTES + SCALE);
  }

  static float lowScale(MemorySegment terms, int query) {
    return terms.get(Panels.FLOAT, (long) query * TERM_BYTES + LOW_SCALE);
  }

  static float weight(MemorySegment terms, int query) {
    return terms.get(Panels.FLOAT, (long) query * TERM_BYTES + WEIGHT);
  }

  static float slack(MemorySegment terms, int query) {
    return terms.get(Panels.FLOAT, (long) query * TERM_BYTES + SLACK);
  }

  static int bias(MemorySegment terms, int query) {
    return terms.get(Panels.INT, (long) query * TERM_BYTES + HIGH_BIAS);
  }

  static int lowBias(MemorySegment terms, int query) {
    return terms.get(Panels.INT, (long) query * TERM_BYTES + LOW_BIAS);
  }

  static float threshold(MemorySegment terms, int query) {
    return terms.get(Panels.FLOAT, (long) query * TERM_BYTES + THRESHOLD);
  }
}
