package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over row-major codes on the Vector API.
 *
 * <p>Implementation notes. There is no instruction that multiplies bytes and adds neighbours, so
 * bytes are split into even and odd ones, as 16-bit lanes, and multiplied there; only sums of some
 * products are widened. Of 8-bit codes, 127 is taken off first: they are then in {@code [-127,
 * 128]}, and two products with codes of the query, in {@code [-128, 127]}, add up to a number in
 * {@code [-2^15, 2^15)}, which 128 would just miss. What was taken off is 127 times the sum of the
 * query's codes, computed once for all rows. Of 4-bit codes, 16 products fit, {@code 16 * 15 * 128
 * < 2^15}: those of a block of 64 bytes are at most that many in a lane.
 *
 * <p>Two rows share the query's vectors, and no more: C2 stops to inline in methods of more, and
 * boxes the vectors that it does not inline, at 3 times the cost (measured, JDK 25). For 4-bit
 * codes the query is widened once a call, not once a row.
 *
 * <p>Picked rows lie anywhere, and there is no prefetch in Java: one load of each of their lines
 * first, whose values nobody waits for, took a row of 192 bytes from 212 to 167 ns, all three
 * together (measured, AVX2).
 */
public final class SimdCodes implements CodeKernel {
  // Species must be static final where they are used, or C2 boxes every vector.
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, SimdKernel.LANES.vectorShape());
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, SimdKernel.LANES.vectorShape());
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SimdKernel.LANES.vectorShape());

  /** Bytes of a register, a divisor of {@code BLOCK}. */
  private static final int W = BYTES.length();

  private static final int BLOCK = 64;
  private static final short MIDDLE = 127;
  private static final short EVEN = 0xff;
  private static final short HALF = 15;
  private static final int ROWS = 2;

  /** Creates the loops; needs the module {@code jdk.incubator.vector}. */
  public SimdCodes() {}

  @Override
  public String name() {
    return "Vector API, %d x int16".formatted(SHORTS.length());
  }

  @Override
  public void estimate8(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    PickChecks.requireWithin(
        picks.rows(), count, PickChecks.rows(8, query, codes, stride, terms, picks, count));
    int lift = MIDDLE * sum(query.codes());
    touch(codes, stride, query.codes().length, terms, picks, count);
    for (int i = 0; i < count; i += ROWS) {
      two8(query, lift, codes, stride, terms, picks, i, count - 1);
    }
  }

  /** Sum of the query's codes. */
  private static int sum(byte[] query) {
    var sums = IntVector.zero(INTS);
    for (int j = 0; j < query.length; j += W) {
      var q = ByteVector.fromArray(BYTES, query, j).reinterpretAsShorts();
      sums = add(sums, q.lanewise(LSHL, 8).lanewise(ASHR, 8).add(q.lanewise(ASHR, 8)));
    }
    return sums.reduceLanes(ADD);
  }

  /** Estimates picks {@code i} and {@code i + 1}; one behind the last is the last again. */
  private static void two8(
      CodeQuery query,
      int lift,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int i,
      int last) {
    byte[] q = query.codes();
    int[] rows = picks.rows();
    long at0 = rows[i] * stride;
    long at1 = rows[Math.min(i + 1, last)] * stride;
    var s0 = IntVector.zero(INTS);
    var s1 = s0;
    for (int j = 0; j < q.length; j += W) {
      var both = ByteVector.fromArray(BYTES, q, j).reinterpretAsShorts();
      var even = both.lanewise(LSHL, 8).lanewise(ASHR, 8);
      var odd = both.lanewise(ASHR, 8);
      s0 = add(s0, products8(codes, at0 + j, even, odd));
      s1 = add(s1, products8(codes, at1 + j, even, odd));
    }
    put(query, terms, picks, i, lift + s0.reduceLanes(ADD));
    put(query, terms, picks, Math.min(i + 1, last), lift + s1.reduceLanes(ADD));
  }

  /** Sums of two products each, of codes less 127. */
  private static ShortVector products8(
      MemorySegment codes, long at, ShortVector even, ShortVector odd) {
    var x = ShortVector.fromMemorySegment(SHORTS, codes, at, LITTLE_ENDIAN);
    var low = x.and(EVEN).sub(MIDDLE).mul(even);
    return low.add(x.lanewise(LSHR, 8).sub(MIDDLE).mul(odd));
  }

  /** Adds 16-bit lanes, two to one of 32 bits. */
  private static IntVector add(IntVector sums, ShortVector more) {
    var words = more.reinterpretAsInts();
    return sums.add(words.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(words.lanewise(ASHR, 16));
  }

  private static void put(CodeQuery query, MemorySegment terms, Picks picks, int i, int product) {
    float term = terms.get(Panels.FLOAT, (long) Float.BYTES * picks.rows()[i]);
    picks.estimates()[i] = term - query.scale() * product;
  }

  @Override
  public void estimate4(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    PickChecks.requireWithin(
        picks.rows(), count, PickChecks.rows(4, query, codes, stride, terms, picks, count));
    var wide = query.wide();
    widen4(query.codes(), wide);
    touch(codes, stride, query.codes().length / 2, terms, picks, count);
    for (int i = 0; i < count; i += ROWS) {
      two4(query, wide, codes, stride, terms, picks, i, count - 1);
    }
  }

  /** Sets the query's codes as lanes of 16 bits, in the order in which {@code two4} reads them. */
  private static void widen4(byte[] query, short[] wide) {
    int at = 0;
    for (int b = 0; 2 * b < query.length; b += BLOCK) {
      for (int j = 0; j < BLOCK; j += W) {
        var low = ByteVector.fromArray(BYTES, query, 2 * b + j).reinterpretAsShorts();
        var high = ByteVector.fromArray(BYTES, query, 2 * b + BLOCK + j).reinterpretAsShorts();
        low.lanewise(LSHL, 8).lanewise(ASHR, 8).intoArray(wide, at);
        low.lanewise(ASHR, 8).intoArray(wide, at + W / 2);
        high.lanewise(LSHL, 8).lanewise(ASHR, 8).intoArray(wide, at + W);
        high.lanewise(ASHR, 8).intoArray(wide, at + W + W / 2);
        at += 2 * W;
      }
    }
  }

  /**
   * Reads a byte of each line of the picked rows, and their terms, so that the processor fetches
   * all of them together.
   */
  private static void touch(
      MemorySegment codes, long stride, int bytes, MemorySegment terms, Picks picks, int count) {
    int read = 0;
    for (int i = 0; i < count; i++) {
      long at = picks.rows()[i] * stride;
      for (int j = 0; j < bytes; j += BLOCK) {
        read += codes.get(ValueLayout.JAVA_BYTE, at + j);
      }
      read += terms.get(ValueLayout.JAVA_BYTE, (long) Float.BYTES * picks.rows()[i]);
    }
    picks.touched(read);
  }

  /** Estimates picks {@code i} and {@code i + 1}; one behind the last is the last again. */
  private static void two4(
      CodeQuery query,
      short[] wide,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int i,
      int last) {
    long at0 = picks.rows()[i] * stride;
    long at1 = picks.rows()[Math.min(i + 1, last)] * stride;
    int bytes = query.codes().length / 2;
    var s0 = IntVector.zero(INTS);
    var s1 = s0;
    int at = 0;
    for (int b = 0; b < bytes; b += BLOCK) {
      var b0 = ShortVector.zero(SHORTS);
      var b1 = b0;
      for (int j = 0; j < BLOCK; j += W) {
        var p = ShortVector.fromArray(SHORTS, wide, at);
        var q = ShortVector.fromArray(SHORTS, wide, at + W / 2);
        var r = ShortVector.fromArray(SHORTS, wide, at + W);
        var s = ShortVector.fromArray(SHORTS, wide, at + W + W / 2);
        at += 2 * W;
        var x = ShortVector.fromMemorySegment(SHORTS, codes, at0 + b + j, LITTLE_ENDIAN);
        b0 = b0.add(x.and(HALF).mul(p)).add(x.lanewise(LSHR, 8).and(HALF).mul(q));
        b0 = b0.add(x.lanewise(LSHR, 4).and(HALF).mul(r)).add(x.lanewise(LSHR, 12).mul(s));
        var y = ShortVector.fromMemorySegment(SHORTS, codes, at1 + b + j, LITTLE_ENDIAN);
        b1 = b1.add(y.and(HALF).mul(p)).add(y.lanewise(LSHR, 8).and(HALF).mul(q));
        b1 = b1.add(y.lanewise(LSHR, 4).and(HALF).mul(r)).add(y.lanewise(LSHR, 12).mul(s));
      }
      s0 = add(s0, b0);
      s1 = add(s1, b1);
    }
    put(query, terms, picks, i, s0.reduceLanes(ADD));
    put(query, terms, picks, Math.min(i + 1, last), s1.reduceLanes(ADD));
  }
}
