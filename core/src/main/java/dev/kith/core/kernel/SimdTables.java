package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over blocks on the Vector API.
 *
 * <p>Implementation notes. A group of 16 bytes is a register of 128 bits, wherever registers are
 * longer, too: a table of 16 bytes is what one instruction can look up in. Entries are added as
 * 16-bit lanes: a lane of {@code all} holds the sum of an even row plus 256 times that of the odd
 * one behind it, modulo 2^16, and one of {@code odd} the latter alone, so that taking 256 times the
 * second off the first leaves the even row's. Up to 256 entries of at most 255 fit 16 bits; sums of
 * more are moved to 32 bits in between. There is no instruction that looks up in tables of 256
 * entries; those are read one by one, 8 rows at a time.
 */
public final class SimdTables implements TableKernel {
  // Species must be static final where they are used, or C2 boxes every vector.
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_128;
  private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_128;
  private static final VectorSpecies<Float> FLOATS = SimdKernel.LANES;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SimdKernel.LANES.vectorShape());

  private static final int ROWS = CodeBlocks.ROWS;
  private static final int HALF = ROWS / 2;

  /** Groups whose entries may be added in 16 bits. */
  private static final int CHUNK = 256;

  private static final byte NIBBLE = 15;

  /** Creates the loops; needs the module {@code jdk.incubator.vector}. */
  public SimdTables() {}

  @Override
  public String name() {
    return "Vector API, %d x int8".formatted(BYTES.length());
  }

  @Override
  public void sums(
      CodeBlocks blocks, long first, int count, int planes, TableQuery query, MemorySegment sums) {
    TableKernel.requireSums(blocks, first, count, planes, query, sums);
    var codes = codesOf(blocks.shape());
    var some = new int[ROWS];
    for (int b = 0; b < count; b++) {
      sum(blocks, first + b, planes, query, codes, some);
      MemorySegment.copy(some, 0, sums, Panels.INT, 4L * ROWS * b, ROWS);
    }
  }

  @Override
  public int scan(
      CodeBlocks blocks,
      long first,
      int rows,
      int planes,
      TableQuery query,
      MemorySegment allowed,
      BlockHits hits) {
    int count = TableKernel.requireScan(blocks, first, rows, planes, query, allowed, hits);
    var codes = codesOf(blocks.shape());
    var sums = new int[ROWS];
    var bounds = new float[ROWS];
    int kept = 0;
    for (int b = 0; b < count; b++) {
      int mask = allowed.byteSize() == 0 ? -1 : allowed.get(Panels.INT, 4 * (first + b));
      if (rows - ROWS * b < ROWS) {
        mask &= (1 << (rows - ROWS * b)) - 1;
      }
      if (mask == 0) {
        continue;
      }
      sum(blocks, first + b, planes, query, codes, sums);
      mask &= bound(blocks, first + b, planes, query, sums, bounds);
      for (; mask != 0; mask &= mask - 1) {
        int r = Integer.numberOfTrailingZeros(mask);
        hits.put(kept++, ROWS * b + r, bounds[r]);
      }
    }
    return kept;
  }

  /** Room for the codes of a block of 8-bit groups; none for others, which are read in place. */
  private static byte[] codesOf(CodeBlocks.Shape shape) {
    return new byte[shape.bits() == 8 ? ROWS * shape.groups() : 0];
  }

  private static void sum(
      CodeBlocks blocks, long block, int planes, TableQuery query, byte[] codes, int[] sums) {
    var shape = blocks.shape();
    long at = block * shape.stride() + shape.codesAt();
    Arrays.fill(sums, 0);
    if (shape.bits() == 8) {
      MemorySegment.copy(blocks.memory(), ValueLayout.JAVA_BYTE, at, codes, 0, codes.length);
      for (int r = 0; r < ROWS; r += 8) {
        eight(codes, shape.groups(), query.shorts(), sums, r);
      }
      return;
    }
    for (int plane = 0; plane < planes; plane++, at += shape.planeBytes()) {
      for (int r = 0; r < ROWS; r++) {
        sums[r] *= 2;
      }
      for (int from = 0; from < shape.groups(); from += CHUNK) {
        int groups = Math.min(CHUNK, shape.groups() - from);
        chunk(blocks.memory(), at + (long) HALF * from, groups, query.tables(), from, sums);
      }
    }
  }

  /** Adds entries of 8 rows of 8-bit groups; codes and tables on the heap are read faster. */
  private static void eight(byte[] codes, int groups, short[] tables, int[] sums, int r) {
    int s0 = 0;
    int s1 = 0;
    int s2 = 0;
    int s3 = 0;
    int s4 = 0;
    int s5 = 0;
    int s6 = 0;
    int s7 = 0;
    for (int g = 0; g < groups; g++) {
      int at = ROWS * g + r;
      int table = g << 8;
      s0 += tables[table + (codes[at] & 0xff)] & 0xffff;
      s1 += tables[table + (codes[at + 1] & 0xff)] & 0xffff;
      s2 += tables[table + (codes[at + 2] & 0xff)] & 0xffff;
      s3 += tables[table + (codes[at + 3] & 0xff)] & 0xffff;
      s4 += tables[table + (codes[at + 4] & 0xff)] & 0xffff;
      s5 += tables[table + (codes[at + 5] & 0xff)] & 0xffff;
      s6 += tables[table + (codes[at + 6] & 0xff)] & 0xffff;
      s7 += tables[table + (codes[at + 7] & 0xff)] & 0xffff;
    }
    sums[r] = s0;
    sums[r + 1] = s1;
    sums[r + 2] = s2;
    sums[r + 3] = s3;
    sums[r + 4] = s4;
    sums[r + 5] = s5;
    sums[r + 6] = s6;
    sums[r + 7] = s7;
  }

  /** Adds entries of up to {@code CHUNK} 4-bit groups of a block. */
  private static void chunk(
      MemorySegment memory, long at, int groups, MemorySegment tables, int from, int[] sums) {
    var all0 = ShortVector.zero(SHORTS);
    var odd0 = all0;
    var all1 = all0;
    var odd1 = all0;
    for (int g = 0; g < groups; g++) {
      var codes = ByteVector.fromMemorySegment(BYTES, memory, at + 16L * g, LITTLE_ENDIAN);
      var table = ByteVector.fromMemorySegment(BYTES, tables, 16L * (from + g), LITTLE_ENDIAN);
      var x = codes.and(NIBBLE).selectFrom(table).reinterpretAsShorts();
      var upper = codes.reinterpretAsShorts().lanewise(LSHR, 4).reinterpretAsBytes().and(NIBBLE);
      var y = upper.selectFrom(table).reinterpretAsShorts();
      all0 = all0.add(x);
      odd0 = odd0.add(x.lanewise(LSHR, 8));
      all1 = all1.add(y);
      odd1 = odd1.add(y.lanewise(LSHR, 8));
    }
    put(all0.sub(odd0.lanewise(LSHL, 8)), odd0, sums, 0);
    put(all1.sub(odd1.lanewise(LSHL, 8)), odd1, sums, HALF);
  }

  private static void put(ShortVector even, ShortVector odd, int[] sums, int at) {
    for (int i = 0; i < SHORTS.length(); i++) {
      sums[at + 2 * i] += even.lane(i) & 0xffff;
      sums[at + 2 * i + 1] += odd.lane(i) & 0xffff;
    }
  }

  /** Computes the bounds of a block; returns a bit for each row that is kept. */
  private static int bound(
      CodeBlocks blocks, long block, int planes, TableQuery query, int[] sums, float[] bounds) {
    var shape = blocks.shape();
    long terms = block * shape.stride() + shape.termsAt(planes);
    int mask = 0;
    for (int r = 0; r < ROWS; r += FLOATS.length()) {
      var bound =
          ((FloatVector) IntVector.fromArray(INTS, sums, r).convertShape(I2F, FLOATS, 0))
              .mul(query.scale())
              .add(query.shift());
      if (shape.terms() == 1) {
        bound = bound.add(term(blocks.memory(), terms, 0, r));
      } else if (shape.terms() > 1) {
        bound =
            bound
                .mul(term(blocks.memory(), terms, 1, r))
                .add(term(blocks.memory(), terms, 0, r))
                .sub(term(blocks.memory(), terms, 2, r).mul(query.weight()));
      }
      bound.intoArray(bounds, r);
      mask |= (int) bound.compare(GT, query.threshold()).not().toLong() << r;
    }
    return mask;
  }

  private static FloatVector term(MemorySegment memory, long terms, int place, int r) {
    long at = terms + (long) place * CodeBlocks.TERM_BYTES + 4L * r;
    return FloatVector.fromMemorySegment(FLOATS, memory, at, LITTLE_ENDIAN);
  }
}
