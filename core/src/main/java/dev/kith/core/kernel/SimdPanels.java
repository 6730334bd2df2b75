package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over codes on the Vector API. It has no instruction that multiplies bytes and adds
 * neighbours, so bytes are split into even and odd ones, as 16-bit lanes: codes of at most 255 and
 * 63 give products whose sum of two fits ({@code 2 * 255 * 63 < 2^15}), and only that is widened.
 */
public final class SimdPanels implements PanelKernel {
  private static final VectorSpecies<Float> FLOATS = SimdKernel.LANES;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** Rows of a register; a panel takes one register or several. */
  private static final int W = INTS.length();

  private static final int ROW_BITS = (1 << W) - 1;

  /** Most queries that these loops serve: for more, tiles of float32 rows are faster (measured). */
  private static final int MOST_QUERIES = 19;

  /** Creates the loops; needs the module {@code jdk.incubator.vector}. */
  public SimdPanels() {}

  @Override
  public String name() {
    return "Vector API, %d x int32".formatted(W);
  }

  @Override
  public int mostQueries() {
    return MOST_QUERIES;
  }

  @Override
  public int scan(
      MemorySegment panels,
      long first,
      int count,
      int groups,
      PanelQuery query,
      MemorySegment terms,
      MemorySegment allowed,
      PanelHits hits) {
    int n = 0;
    for (int p = 0; p < count; p++) {
      long at = (first + p) * Panels.stride(groups);
      int mask =
          allowed.byteSize() == 0 ? 0xffff : allowed.get(Panels.SHORT, 2 * (first + p)) & 0xffff;
      for (int r = 0; mask >>> r != 0; r += W) {
        n = part(panels, at, p, r, groups, query, terms, mask, hits, n);
      }
    }
    return n;
  }

  /** Scans {@code W} rows of a panel, from row {@code r} on; returns the number of hits then. */
  private static int part(
      MemorySegment panels,
      long at,
      int p,
      int r,
      int groups,
      PanelQuery query,
      MemorySegment terms,
      int allowed,
      PanelHits hits,
      int n) {
    int[] pairs = query.pairs();
    var sums = IntVector.broadcast(INTS, -PanelQuery.bias(terms, 0));
    var lows = IntVector.broadcast(INTS, -PanelQuery.lowBias(terms, 0));
    long from = at + 4L * r;
    for (int g = 0; g < groups; g++) {
      var codes =
          IntVector.fromMemorySegment(
                  INTS, panels, from + (long) Panels.GROUP_BYTES * g, LITTLE_ENDIAN)
              .reinterpretAsShorts();
      var even = codes.and((short) 0xff);
      var odd = codes.lanewise(LSHR, 8);
      var both = even.mul(lanes(pairs[4 * g])).add(odd.mul(lanes(pairs[4 * g + 1])));
      var words = both.reinterpretAsInts();
      sums = sums.add(words.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(words.lanewise(ASHR, 16));
      both = even.mul(lanes(pairs[4 * g + 2])).add(odd.mul(lanes(pairs[4 * g + 3])));
      words = both.reinterpretAsInts();
      lows = lows.add(words.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(words.lanewise(ASHR, 16));
    }
    long termsAt = from + Panels.termsAt(groups);
    var product =
        ((FloatVector) lows.convert(I2F, 0))
            .fma(
                FloatVector.broadcast(FLOATS, PanelQuery.lowScale(terms, 0)),
                ((FloatVector) sums.convert(I2F, 0)).mul(PanelQuery.scale(terms, 0)));
    // Spelt out: a helper that is not inlined here would box what it returns.
    var scales = FloatVector.fromMemorySegment(FLOATS, panels, termsAt, LITTLE_ENDIAN);
    var lifts = FloatVector.fromMemorySegment(FLOATS, panels, termsAt + Panels.LIFT, LITTLE_ENDIAN);
    var residuals =
        FloatVector.fromMemorySegment(FLOATS, panels, termsAt + Panels.RESIDUAL, LITTLE_ENDIAN);
    var reaches =
        FloatVector.fromMemorySegment(FLOATS, panels, termsAt + Panels.REACH, LITTLE_ENDIAN);
    var bound = product.fma(scales, lifts);
    bound = residuals.fma(FloatVector.broadcast(FLOATS, PanelQuery.weight(terms, 0)), bound);
    bound = reaches.fma(FloatVector.broadcast(FLOATS, PanelQuery.slack(terms, 0)), bound);
    VectorMask<Float> dropped = bound.compare(LT, PanelQuery.threshold(terms, 0));
    long kept = ~dropped.toLong() & ROW_BITS & allowed >>> r;
    // Stored whether or not one is kept: vectors that live into a branch seldom taken are boxed.
    sums.intoMemorySegment(hits.products(), 4L * n, LITTLE_ENDIAN);
    lows.intoMemorySegment(hits.lowProducts(), 4L * n, LITTLE_ENDIAN);
    return kept == 0 ? n : put(kept, Panels.ROWS * p + r, hits, n);
  }

  private static ShortVector lanes(int pair) {
    return IntVector.broadcast(INTS, pair).reinterpretAsShorts();
  }

  /** Moves up the kept ones of the lanes that were stored behind {@code n} hits. */
  private static int put(long kept, int first, PanelHits hits, int n) {
    int from = n;
    for (long bits = kept; bits != 0; bits &= bits - 1) {
      int r = Long.numberOfTrailingZeros(bits);
      hits.put(n++, first + r, hits.product(from + r), hits.lowProduct(from + r));
    }
    return n;
  }
}
