package dev.kith.core.quant;

import dev.kith.core.kernel.CodeKernel;
import dev.kith.core.kernel.CodeQuery;
import dev.kith.core.kernel.Picks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Map of vectors of a {@link WalkSpace} to fewer dimensions, by a matrix of {@link LeadingAxes} in
 * codes of 4 bits, or of 8 where it is small. Immutable; safe for many threads, of which each has a
 * {@link Projector}.
 */
final class Projection {
  /*
   * Implementation notes
   *
   * A query is multiplied with the whole matrix before its walk begins, and the walks between two
   * queries drive it out of the near caches, so that its bytes are what it costs: 256 axes of 784
   * elements are 800 KB in float32, 213 KB in 8 bits and 115 KB in 4. That 4 bits are coarse does
   * little harm where dimensions are many. Rows and queries are mapped by the same matrix, which
   * differs from the orthonormal one by about a tenth of it: a difference of two vectors is mapped
   * to what it should be and, in a random direction, some hundredths of it more. Where dimensions
   * are few and rows lie in tight clusters that costs ranks, and the matrix is small anyway: 8 bits.
   * The vector itself is coded in 8 bits, as a query for
   * codes is, and the product is that of a query with rows of codes, by the same loops: integers, so
   * that every kernel gives the same bits.
   */

  /** Bytes of a matrix in 8 bits, at most: a share of a core's own cache that walks may leave. */
  private static final long SMALL = 64 * 1024;

  private final int bits;
  private final int dimension;
  private final int axes;
  private final float scale;
  private final MemorySegment codes;
  private final MemorySegment noTerms;

  /**
   * Creates a map by a matrix that {@link #code} made.
   *
   * @param scale what a code of one is worth
   * @param codes {@code [axes][stride(bits(axes, dimension), dimension)]}, off-heap
   */
  Projection(int dimension, int axes, float scale, MemorySegment codes) {
    this.bits = bits(axes, dimension);
    this.dimension = dimension;
    this.axes = axes;
    this.scale = scale;
    this.codes = codes;
    this.noTerms = Arena.ofAuto().allocate(4L * axes, 64);
  }

  /** Bits of an element of the matrix, 4 or 8. */
  static int bits(int axes, int dimension) {
    return axes * RowCodes.stride(8, dimension) <= SMALL ? 8 : 4;
  }

  /** Bytes of a matrix of {@code axes} axes of {@code dimension} elements. */
  static long bytes(int axes, int dimension) {
    return axes * RowCodes.stride(bits(axes, dimension), dimension);
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
    int bits = bits(matrix.length, matrix[0].length);
    float half = bits == 8 ? 127 : 7.5f;
    double deviation = Math.sqrt(squares / matrix.length / matrix[0].length);
    float scale = largest / half;
    double least = lost(matrix, scale, bits);
    for (double clip = 2; clip * deviation < largest && clip < 8; clip *= 1.1) {
      float other = (float) (clip * deviation / half);
      double lost = lost(matrix, other, bits);
      if (lost < least) {
        least = lost;
        scale = other;
      }
    }
    var codes = new int[(int) RowCodes.width(bits, matrix[0].length)];
    var line = new byte[(int) RowCodes.stride(bits, matrix[0].length)];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < matrix[i].length; j++) {
        codes[j] = RowCodes.code(matrix[i][j], 1 / scale, bits);
      }
      RowCodes.pack(codes, matrix[i].length, bits, line);
      MemorySegment.copy(line, 0, into, ValueLayout.JAVA_BYTE, (long) i * line.length, line.length);
    }
    return scale;
  }

  private static double lost(float[][] matrix, float scale, int bits) {
    double sum = 0;
    for (var axis : matrix) {
      for (float value : axis) {
        int code = RowCodes.code(value, 1 / scale, bits);
        double off = value - (code - RowCodes.middle(bits)) * scale;
        sum += off * off;
      }
    }
    return sum;
  }

  /** Map of one thread. */
  final class Projector {
    private final CodeKernel kernel;
    private final CodeQuery vector = new CodeQuery((int) RowCodes.width(bits, dimension));
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
      long stride = RowCodes.stride(bits, dimension);
      if (bits == 8) {
        kernel.estimate8(vector, codes, stride, noTerms, picks, axes);
      } else {
        kernel.estimate4(vector, codes, stride, noTerms, picks, axes);
      }
      float lift = own * RowCodes.middle(bits) * coded.sum();
      var products = picks.estimates();
      for (int i = 0; i < axes; i++) {
        into[i] = products[i] - lift;
      }
      return coded.squaredLength();
    }
  }
}
