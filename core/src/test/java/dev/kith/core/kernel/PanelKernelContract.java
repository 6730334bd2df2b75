package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of every {@link PanelKernel}. */
@ExtendWith(Seeded.class)
public abstract class PanelKernelContract {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Largest code where there are two an element, and where there is one. */
  private static final int TWO = 63;

  private static final int ONE = 127;

  private static final int LONGEST = 65_536;

  /** Kernel under test. */
  protected abstract PanelKernel kernel();

  static IntStream oddGroups() {
    return IntStream.iterate(1, g -> g <= 99, g -> g + 2);
  }

  /** Rows in panels, byte by byte as the comment of {@link Panels} draws them. */
  private static final class Stored {
    final int count;
    final int groups;

    /** {@code [row][element]}, -128 to 127. */
    final int[][] codes;

    final float[] scale;
    final float[] lift;
    final float[] residual;
    final float[] reach;

    Stored(SplittableRandom random, int count, int d) {
      int rows = 16 * count;
      this.count = count;
      this.groups = (d + 3) / 4;
      this.codes = new int[rows][];
      this.scale = new float[rows];
      this.lift = new float[rows];
      this.residual = new float[rows];
      this.reach = new float[rows];
      for (int r = 0; r < rows; r++) {
        codes[r] = codes(random, d, -128, 127);
        scale[r] = (float) (random.nextDouble() / 64);
        lift[r] = (float) (8 * random.nextDouble() - 4);
        residual[r] = (float) random.nextDouble();
        reach[r] = (float) (2 * random.nextDouble());
      }
    }

    /** Panel at which scans begin, 0 to 2. */
    long first() {
      return count % 3;
    }

    /** Panels off-heap, behind something else, with nothing behind the last one. */
    MemorySegment panels(Arena arena) {
      long stride = 64L * groups + 384;
      var panels = arena.allocate(64 + (first() + count) * stride, 64).asSlice(64);
      panels.fill((byte) 0x55); // the panels before the first
      for (int row = 0; row < codes.length; row++) {
        long at = (first() + row / 16) * stride;
        int r = row % 16;
        for (int i = 0; i < 4 * groups; i++) {
          int code = i < codes[row].length ? codes[row][i] : 0;
          long offset = at + 64L * (i / 4) + 4L * r + i % 4;
          panels.set(ValueLayout.JAVA_BYTE, offset, (byte) (code + 128));
        }
        long terms = at + 64L * groups;
        panels.set(FLOAT, terms + 4L * r, scale[row]);
        panels.set(FLOAT, terms + 64 + 4L * r, lift[row]);
        panels.set(FLOAT, terms + 128 + 4L * r, residual[row]);
        panels.set(FLOAT, terms + 192 + 4L * r, reach[row]);
        panels.set(DOUBLE, terms + 256 + 8L * r, Double.NaN); // none of the loops' business
      }
      return panels;
    }
  }

  /** Random codes, often an end of the range, in all elements or in some. */
  private static int[] codes(SplittableRandom random, int d, int least, int most) {
    var codes = new int[d];
    int kind = random.nextInt(4);
    for (int i = 0; i < d; i++) {
      codes[i] =
          switch (kind) {
            case 0 -> least;
            case 1 -> most;
            case 2 -> random.nextBoolean() ? least : most;
            default -> random.nextInt(least, most + 1);
          };
    }
    return codes;
  }

  /** A query, as {@link PanelQuery#set} takes it. */
  private static final class Asked {
    final int[] codes;
    final int[] lowCodes;
    final float scale;
    final float lowScale;
    final float weight;
    final float slack;
    float threshold;

    Asked(SplittableRandom random, int d, boolean two) {
      int most = two ? TWO : ONE;
      this.codes = codes(random, d, -most, most);
      this.lowCodes = two ? codes(random, d, -most, most) : new int[d];
      this.scale = (float) random.nextDouble() / (8 * d);
      this.lowScale = two ? scale / 126 : 0;
      this.weight = (float) (2 * random.nextDouble());
      this.slack = (float) random.nextDouble();
    }

    void putInto(PanelQuery target, int number) {
      target.set(number, bytes(codes), bytes(lowCodes), scale, lowScale, weight, slack);
    }

    private static byte[] bytes(int[] codes) {
      var bytes = new byte[codes.length];
      for (int i = 0; i < codes.length; i++) {
        bytes[i] = (byte) codes[i];
      }
      return bytes;
    }

