package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops on the Vector API. {@code -Dkith.simd.bits=128|256|512} forces a width, for tests;
 * otherwise the machine's preferred one is used.
 */
public final class SimdKernel implements ScanKernel {
  // Species must be static final where they are used, or C2 boxes every vector.
  static final VectorSpecies<Float> LANES =
      Integer.getInteger("kith.simd.bits") == null
          ? FloatVector.SPECIES_PREFERRED
          : VectorSpecies.of(
              float.class, VectorShape.forBitSize(Integer.getInteger("kith.simd.bits")));
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final int W = LANES.length();

  // Moves of the lanes that fold() adds; those wider than a vector are not used.
  private static final VectorShuffle<Float> BY_32 = shuffle(32);
  private static final VectorShuffle<Float> BY_16 = shuffle(16);
  private static final VectorShuffle<Float> BY_8 = shuffle(8);
  private static final VectorShuffle<Float> BY_4 = shuffle(4);
  private static final VectorShuffle<Float> BY_2 = shuffle(2);
  private static final VectorShuffle<Float> BY_1 = shuffle(1);
  private static final int TILE_QUERIES = 12;

  /** Creates the loops; needs the module {@code jdk.incubator.vector}. */
  public SimdKernel() {}

  @Override
  public String name() {
    return "Vector API, %d x float32".formatted(W);
  }

  @Override
  public int panelRows() {
    return 2 * W;
  }

  @Override
  public int tileQueries() {
    return TILE_QUERIES;
  }

  /**
   * Multiplies four rows at a time, a quarter of all rows apart: each query vector is loaded once
   * for four rows, and memory is read in four streams, which are faster the farther they are from
   * each other's pages. Measured: docs/decisions/0003-simd-kernels.md.
   */
  @Override
  public void dots(float[] query, MemorySegment rows, long stride, int count, float[] dots) {
    int quarter = count / 4;
    for (int r = 0; r < quarter; r++) {
      long at = r * stride;
      long apart = quarter * stride;
      four(query, rows, at, at + apart, at + 2 * apart, at + 3 * apart, dots, r, quarter);
    }
    for (int r = 4 * quarter; r < count; r++) {
      dots[r] = one(query, rows, r * stride);
    }
  }

  /** Multiplies four rows at a time, one from each quarter of {@code picked}. */
  @Override
  public void dots(
      float[] query, MemorySegment rows, long stride, int[] picked, int count, float[] dots) {
    int quarter = count / 4;
    for (int i = 0; i < quarter; i++) {
      four(
          query,
          rows,
          picked[i] * stride,
          picked[i + quarter] * stride,
          picked[i + 2 * quarter] * stride,
          picked[i + 3 * quarter] * stride,
          dots,
          i,
          quarter);
    }
    for (int i = 4 * quarter; i < count; i++) {
      dots[i] = one(query, rows, picked[i] * stride);
    }
  }

  /**
   * Multiplies the rows at four offsets; products go to {@code dots[r]} and on, {@code quarter}
   * apart.
   */
  private static void four(
      float[] query,
      MemorySegment rows,
      long at,
      long at1,
      long at2,
      long at3,
      float[] dots,
      int r,
      int quarter) {
    var sum0 = FloatVector.zero(LANES);
    var sum1 = FloatVector.zero(LANES);
    var sum2 = FloatVector.zero(LANES);
    var sum3 = FloatVector.zero(LANES);
    int i = 0;
    for (; i < LANES.loopBound(query.length); i += W) {
      var q = FloatVector.fromArray(LANES, query, i);
      long e = 4L * i;
      sum0 = q.fma(FloatVector.fromMemorySegment(LANES, rows, at + e, LITTLE_ENDIAN), sum0);
      sum1 = q.fma(FloatVector.fromMemorySegment(LANES, rows, at1 + e, LITTLE_ENDIAN), sum1);
      sum2 = q.fma(FloatVector.fromMemorySegment(LANES, rows, at2 + e, LITTLE_ENDIAN), sum2);
      sum3 = q.fma(FloatVector.fromMemorySegment(LANES, rows, at3 + e, LITTLE_ENDIAN), sum3);
    }
    dots[r] = fold(sum0);
    dots[r + quarter] = fold(sum1);
    dots[r + 2 * quarter] = fold(sum2);
    dots[r + 3 * quarter] = fold(sum3);
    if (i < query.length) {
      dots[r] += tail(query, rows, at, i);
      dots[r + quarter] += tail(query, rows, at1, i);
      dots[r + 2 * quarter] += tail(query, rows, at2, i);
      dots[r + 3 * quarter] += tail(query, rows, at3, i);
    }
  }

