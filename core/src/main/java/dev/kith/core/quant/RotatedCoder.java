package dev.kith.core.quant;

import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.CodeBlocks.Shape;
import dev.kith.core.kernel.CodeBlocks.Term;
import org.jspecify.annotations.Nullable;

/**
 * Coding of rotated rows in 1 to 8 bits an element (RaBitQ; Gao, Long: SIGMOD 2024, arXiv
 * 2405.12497, and Gao et al.: SIGMOD 2025, arXiv 2409.09913), into {@link CodeBlocks} of one plane
 * a bit. What a code stands for is a multiple of {@code y}, a vector of odd numbers {@code 2 u -
 * (2^B - 1)} with {@code u} the element's code; the multiple is chosen so that what is lost is
 * perpendicular to the row.
 *
 * <p>With {@code r} the row and {@code q} the query, both less a centre {@code c}, and {@code a =
 * <r, r> / <y, r>},
 *
 * <pre>
 * |q - r|^2 = |q|^2 + |r|^2 - 2 a <q, y> - 2 <q, e>     e = r - a y, perpendicular to r
 * </pre>
 *
 * <p>{@code <q, e>} is not known, but its size is at most {@code |q| |e|}, for certain, and, since
 * the rotation makes {@code e} a random direction, mostly no more than some {@code 1 / sqrt(d - 1)}
 * of that, with a mean of zero: the estimate without it is unbiased. The terms of a row are what
 * the loops need for the bound of {@code |q - r|^2 - |q|^2}:
 *
 * <pre>
 * base    |r|^2 + 2 a <c, y>, less the margin   so that tables of <q + c, y> serve all centres
 * slope   -2 a
 * error   2 |e|
 * </pre>
 *
 * <p>Immutable; safe for many threads, each with a {@link Work} of its own.
 */
public final class RotatedCoder {
  /*
   * Implementation notes
   *
   * With 1 bit, y is the row's signs. With more, y is to have the largest cosine with r. The
   * paper tries all scales at which an element's code changes, d * 2^(B-1) of them; here some
   * scales about the one that suits a Gaussian are tried, and then elements are moved by one
   * code wherever the cosine gains, twice over. The first bit stays the sign, so that the first
   * plane alone is the 1-bit code, with terms of its own: loops look at one plane, and at all
   * where that does not decide.
   *
   * Margin. The certain bound must hold although products are computed in float32. Rotating is at
   * most 13 stages in each of 3 rounds, each of which rounds to within 3u of a vector's length,
   * u = 2^-24: with n = |q|^2 + |x|^2 the squared distance changes by at most 4 * 117u * n < 2.8e-5
   * n. Rounding a row's terms, the value and the bound takes less than 20u of the numbers that are
   * added, each of which is at most 4 (|q|^2 + |x|^2 + |r|^2 + |e|^2) or a multiple of the query's
   * tables, which is accounted for with their slack. MARGIN of all squares, half of it in the rows'
   * bases and half in the queries' thresholds, is more than both.
   */

  /** Part of all squares by which bounds are lowered, for all rounding. */
  static final double MARGIN = 1e-4;

  /** Numbers above this are not bounded: their squares or products could overflow. */
  static final double HUGE = 1e30;

  /** Step that suits a Gaussian of deviation 1 best, by bits (Max: Quantizing, 1960). */
  private static final double[] STEPS = {
    0, 0, 0.9957, 0.5860, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308
  };

  /** Multiples of the step that are tried. */
  private static final double[] TRIED = {0.8, 0.9, 1, 1.1, 1.2};

  private static final int PASSES = 2;

  private final int dimension;
  private final int bits;

  /**
   * Creates a coder.
   *
   * @param dimension elements of a row
   * @param bits 1 to 8 an element
   */
  public RotatedCoder(int dimension, int bits) {
    if (bits < 1 || bits > 8) {
      throw new IllegalArgumentException("rotated codes have 1 to 8 bits an element: " + bits);
    }
    this.dimension = dimension;
    this.bits = bits;
  }

  /** Elements of a row. */
  public int dimension() {
    return dimension;
  }

  /** Bits an element. */
  public int bits() {
    return bits;
  }

  /** Shape of the blocks: a group is one bit of each of four elements. */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public Shape shape() {
    return new Shape(4, Shape.filled(4, (dimension + 3) / 4), bits, 3);
  }

  /** What one thread needs to code rows. */
  public final class Work {
    private final float[] values = new float[dimension];
    private final int[] codes = new int[dimension];
    private final int[] best = new int[dimension];

    /** Creates it for this coder. */
    public Work() {}