    double bound(Stored rows, int row) {
      double product =
          product(codes, rows.codes[row]) * (double) scale
              + product(lowCodes, rows.codes[row]) * (double) lowScale;
      return product * rows.scale[row]
          + rows.lift[row]
          + (double) weight * rows.residual[row]
          + (double) slack * rows.reach[row];
    }

    /**
     * Whether float32 can come to one result only. It may come to either where the bound is within
     * nine roundings of parts of the sum, or where a scale is infinite: a loop may multiply it with
     * each of two products, so that their sum is no number and the row is kept, or with their sum,
     * whose sign near zero is its rounding's.
     */
    boolean decides(Stored rows, int row) {
      double bound = bound(rows, row);
      if (!Double.isFinite(bound) || !Float.isFinite(threshold)) {
        return !Float.isInfinite(rows.scale[row]);
      }
      double size =
          (Math.abs(product(codes, rows.codes[row]) * (double) scale)
                      + Math.abs(product(lowCodes, rows.codes[row]) * (double) lowScale))
                  * rows.scale[row]
              + Math.abs(rows.lift[row])
              + weight * rows.residual[row]
              + slack * rows.reach[row];
      return Math.abs(bound - threshold) > 9 * 0x1p-24 * size;
    }

    boolean keeps(Stored rows, int row) {
      return !(bound(rows, row) < threshold);
    }
  }