  private static float one(float[] query, MemorySegment rows, long at) {
    var sum = FloatVector.zero(LANES);
    int i = 0;
    for (; i < LANES.loopBound(query.length); i += W) {
      var x = FloatVector.fromMemorySegment(LANES, rows, at + 4L * i, LITTLE_ENDIAN);
      sum = FloatVector.fromArray(LANES, query, i).fma(x, sum);
    }
    return fold(sum) + tail(query, rows, at, i);
  }

  /**
   * Product of the elements from {@code i} on, fewer than a vector. Not masked: C1 gives up on more
   * code.
   */
  private static float tail(float[] query, MemorySegment rows, long at, int i) {
    float sum = 0;
    for (; i < query.length; i++) {
      sum += query[i] * rows.get(FLOAT, at + 4L * i);
    }
    return sum;
  }

  /**
   * Sum of the lanes, halves added to halves. {@link FloatVector#reduceLanes} may add in any order,
   * and does: a sum would change once its method is compiled, and with it the graphs that are built
   * and walked by such sums.
   */
  private static float fold(FloatVector lanes) {
    var sums = lanes;
    if (W > 32) {
      sums = sums.add(sums.rearrange(BY_32));
    }
    if (W > 16) {
      sums = sums.add(sums.rearrange(BY_16));
    }
    if (W > 8) {
      sums = sums.add(sums.rearrange(BY_8));
    }
    if (W > 4) {
      sums = sums.add(sums.rearrange(BY_4));
    }
    if (W > 2) {
      sums = sums.add(sums.rearrange(BY_2));
    }
    return sums.add(sums.rearrange(BY_1)).lane(0);
  }

  /** Lane {@code i} of the result is lane {@code i + by}. */
  private static VectorShuffle<Float> shuffle(int by) {
    return VectorShuffle.fromOp(LANES, i -> (i + by) % W);
  }

  /** Reads four rows at a time, as {@link #dots} does, so that their cache misses overlap. */
  @Override
  public void squaredNorms(
      MemorySegment rows, long stride, int d, int[] picked, int count, float[] norms) {
    int quarter = count / 4;
    for (int i = 0; i < quarter; i++) {
      fourNorms(
          rows,
          d,
          picked[i] * stride,
          picked[i + quarter] * stride,
          picked[i + 2 * quarter] * stride,
          picked[i + 3 * quarter] * stride,
          norms,
          i,
          quarter);
    }
    for (int i = 4 * quarter; i < count; i++) {
      norms[i] = norm(rows, picked[i] * stride, d);
    }
  }

  private static void fourNorms(
      MemorySegment rows,
      int d,
      long at,
      long at1,
      long at2,
      long at3,
      float[] norms,
      int r,
      int quarter) {
    var sum0 = FloatVector.zero(LANES);
    var sum1 = FloatVector.zero(LANES);
    var sum2 = FloatVector.zero(LANES);
    var sum3 = FloatVector.zero(LANES);
    int i = 0;
    for (; i < LANES.loopBound(d); i += W) {
      long e = 4L * i;
      var x0 = FloatVector.fromMemorySegment(LANES, rows, at + e, LITTLE_ENDIAN);
      var x1 = FloatVector.fromMemorySegment(LANES, rows, at1 + e, LITTLE_ENDIAN);
      var x2 = FloatVector.fromMemorySegment(LANES, rows, at2 + e, LITTLE_ENDIAN);
      var x3 = FloatVector.fromMemorySegment(LANES, rows, at3 + e, LITTLE_ENDIAN);
      sum0 = x0.fma(x0, sum0);
      sum1 = x1.fma(x1, sum1);
      sum2 = x2.fma(x2, sum2);
      sum3 = x3.fma(x3, sum3);
    }
    norms[r] = sum0.reduceLanes(ADD);
    norms[r + quarter] = sum1.reduceLanes(ADD);
    norms[r + 2 * quarter] = sum2.reduceLanes(ADD);
    norms[r + 3 * quarter] = sum3.reduceLanes(ADD);
    if (i < d) {
      norms[r] += normTail(rows, at, i, d);
      norms[r + quarter] += normTail(rows, at1, i, d);
      norms[r + 2 * quarter] += normTail(rows, at2, i, d);
      norms[r + 3 * quarter] += normTail(rows, at3, i, d);
    }
  }

