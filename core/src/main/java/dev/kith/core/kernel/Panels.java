package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.ValueLayout;

/**
 * How int8 codes lie in memory: panels of 16 rows, so that one register holds the sums of 16 rows
 * and none is ever folded. Drawn in {@code docs/formats/shadow.md}.
 *
 * <pre>
 * offset      size       field of a panel; g = groups(d), all little-endian
 * 0           64 g       codes: group of 4 elements, row, element; a byte each, with 128 added
 * 64 g        64         scale, float32: a code stands for code * scale
 * 64 g + 64   64         lift, float32: what the row adds to its score, rounded up
 * 64 g + 128  64         residual, float32: the norm of what the codes do not stand for, rounded up
 * 64 g + 192  64         reach, float32: at least the norms of the coded vector and of its codes
 * 64 g + 256  128        base, float64: what the lift is made of; not read by the loops
 * </pre>
 */
public final class Panels {
  /** Rows of a panel. */
  public static final int ROWS = 16;

  /** Number added to a row's code when it is stored. */
  public static final int BIAS = 128;

  /** The largest code of a row. */
  public static final int MAX_CODE = 127;

  /** Bytes of a group of 4 elements of all rows. */
  public static final int GROUP_BYTES = 4 * ROWS;

  /** Bytes from the end of the codes to the scales. */
  public static final int SCALE = 0;

  /** Bytes from the end of the codes to the lifts. */
  public static final int LIFT = 64;

  /** Bytes from the end of the codes to the residuals. */
  public static final int RESIDUAL = 128;

  /** Bytes from the end of the codes to the reaches. */
  public static final int REACH = 192;

  /** Bytes from the end of the codes to the bases. */
  public static final int BASE = 256;

  private static final int TERM_BYTES = 384;

  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private Panels() {}

  /** Groups of 4 elements in a row of {@code d}; the last is filled up with code 0. */
  public static int groups(int d) {
    return (d + 3) / 4;
  }

  /** Bytes from the start of a panel to its terms. */
  public static long termsAt(int groups) {
    return (long) GROUP_BYTES * groups;
  }

  /** Bytes from one panel to the next. */
  public static long stride(int groups) {
    return termsAt(groups) + TERM_BYTES;
  }
}
