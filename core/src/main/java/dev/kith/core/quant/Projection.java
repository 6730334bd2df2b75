package dev.kith.core.quant;

import dev.kith.core.kernel.CodeKernel;
import dev.kith.core.kernel.CodeQuery;
import dev.kith.core.kernel.Picks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Map of vectors of a {@link WalkSpace} to fewer dimensions, by a matrix of {@link LeadingAxes} in
 * codes of 4 bits. Immutable; safe for many threads, of which each has a {@link Projector}.
 */
final class Projection {
  /*
   * Implementation notes
   *
   * A query is multiplied with the whole matrix before its walk begins, and the walks between two
   * queries drive it out of the near caches, so that its bytes are what it costs: 256 axes of 784
   * elements are 800 KB in float32, 213 KB in 8 bits and 115 KB in 4. That 4 bits are coarse does no
   * harm. Rows and queries are mapped by the same matrix, which differs from the orthonormal one by
   * about a tenth of it: a difference of two vectors is mapped to what it should be and, in a random
   * direction, some hundredths of it more. The vector itself is coded in 8 bits, as a query for
   * codes is, and the product is that of a query with rows of codes, by the same loops: integers, so
   * that every kernel gives the same bits.
   */
  private static final int BITS = 4;

  /** What the middle of the codes 0 to 15 would be. */
  private static final float MIDDLE = 7.5f;

  private static final int LINE = 64;

  private final int dimension;
  private final int axes;
  private final float scale;
  private final MemorySegment codes;
  private final MemorySegment noTerms;

  /**
   * Creates a map by a matrix that {@link #code} made.
   *
   * @param scale what a code of one is worth
   * @param codes {@code [axes][stride(4, dimension)]}, off-heap
   */
  Projection(int dimension, int axes, float scale, MemorySegment codes) {
    this.dimension = dimension;
    this.axes = axes;
    this.scale = scale;
    this.codes = codes;
    this.noTerms = Arena.ofAuto().allocate(4L * axes, 64);
  }

  /** Bytes of a matrix of {@code axes} axes of {@code dimension} elements. */
  static long bytes(int axes, int dimension) {
    return axes * RowCodes.stride(BITS, dimension);
  }

  /**
   * Codes a matrix, with the scale that loses least.
   *
   * @param matrix {@code [axes][dimension]}
   * @param into of {@link #bytes} bytes, zeros
   * @return the scale
   */
  static float code(float[][] matrix, MemorySegment into) {
    double squares = 0;
    float largest = Float.MIN_NORMAL;
    for (var axis : matrix) {
      for (float value : axis) {
        largest = Math.max(largest, Math.abs(value));
        squares += (double) value * value;
      }
    }
    double deviation = Math.sqrt(squares / matrix.length / matrix[0].length);
    float scale = largest / MIDDLE;
    double least = lost(matrix, scale);
    for (double clip = 2; clip * deviation < largest && clip < 8; clip *= 1.1) {
      float other = (float) (clip * deviation / MIDDLE);
      double lost = lost(matrix, other);
      if (lost < least) {
        least = lost;
        scale = other;
      }
    }
    long stride = RowCodes.stride(BITS, matrix[0].length);
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < matrix[i].length; j++) {
        int code = code(matrix[i][j], scale);
        long at = i * stride + (long) (j / (2 * LINE)) * LINE + j % LINE;
        int other = into.get(ValueLayout.JAVA_BYTE, at);
        into.set(
            ValueLayout.JAVA_BYTE,
            at,
            (byte) (other | (j % (2 * LINE) < LINE ? code : code << BITS)));
      }
    }
    return scale;
  }

  private static int code(float value, float scale) {
    return Math.clamp((int) Math.floor(value / scale + MIDDLE + 0.5f), 0, 15);
  }

  private static double lost(float[][] matrix, float scale) {
    double sum = 0;
    for (var axis : matrix) {
      for (float value : axis) {
        double off = value - (code(value, scale) - MIDDLE) * scale;
        sum += off * off;
      }
    }
    return sum;
  }

  /** Map of one thread. */
  final class Projector {
    private final CodeKernel kernel;
    private final CodeQuery vector = new CodeQuery((int) RowCodes.width(BITS, dimension));
    private final Picks picks = new Picks(axes);

    Projector(CodeKernel kernel) {
      this.kernel = kernel;
      for (int i = 0; i < axes; i++) {
        picks.rows()[i] = i;
      }
    }

    /**
     * Maps a vector.
     *
     * @param full {@code [dimension]}
     * @param into {@code [axes]}
     * @return squared length of {@code full} as it was coded
     */
    double apply(float[] full, float[] into) {
      var coded = SignedCodes.of(full, dimension, vector.codes());
      float own = coded.scale() * scale;
      vector.scale(-own);
      kernel.estimate4(vector, codes, RowCodes.stride(BITS, dimension), noTerms, picks, axes);
      float lift = own * MIDDLE * coded.sum();
      var products = picks.estimates();
      for (int i = 0; i < axes; i++) {
        into[i] = products[i] - lift;
      }
      return coded.squaredLength();
    }
  }
}