  private static float norm(MemorySegment rows, long at, int d) {
    var sum = FloatVector.zero(LANES);
    int i = 0;
    for (; i < LANES.loopBound(d); i += W) {
      var x = FloatVector.fromMemorySegment(LANES, rows, at + 4L * i, LITTLE_ENDIAN);
      sum = x.fma(x, sum);
    }
    return sum.reduceLanes(ADD) + normTail(rows, at, i, d);
  }

  /** Squared norm of the elements from {@code i} on, fewer than a vector. */
  private static float normTail(MemorySegment rows, long at, int i, int d) {
    float sum = 0;
    for (; i < d; i++) {
      float element = rows.get(FLOAT, at + 4L * i);
      sum += element * element;
    }
    return sum;
  }

  @Override
  public float squaredNorm(float[] row) {
    var sum0 = FloatVector.zero(LANES);
    var sum1 = FloatVector.zero(LANES);
    int i = 0;
    for (; i <= row.length - 2 * W; i += 2 * W) {
      var x0 = FloatVector.fromArray(LANES, row, i);
      var x1 = FloatVector.fromArray(LANES, row, i + W);
      sum0 = x0.fma(x0, sum0);
      sum1 = x1.fma(x1, sum1);
    }
    float sum = sum0.add(sum1).reduceLanes(ADD);
    for (; i < row.length; i++) {
      sum += row[i] * row[i];
    }
    return sum;
  }

  @Override
  public void pack(float[] rows, int count, int d, float[] panel, int at) {
    RowPacking.pack(rows, count, d, panel, at, 2 * W);
  }