  private static long product(int[] a, int[] b) {
    long sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (long) a[i] * b[i];
    }
    return sum;
  }

  /** One bit a row and no more, or none at all. */
  private static MemorySegment bits(Arena arena, long first, boolean[] allowed) {
    if (allowed.length == 0) {
      return MemorySegment.NULL;
    }
    var bits = arena.allocate(2 * first + allowed.length / 8);
    for (int r = 0; r < allowed.length; r++) {
      long at = 2 * first + r / 8;
      byte others = bits.get(ValueLayout.JAVA_BYTE, at);
      bits.set(ValueLayout.JAVA_BYTE, at, (byte) (others | (allowed[r] ? 1 << r % 8 : 0)));
    }
    return bits;
  }

  private static boolean[] filter(SplittableRandom random, int rows) {
    int kind = random.nextInt(5);
    var allowed = new boolean[kind < 2 ? 0 : rows];
    for (int r = 0; r < allowed.length; r++) {
      allowed[r] = kind == 2 ? random.nextInt(16) == 0 : kind == 3 || random.nextBoolean();
    }
    return allowed;
  }

  /** Bound of some row as threshold, so that the others fall on both sides. */
  private static float threshold(SplittableRandom random, Stored rows, Asked query) {
    return (float) query.bound(rows, random.nextInt(rows.codes.length));
  }

  /** Scans, compares with the definition, and says how many rows were kept. */
  private int assertScan(Stored rows, Asked query, boolean[] allowed, SplittableRandom random) {
    try (var arena = Arena.ofConfined()) {
      int d = query.codes.length;
      var coded = PanelQuery.single(arena, d);
      new Asked(random, d, true).putInto(coded, 0); // what was there before must not matter
      query.putInto(coded, 0);
      var terms = coded.termsCopy(arena);
      PanelQuery.threshold(terms, 0, query.threshold);
      var hits = PanelHits.ofScan(arena, 16L * rows.count);
      int n =
          kernel()
              .scan(
                  rows.panels(arena),
                  rows.first(),
                  rows.count,
                  rows.groups,
                  coded,
                  terms,
                  bits(arena, rows.first(), allowed),
                  hits);
      assertHits(rows, List.of(query), allowed, hits, n);
      for (int i = 0; i < n; i++) {
        assertThat((long) hits.lowProduct(i))
            .isEqualTo(product(query.lowCodes, rows.codes[hits.row(i)]));
      }
      return n;
    }
  }

  private int assertTile(Stored rows, List<Asked> queries, boolean[] allowed) {
    try (var arena = Arena.ofConfined()) {
      int d = queries.getFirst().codes.length;
      var coded = PanelQuery.tiles(arena, d, queries.size(), kernel().tileQueries());
      for (int q = 0; q < queries.size(); q++) {
        queries.get(q).putInto(coded, q);
      }
      var terms = coded.termsCopy(arena);
      for (int q = 0; q < queries.size(); q++) {
        PanelQuery.threshold(terms, q, queries.get(q).threshold);
      }
      var hits = PanelHits.ofTile(arena, 16L * rows.count * queries.size());
      int n =
          kernel()
              .tile(
                  rows.panels(arena),
                  rows.first(),
                  rows.count,
                  rows.groups,
                  coded,
                  terms,
                  bits(arena, rows.first(), allowed),
                  hits);
      assertHits(rows, queries, allowed, hits, n);
      return n;
    }
  }

  /** Asserts that each row that must be kept is there once, with its product, and no other is. */
  private static void assertHits(
      Stored rows, List<Asked> queries, boolean[] allowed, PanelHits hits, int n) {
    assertThat(n).isBetween(0, rows.codes.length * queries.size());
    var times = new int[queries.size()][rows.codes.length];
    for (int i = 0; i < n; i++) {
      int row = hits.row(i);
      int q = hits.queries().byteSize() == 0 ? 0 : hits.query(i); // a scan has one
      assertThat(row).isBetween(0, rows.codes.length - 1);
      assertThat(q).isBetween(0, queries.size() - 1);
      times[q][row]++;
      assertThat((long) hits.product(i))
          .as("product: groups=%d row=%d query=%d", rows.groups, row, q)
          .isEqualTo(product(queries.get(q).codes, rows.codes[row]));
    }
    for (int q = 0; q < times.length; q++) {
      var query = queries.get(q);
      for (int row = 0; row < rows.codes.length; row++) {
        boolean may = allowed.length == 0 || allowed[row];
        int least = may && query.keeps(rows, row) ? 1 : 0;
        int most = least;
        if (may && !query.decides(rows, row)) {
          least = 0;
          most = 1;
        }
        assertThat(times[q][row])
            .as(
                "times kept: groups=%d row=%d query=%d allowed=%s bound=%s threshold=%s",
                rows.groups, row, q, may, query.bound(rows, row), query.threshold)
            .isBetween(least, most);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("oddGroups")
  void scan_anyPanelsAndFilter_keepsTheRowsOfTheDefinition(int groups, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      for (int count = 1; count <= 9; count++) {
        int d = 4 * groups - random.nextInt(4);
        var rows = new Stored(random, count, d);
        var query = new Asked(random, d, true);
        query.threshold = threshold(random, rows, query);
        assertScan(rows, query, filter(random, 16 * count), random);
      }
    }
  }

  /** The other tests would not notice a definition that leaves everything open. */
  @Test
  void scan_thresholdInTheMiddle_dropsAndKeepsMany(SplittableRandom random) {
    int kept = 0;
    int open = 0;
    for (int round = 0; round < 100; round++) {
      var rows = new Stored(random, 4, 30);
      var query = new Asked(random, 30, true);
      query.threshold = threshold(random, rows, query);
      kept += assertScan(rows, query, new boolean[0], random);
      for (int row = 0; row < 64; row++) {
        open += query.decides(rows, row) ? 0 : 1;
      }
    }
    assertThat(kept).isBetween(1600, 4800);
    assertThat(open).isBetween(50, 200); // the row whose bound is the threshold
  }

  @Test
  void scan_noRowAllowed_keepsNone(SplittableRandom random) {
    var rows = new Stored(random, 5, 21);
    var query = new Asked(random, 21, true);
    query.threshold = Float.NEGATIVE_INFINITY;
    assertThat(assertScan(rows, query, new boolean[80], random)).isZero();
    assertThat(assertScan(rows, query, new boolean[0], random)).isEqualTo(80);
  }

  /**
   * Multiplies all ends of both ranges with each other: 16-bit sums of two products are at their
   * limit.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 20, 33})
  void scan_endsOfTheRanges_productsAreExact(int d, SplittableRandom random) {
    for (int code : new int[] {-TWO, TWO}) {
      for (int lowCode : new int[] {-TWO, 0, TWO}) {
        var rows = new Stored(random, 1, d);
        for (int r = 0; r < 16; r++) {
          Arrays.fill(rows.codes[r], r % 3 == 0 ? -128 : r % 3 == 1 ? 127 : 0);
        }
        var query = new Asked(random, d, true);
        Arrays.fill(query.codes, code);
        Arrays.fill(query.lowCodes, lowCode);
        query.threshold = Float.NEGATIVE_INFINITY;
        assertThat(assertScan(rows, query, new boolean[0], random)).isEqualTo(16);
      }
    }
  }

  @Test
  void scan_longestRows_productsAreExact(SplittableRandom random) {
    var rows = new Stored(random, 2, LONGEST);
    Arrays.fill(rows.codes[3], -128);
    Arrays.fill(rows.codes[30], 127);
    for (int code : new int[] {-TWO, TWO, 1}) {
      var query = new Asked(random, LONGEST, true);
      if (code != 1) {
        Arrays.fill(query.codes, code);
        Arrays.fill(query.lowCodes, -code);
      }
      query.threshold = Float.NEGATIVE_INFINITY;
      assertThat(assertScan(rows, query, new boolean[0], random)).isEqualTo(32);
    }
  }

  private static void spoil(SplittableRandom random, Stored rows) {
    float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (var term : List.of(rows.scale, rows.lift, rows.residual, rows.reach)) {
      for (int r = 0; r < term.length; r++) {
        if (random.nextInt(6) == 0) {
          term[r] = odd[random.nextInt(3)];
        }
      }
    }
  }

  private static float oddThreshold(SplittableRandom random, Stored rows, Asked query) {
    return switch (random.nextInt(4)) {
      case 0 -> Float.NaN;
      case 1 -> Float.NEGATIVE_INFINITY;
      case 2 -> Float.POSITIVE_INFINITY;
      default -> threshold(random, rows, query);
    };
  }

  @Test
  void scan_termsOrThresholdNotFinite_dropsOnlyWhatIsBelow(SplittableRandom random) {
    for (int round = 0; round < 400 * Seeded.effort(); round++) {
      int d = 1 + random.nextInt(40);
      var rows = new Stored(random, 1 + random.nextInt(3), d);
      var query = new Asked(random, d, true);
      query.threshold = oddThreshold(random, rows, query);
      spoil(random, rows);
      assertScan(rows, query, new boolean[0], random);
    }
  }

  @Test
  void tile_anyPanelsQueriesAndFilter_keepsTheRowsOfTheDefinition(SplittableRandom random) {
    if (kernel().tileQueries() == 0) {
      assertHasNoTiles(random);
      return;
    }
    int kept = 0;
    int pairs = 0;
    for (int count = 1; count <= 30; count++) {
      for (int round = 0; round < 4 * Seeded.effort(); round++) {
        int d = 1 + random.nextInt(round % 4 == 0 ? 400 : 50);
        var rows = new Stored(random, 1 + random.nextInt(9), d);
        var queries = new Asked[count];
        Arrays.setAll(queries, _ -> new Asked(random, d, false));
        for (var query : queries) {
          query.threshold =
              random.nextInt(8) == 0
                  ? oddThreshold(random, rows, query)
                  : threshold(random, rows, query);
        }
        if (round % 4 == 1) {
          spoil(random, rows);
        }
        boolean[] allowed = filter(random, rows.codes.length);
        kept += assertTile(rows, List.of(queries), allowed);
        pairs += count * rows.codes.length;
      }
    }
    assertThat(kept).isBetween(pairs / 8, pairs * 3 / 4);
  }

  @Test
  void tile_longestRowsAndEndsOfTheRanges_productsAreExact(SplittableRandom random) {
    if (kernel().tileQueries() == 0) {
      assertHasNoTiles(random);
      return;
    }
    for (int d : new int[] {1, 4, 7, LONGEST}) {
      var rows = new Stored(random, 2, d);
      Arrays.fill(rows.codes[3], -128);
      Arrays.fill(rows.codes[30], 127);
      var queries = new Asked[4];
      Arrays.setAll(queries, _ -> new Asked(random, d, false));
      Arrays.fill(queries[1].codes, -ONE);
      Arrays.fill(queries[3].codes, ONE);
      for (var query : queries) {
        query.threshold = Float.NEGATIVE_INFINITY;
      }
      assertThat(assertTile(rows, List.of(queries), new boolean[0])).isEqualTo(32 * 4);
    }
  }

  private void assertHasNoTiles(SplittableRandom random) {
    try (var arena = Arena.ofConfined()) {
      var rows = new Stored(random, 1, 4);
      var coded = PanelQuery.tiles(arena, 4, 1, 1);
      var panels = rows.panels(arena);
      var terms = coded.termsCopy(arena);
      var hits = PanelHits.ofScan(arena, 16);
      assertThatThrownBy(
              () -> kernel().tile(panels, 0, 1, 1, coded, terms, MemorySegment.NULL, hits))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("these loops have no tiles: tileQueries() is 0");
    }
  }

  @Test
  void name_forReports_isNotEmpty() {
    assertThat(kernel().name()).isNotBlank();
  }
}
