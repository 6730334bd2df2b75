package dev.kith.core.quant;

import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.CodeBlocks.Shape;
import dev.kith.core.kernel.CodeBlocks.Term;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Product codes (Jégou, Douze, Schmid: Product quantization for nearest neighbor search, 2011): a
 * vector's elements are divided into {@code m} parts of about equal width, and each part is coded
 * by the nearest of 256 or 16 centres. With a rotation that was fitted to the rows, they are those
 * of optimized product quantization (Ge et al.: CVPR 2013). Immutable; safe for many threads.
 *
 * <p>The terms of a row, in blocks that have them, make the loops' bound the triangle inequality,
 * with {@code x'} what the code stands for and {@code e} what it lost: a row at a squared distance
 * of {@code t} or less has
 *
 * <pre>
 * |q - x'|^2 <= (sqrt(t) + |e|)^2, that is  |x'|^2 - |e|^2 - 2 <q, x'> - 2 |e| sqrt(t) <= t - |q|^2
 * base    |x'|^2 - |e|^2, less the margin
 * slope   -2
 * error   2 |e|
 * </pre>
 */
public final class ProductCoder {
  /** Rounds of Lloyd's algorithm on a part of the points: they bring centres near their places. */
  private static final int FIRST_ROUNDS = 10;

  private static final int FIRST_PART = 4;

  /** Rounds on all points. */
  private static final int ROUNDS = 6;

  /** Rows that are read and coded at a time. */
  private static final int STRIP = 256;

  private final int dimension;
  private final int bits;
  private final int parts;
  private final Codebook[] books;
  private final @Nullable DenseRotation rotation;

  /** Length of the longest vector that a code stands for, at most. */
  private final double longest;

  /** Widest part. */
  private final int widest;

  ProductCoder(int dimension, int bits, Codebook[] books, @Nullable DenseRotation rotation) {
    this.dimension = dimension;
    this.bits = bits;
    this.parts = books.length;
    this.books = books;
    this.rotation = rotation;
    this.longest = Math.sqrt(Arrays.stream(books).mapToDouble(Codebook::longest).sum());
    this.widest = Arrays.stream(books).mapToInt(Codebook::width).max().orElseThrow();
  }

  /** First element of a part, of {@code parts} parts; of the one behind the last, the dimension. */
  static int start(int dimension, int parts, int part) {
    return (int) ((long) dimension * part / parts);
  }

  static void require(int dimension, int parts, int bits) {
    if (bits != 4 && bits != 8) {
      throw new IllegalArgumentException("product codes have 4 or 8 bits a part: " + bits);
    }
    if (parts < 1 || parts > dimension || parts > CodeBlocks.MOST_GROUPS) {
      throw new IllegalArgumentException(
          "product codes have 1 part to one an element, at most %d: parts=%d, dimension=%d"
              .formatted(CodeBlocks.MOST_GROUPS, parts, dimension));
    }
  }

  /**
   * Fits centres to points; each part by one thread, so that the result does not depend on the
   * number of threads.
   *
   * @param points {@code [count][dimension]}, rotated if there is a rotation
   */
  static ProductCoder fit(
      Sample points,
      int parts,
      int bits,
      long seed,
      @Nullable DenseRotation rotation,
      BuildOptions options) {
    var books = new Codebook[parts];
    Workers.forEach(
        parts,
        options.threads(),
        options.progress(),
        number -> {
          int part = (int) number;
          int from = start(points.dimension(), parts, part);
          int width = start(points.dimension(), parts, part + 1) - from;
          float[] columns = points.columns(from, width);
          var random = new SplittableRandom(seed + part);
          var book = Codebook.start(columns, points.count(), width, 1 << bits, random);
          book.fit(columns, (points.count() + FIRST_PART - 1) / FIRST_PART, FIRST_ROUNDS);
          book.fit(columns, points.count(), ROUNDS);
          books[part] = book;
        });
    return new ProductCoder(points.dimension(), bits, books, rotation);
  }

  /** Elements of a vector. */
  public int dimension() {
    return dimension;
  }

  /** Parts that are coded. */
  public int parts() {
    return parts;
  }

  /** Bits a part, 4 or 8. */
  public int bits() {
    return bits;
  }

  /** Whether vectors are rotated by what was fitted to the rows. */
  public boolean isRotated() {
    return rotation != null;
  }

  @Nullable DenseRotation rotation() {
    return rotation;
  }

  Codebook book(int part) {
    return books[part];
  }

  /** Upper bound of the lengths of what codes stand for. */
  double longest() {
    return longest;
  }

  /** Elements of the widest part. */
  int widest() {
    return widest;
  }

  /**
   * Shape of the blocks.
   *
   * @param terms whether rows have terms, which bound what their codes lost
   */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public Shape shape(boolean terms) {
    return shape(parts, bits, terms);
  }

  /** Shape of the blocks of codes of {@code parts} parts. */
  static Shape shape(int parts, int bits, boolean terms) {
    return new Shape(bits, Shape.filled(bits, parts), 1, terms ? 3 : 0);
  }

  /** Rotates a vector, if there is a rotation; else copies it. */
  void rotate(float[] vector, float[] into) {
    if (rotation == null) {
      System.arraycopy(vector, 0, into, 0, dimension);
    } else {
      rotation.apply(vector, 1, into);
    }
  }

  /** What one thread needs to code rows. */
  public final class Work {
    private final float[] rotated = new float[STRIP * dimension];
    private final float[] less = new float[STRIP * dimension];
    private final float[] columns = new float[STRIP * widest];
    private final int[] found = new int[STRIP];
    private final float[] scores = new float[STRIP];
    private final double[] lost = new double[STRIP];
    private final double[] squares = new double[STRIP];

    /** Creates it for this coder. */
    public Work() {}

    /** Most rows of {@link #encode}. */
    public int rows() {
      return STRIP;
    }

    /**
     * Codes rows about the origin.
     *
     * @param vectors {@code [count][dimension]}, of at most {@link #rows} rows
     * @param first place in {@code blocks}
     */
    @SuppressWarnings("exports")
    public void encode(float[] vectors, int count, CodeBlocks blocks, long first) {
      encode(vectors, null, count, blocks, first);
    }

    /**
     * Codes rows.
     *
     * @param vectors {@code [count][dimension]}, of at most {@link #rows} rows
     * @param centres {@code [count][dimension]} what the rows lie about, rotated if there is a
     *     rotation, or null for the origin
     * @param first place in {@code blocks}
     */
    @SuppressWarnings("exports")
    void encode(
        float[] vectors, float @Nullable [] centres, int count, CodeBlocks blocks, long first) {
      float[] x = vectors;
      if (rotation != null) {
        rotation.apply(vectors, count, rotated);
        x = rotated;
      }
      if (centres != null) {
        for (int i = 0; i < count * dimension; i++) {
          less[i] = x[i] - centres[i];
        }
        x = less;
      }
      Arrays.fill(lost, 0, count, 0);
      Arrays.fill(squares, 0, count, 0);
      for (int part = 0; part < parts; part++) {
        var book = books[part];
        int width = book.width();
        int from = start(dimension, parts, part);
        for (int r = 0; r < count; r++) {
          System.arraycopy(x, r * dimension + from, columns, r * width, width);
        }
        book.nearest(columns, 0, count, found, scores);
        for (int r = 0; r < count; r++) {
          blocks.set(first + r, 0, part, found[r]);
          for (int i = 0; i < width; i++) {
            double value = book.get(found[r], i);
            double off = columns[r * width + i] - value;
            lost[r] += off * off;
            double whole = centres == null ? value : value + centres[r * dimension + from + i];
            squares[r] += whole * whole;
          }
        }
      }
      if (blocks.shape().terms() == 3) {
        for (int r = 0; r < count; r++) {
          double whole = 0;
          for (int i = r * dimension; i < (r + 1) * dimension; i++) {
            whole += (double) vectors[i] * vectors[i];
          }
          terms(whole, squares[r], Math.sqrt(lost[r]), blocks, first + r);
        }
      }
    }

    private void terms(double whole, double code, double off, CodeBlocks blocks, long place) {
      // Rotating rounds; what that may move is lost, too.
      double error = off + (rotation == null ? 0 : rotation.off() * Math.sqrt(whole));
      double margin = RotatedCoder.MARGIN / 2 * (whole + code + error * error) + Float.MIN_NORMAL;
      double base = code - error * error - margin;
      boolean bounded = whole < RotatedCoder.HUGE && code < RotatedCoder.HUGE;
      blocks.term(
          place, 1, Term.BASE, bounded ? Math.nextDown((float) base) : Float.NEGATIVE_INFINITY);
      blocks.term(place, 1, Term.SLOPE, bounded ? -2 : 0);
      blocks.term(place, 1, Term.ERROR, bounded ? Math.nextUp((float) (2 * error)) : 0);
    }
  }

  /** Creates what a thread needs. */
  public Work work() {
    return new Work();
  }

  /**
   * The vector that a row's code stands for.
   *
   * @param target {@code [dimension]}; receives it, rotated if the coder {@link #isRotated}
   */
  @SuppressWarnings("exports")
  public void decode(CodeBlocks blocks, long place, float[] target) {
    for (int part = 0; part < parts; part++) {
      int cell = blocks.get(place, 0, part);
      int from = start(dimension, parts, part);
      for (int i = 0; i < books[part].width(); i++) {
        target[from + i] = books[part].get(cell, i);
      }
    }
  }

  /** Mean over points of the squared length of what their codes lose. */
  double meanLost(Sample points) {
    var sums = new double[parts];
    Workers.forEach(
        parts,
        number -> {
          int part = (int) number;
          var book = books[part];
          int width = book.width();
          float[] columns = points.columns(start(dimension, parts, part), width);
          var cells = new int[points.count()];
          book.nearest(columns, 0, points.count(), cells, new float[points.count()]);
          for (int p = 0; p < points.count(); p++) {
            for (int i = 0; i < width; i++) {
              double off = columns[p * width + i] - book.get(cells[p], i);
              sums[part] += off * off;
            }
          }
        });
    return Arrays.stream(sums).sum() / points.count();
  }
}