  /**
   * Multiplies 12 queries x 2 vectors of rows: 24 sums stay in registers (AVX-512 and NEON have
   * 32), so that 2 loads and 12 broadcasts feed 24 multiply-adds. Measured:
   * docs/results/exact-scan.md.
   */
  @Override
  public void tile(float[] rows, int rowsAt, float[] queries, int queriesAt, int d, float[] dots) {
    var a0 = FloatVector.zero(LANES);
    var b0 = FloatVector.zero(LANES);
    var a1 = FloatVector.zero(LANES);
    var b1 = FloatVector.zero(LANES);
    var a2 = FloatVector.zero(LANES);
    var b2 = FloatVector.zero(LANES);
    var a3 = FloatVector.zero(LANES);
    var b3 = FloatVector.zero(LANES);
    var a4 = FloatVector.zero(LANES);
    var b4 = FloatVector.zero(LANES);
    var a5 = FloatVector.zero(LANES);
    var b5 = FloatVector.zero(LANES);
    var a6 = FloatVector.zero(LANES);
    var b6 = FloatVector.zero(LANES);
    var a7 = FloatVector.zero(LANES);
    var b7 = FloatVector.zero(LANES);
    var a8 = FloatVector.zero(LANES);
    var b8 = FloatVector.zero(LANES);
    var a9 = FloatVector.zero(LANES);
    var b9 = FloatVector.zero(LANES);
    var a10 = FloatVector.zero(LANES);
    var b10 = FloatVector.zero(LANES);
    var a11 = FloatVector.zero(LANES);
    var b11 = FloatVector.zero(LANES);
    int x = rowsAt;
    int y = queriesAt;
    for (int i = 0; i < d; i++) {
      var xa = FloatVector.fromArray(LANES, rows, x);
      var xb = FloatVector.fromArray(LANES, rows, x + W);
      FloatVector q;
      q = FloatVector.broadcast(LANES, queries[y + 0]);
      a0 = q.fma(xa, a0);
      b0 = q.fma(xb, b0);
      q = FloatVector.broadcast(LANES, queries[y + 1]);
      a1 = q.fma(xa, a1);
      b1 = q.fma(xb, b1);
      q = FloatVector.broadcast(LANES, queries[y + 2]);
      a2 = q.fma(xa, a2);
      b2 = q.fma(xb, b2);
      q = FloatVector.broadcast(LANES, queries[y + 3]);
      a3 = q.fma(xa, a3);
      b3 = q.fma(xb, b3);
      q = FloatVector.broadcast(LANES, queries[y + 4]);
      a4 = q.fma(xa, a4);
      b4 = q.fma(xb, b4);
      q = FloatVector.broadcast(LANES, queries[y + 5]);
      a5 = q.fma(xa, a5);
      b5 = q.fma(xb, b5);
      q = FloatVector.broadcast(LANES, queries[y + 6]);
      a6 = q.fma(xa, a6);
      b6 = q.fma(xb, b6);
      q = FloatVector.broadcast(LANES, queries[y + 7]);
      a7 = q.fma(xa, a7);
      b7 = q.fma(xb, b7);
      q = FloatVector.broadcast(LANES, queries[y + 8]);
      a8 = q.fma(xa, a8);
      b8 = q.fma(xb, b8);
      q = FloatVector.broadcast(LANES, queries[y + 9]);
      a9 = q.fma(xa, a9);
      b9 = q.fma(xb, b9);
      q = FloatVector.broadcast(LANES, queries[y + 10]);
      a10 = q.fma(xa, a10);
      b10 = q.fma(xb, b10);
      q = FloatVector.broadcast(LANES, queries[y + 11]);
      a11 = q.fma(xa, a11);
      b11 = q.fma(xb, b11);
      x += 2 * W;
      y += TILE_QUERIES;
    }
    a0.intoArray(dots, 0 * W);
    b0.intoArray(dots, 1 * W);
    a1.intoArray(dots, 2 * W);
    b1.intoArray(dots, 3 * W);
    a2.intoArray(dots, 4 * W);
    b2.intoArray(dots, 5 * W);
    a3.intoArray(dots, 6 * W);
    b3.intoArray(dots, 7 * W);
    a4.intoArray(dots, 8 * W);
    b4.intoArray(dots, 9 * W);
    a5.intoArray(dots, 10 * W);
    b5.intoArray(dots, 11 * W);
    a6.intoArray(dots, 12 * W);
    b6.intoArray(dots, 13 * W);
    a7.intoArray(dots, 14 * W);
    b7.intoArray(dots, 15 * W);
    a8.intoArray(dots, 16 * W);
    b8.intoArray(dots, 17 * W);
    a9.intoArray(dots, 18 * W);
    b9.intoArray(dots, 19 * W);
    a10.intoArray(dots, 20 * W);
    b10.intoArray(dots, 21 * W);
    a11.intoArray(dots, 22 * W);
    b11.intoArray(dots, 23 * W);
  }

  @Override
  public int select(
      float[] dots,
      int at,
      int from,
      int count,
      float[] mul,
      float[] add,
      float[] slack,
      float scale,
      float threshold,
      int[] kept) {
    int n = 0;
    int r = 0;
    for (; r < LANES.loopBound(count); r += W) {
      var slacks = FloatVector.fromArray(LANES, slack, from + r);
      var bound =
          slacks.fma(
              FloatVector.broadcast(LANES, scale), FloatVector.fromArray(LANES, add, from + r));
      var score =
          FloatVector.fromArray(LANES, dots, at + r)
              .fma(FloatVector.fromArray(LANES, mul, from + r), bound);
      var keep = score.compare(LT, threshold).not();
      for (long bits = keep.toLong(); bits != 0; bits &= bits - 1) {
        kept[n++] = r + Long.numberOfTrailingZeros(bits);
      }
    }
    for (; r < count; r++) {
      if (!(dots[at + r] * mul[from + r] + add[from + r] + scale * slack[from + r] < threshold)) {
        kept[n++] = r;
      }
    }
    return n;
  }
}