    /**
     * Codes a row.
     *
     * @param row {@code [dimension]}, rotated
     * @param centre {@code [dimension]}, rotated alike, or null for the origin
     * @param place of the row in {@code blocks}
     */
    @SuppressWarnings("exports")
    public void encode(float[] row, float @Nullable [] centre, CodeBlocks blocks, long place) {
      double squares = 0; // of the row less the centre
      double whole = 0; // of the row
      for (int i = 0; i < dimension; i++) {
        values[i] = centre == null ? row[i] : row[i] - centre[i];
        squares += (double) values[i] * values[i];
        whole += (double) row[i] * row[i];
      }
      choose(squares);
      for (int plane = 0; plane < bits; plane++) {
        int shift = bits - 1 - plane;
        for (int g = 0; 4 * g < dimension; g++) {
          int code = 0;
          for (int i = 4 * g; i < Math.min(4 * g + 4, dimension); i++) {
            code |= (codes[i] >> shift & 1) << (i - 4 * g);
          }
          blocks.set(place, plane, g, code);
        }
      }
      terms(centre, squares, whole, 1, blocks, place);
      if (bits > 1) {
        terms(centre, squares, whole, bits, blocks, place);
      }
    }

    /** Sets the terms of a row for its first {@code scanned} bits, 1 or all. */
    private void terms(
        float @Nullable [] centre,
        double squares,
        double whole,
        int scanned,
        CodeBlocks blocks,
        long place) {
      int shift = bits - scanned;
      int middle = (1 << scanned) - 1;
      double product = 0;
      double length = 0;
      double offset = 0;
      for (int i = 0; i < dimension; i++) {
        int y = 2 * (codes[i] >> shift) - middle;
        product += (double) y * values[i];
        length += (double) y * y;
        offset += centre == null ? 0 : (double) y * centre[i];
      }
      double multiple = product > 0 ? squares / product : 0;
      // Nothing is lost of a row that is the centre; otherwise Pythagoras.
      double lost = product > 0 ? Math.max(0, multiple * multiple * length - squares) : squares;
      double margin = MARGIN / 2 * (whole + squares + lost) + Float.MIN_NORMAL;
      double base = squares + 2 * multiple * offset - margin;
      boolean bounded = whole < HUGE && squares < HUGE && lost < HUGE && multiple < HUGE;
      blocks.term(
          place,
          scanned,
          Term.BASE,
          bounded ? Math.nextDown((float) base) : Float.NEGATIVE_INFINITY);
      blocks.term(place, scanned, Term.SLOPE, bounded ? (float) (-2 * multiple) : 0);
      blocks.term(
          place, scanned, Term.ERROR, bounded ? Math.nextUp((float) (2 * Math.sqrt(lost))) : 0);
    }

    private void choose(double squares) {
      int half = 1 << (bits - 1);
      if (bits == 1) {
        for (int i = 0; i < dimension; i++) {
          codes[i] = values[i] >= 0 ? 1 : 0;
        }
        return;
      }
      double deviation = Math.sqrt(squares / dimension);
      double most = -1;
      for (double tried : TRIED) {
        double inverse = deviation == 0 ? 0 : 1 / (STEPS[bits] * tried * deviation);
        double product = 0;
        double length = 0;
        for (int i = 0; i < dimension; i++) {
          int code = (int) Math.floor(values[i] * inverse) + half;
          code =
              values[i] >= 0 ? Math.clamp(code, half, 2 * half - 1) : Math.clamp(code, 0, half - 1);
          best[i] = code;
          int y = 2 * code - (2 * half - 1);
          product += (double) y * values[i];
          length += (double) y * y;
        }
        double cosine = product * product / length;
        if (cosine > most) {
          most = cosine;
          System.arraycopy(best, 0, codes, 0, dimension);
        }
      }
      for (int pass = 0; pass < PASSES; pass++) {
        adjust(half);
      }
    }

    /** Moves each element's code up or down by one where the cosine gains. */
    private void adjust(int half) {
      double product = 0;
      double length = 0;
      for (int i = 0; i < dimension; i++) {
        int y = 2 * codes[i] - (2 * half - 1);
        product += (double) y * values[i];
        length += (double) y * y;
      }
      for (int i = 0; i < dimension; i++) {
        int y = 2 * codes[i] - (2 * half - 1);
        int away = y > 0 ? 2 : -2; // from the middle, which no element crosses
        for (int move : new int[] {away, -away}) {
          int to = y + move;
          if (Math.abs(to) > 2 * half - 1 || (to > 0) != (y > 0)) {
            continue;
          }
          double newProduct = product + (double) move * values[i];
          double newLength = length + (double) to * to - (double) y * y;
          if (newProduct > 0 && newProduct * newProduct * length > product * product * newLength) {
            product = newProduct;
            length = newLength;
            codes[i] += move / 2;
            break;
          }
        }
      }
    }
  }

  /** Creates what a thread needs. */
  public Work work() {
    return new Work();
  }

  /**
   * The vector that a row's code stands for, less the centre.
   *
   * @param target {@code [dimension]}; receives it, rotated
   */
  @SuppressWarnings("exports")
  public void decode(CodeBlocks blocks, long place, float[] target) {
    double multiple = -blocks.term(place, bits, Term.SLOPE) / 2.0;
    for (int i = 0; i < dimension; i++) {
      int code = 0;
      for (int plane = 0; plane < bits; plane++) {
        code = 2 * code + (blocks.get(place, plane, i / 4) >> i % 4 & 1);
      }
      target[i] = (float) (multiple * (2 * code - ((1 << bits) - 1)));
    }
  }
}
