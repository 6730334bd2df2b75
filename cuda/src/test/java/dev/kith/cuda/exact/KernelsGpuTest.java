package dev.kith.cuda.exact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.RowFilter;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.SharedGpu;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.store.Centre;
import dev.kith.cuda.store.DeviceCodes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each kernel of a search against what docs/exactness.md claims of it, worked out in Java. */
@Tag("gpu")
@ExtendWith(Seeded.class)
class KernelsGpuTest {
  private static final int ROUNDS = 9 * Seeded.effort();
  private static final List<ElementType> TYPES = List.of(ElementType.values());
  private static final int BELOW_BOUND = 1;
  private static final int ROW_NOT_FINITE = 2;

  private Gpu gpu;

  @BeforeEach
  void requireGpu() {
    gpu = SharedGpu.get();
  }

  private static float up(double value) {
    float rounded = (float) value;
    return rounded < value ? Math.nextUp(rounded) : rounded;
  }

  /** What a test of a loop counts, so that it is not about nothing. */
  private static final class Seen {
    int pairs;
    int dropped;
    int tight;
  }

  /** Runs one loop over all rows. */
  private interface Loop {
    void over(ByHand search);
  }

  /**
   * What the loop drops has a key above tau, and the intervals of what it keeps hold their keys.
   */
  private void check(
      VectorSource source,
      float[] centre,
      float[][] queries,
      Metric metric,
      boolean two,
      Loop loop,
      SplittableRandom random,
      Seen seen) {
    int n = (int) source.size();
    var rows = new float[n][];
    Arrays.setAll(rows, source::row);
    var keys = new double[queries.length][n];
    for (int q = 0; q < queries.length; q++) {
      for (int row = 0; row < n; row++) {
        keys[q][row] = TestVectors.key(metric, queries[q], rows[row]);
      }
    }
    try (var codes = DeviceCodes.load(gpu, source, 0, n, metric, Centre.of(centre));
        var search = new ByHand(gpu, codes, queries.length, 1, n)) {
      search.encode(queries, two);
      int share = random.nextInt(1, 10);
      var filter = random.nextBoolean() ? null : RowFilter.of(n, _ -> random.nextInt(share) == 0);
      if (filter != null) {
        int[] words = search.filter(filter);
        for (int at = 0; at < n; at++) {
          assertThat((words[at / 32] >>> at % 32 & 1) != 0)
              .as("position %d of %d", at, n)
              .isEqualTo(filter.allows(search.rowAt(at)));
        }
      }
      var taus = new float[queries.length];
      for (int q = 0; q < queries.length; q++) {
        taus[q] = up(keys[q][random.nextInt(n)]);
        if (search.state(q) == ByHand.STATE_BOUNDED) {
          search.setThreshold(q, taus[q]);
        }
      }
      loop.over(search);
      int[] counts = search.counts();
      search.tighten(Integer.MAX_VALUE, 256); // values all, drops none
      for (int q = 0; q < queries.length; q++) {
        if (search.state(q) != ByHand.STATE_BOUNDED) {
          assertThat(Integer.compareUnsigned(counts[q], n)).as("gave up").isPositive();
          continue;
        }
        assertThat(counts[q]).isBetween(0, n);
        assertThat(search.counts()[q]).isEqualTo(counts[q]);
        int[] listed = search.listedRows(q, counts[q]);
        float[] lowers = search.lowers(q, counts[q]);
        float[] uppers = search.uppers(q, counts[q]);
        var kept = new boolean[n];
        for (int i = 0; i < counts[q]; i++) {
          int row = search.rowAt(listed[i]);
          assertThat(kept[row]).as("row %d is listed once", row).isFalse();
          kept[row] = true;
          assertThat(filter == null || filter.allows(row)).as("row %d may be kept", row).isTrue();
          double key = keys[q][row];
          assertThat((double) lowers[i] <= key && key <= uppers[i])
              .as(
                  "%s, d=%d, two=%s: key %s of row %d in [%s, %s]",
                  metric, queries[q].length, two, key, row, lowers[i], uppers[i])
              .isTrue();
          seen.tight +=
              uppers[i] - (double) lowers[i] <= 0.1 * width(metric, queries[q], rows[row]) ? 1 : 0;
        }
        for (int row = 0; row < n; row++) {
          if (filter != null && !filter.allows(row)) {
            continue;
          }
          double key = keys[q][row];
          assertThat(kept[row] || key > taus[q])
              .as(
                  "%s, d=%d, two=%s: row %d, key %s, tau %s",
                  metric, queries[q].length, two, row, key, taus[q])
              .isTrue();
          seen.pairs++;
          seen.dropped += kept[row] ? 0 : 1;
        }
      }
    }
  }

  private static double width(Metric metric, float[] query, float[] row) {
    double q = Math.sqrt(TestVectors.key(Metric.L2, query, new float[query.length]));
    double x = Math.sqrt(TestVectors.key(Metric.L2, row, new float[row.length]));
    return switch (metric) {
      case L2 -> (q + x) * (q + x);
      case DOT -> q * x;
      case COSINE -> 1;
    };
  }

  private void checkAll(
      Metric metric, boolean two, int[] batches, Loop loop, SplittableRandom random) {
    var seen = new Seen();
    for (int round = 0; round < ROUNDS; round++) {
      int d = round % 4 == 3 ? 200 + random.nextInt(200) : 1 + random.nextInt(100);
      int n = 1 + random.nextInt(700);
      float[] centre = HostileRows.centre(random, d, round % 3);
      int batch = batches[random.nextInt(batches.length)];
      float[][] hostile = HostileRows.many(random, n, d, centre);
      var queries = new float[batch][];
      for (int q = 0; q < batch; q++) {
        float[] row = hostile[random.nextInt(n)];
        queries[q] =
            switch (random.nextInt(6)) {
              case 0 -> row.clone();
              case 1, 2 -> HostileRows.nearly(row, random);
              case 3 -> centre.clone();
              default -> HostileRows.any(random, d);
            };
      }
      try (var source = VectorSource.of(hostile)) {
        check(source, centre, queries, metric, two, loop, random, seen);
      }
      // And ordinary ones, of a type in turn.
      var type = TYPES.get(round % TYPES.size());
      try (var source = TestVectors.typed(random, type, 1 + random.nextInt(1000), d).source()) {
        var ordinary = new float[batch][];
        Arrays.setAll(ordinary, _ -> source.row(random.nextInt((int) source.size())));
        check(source, centre, ordinary, metric, two, loop, random, seen);
      }
    }
    // A share that random rows do not miss: a kernel that excluded nothing would drop none.
    assertThat(seen.dropped).as("of %d pairs", seen.pairs).isGreaterThan(seen.pairs / 200);
    assertThat(seen.tight)
        .as("of %d kept pairs", seen.pairs - seen.dropped)
        .isGreaterThan((seen.pairs - seen.dropped) / 200);
  }

  @ParameterizedTest
  @EnumSource
  void scanFew_hostileRows_losesNoneAndBoundsAll(Metric metric, SplittableRandom random) {
    checkAll(metric, true, new int[] {1, 2, 4}, ByHand::scanFew, random);
  }

  @ParameterizedTest
  @EnumSource
  void scanTiles_hostileRows_losesNoneAndBoundsAll(Metric metric, SplittableRandom random) {
    for (int count : new int[] {16, 32, 64, 128, 129}) {
      var tile = Tile.of(count, gpu.device().sharedBytesPerBlockOptin());
      checkAll(metric, false, new int[] {5, 17, 150}, search -> search.scanTiles(tile), random);
    }
  }

  @ParameterizedTest
  @EnumSource
  void scanByWgmma_hostileRows_losesNoneAndBoundsAll(Metric metric, SplittableRandom random) {
    assumeTrue(gpu.hasWgmma(), "needs compute capability 9.0");
    checkAll(metric, false, new int[] {1, 33, 128, 150}, ByHand::scanByWgmma, random);
  }

  /** As an unsigned number in the order of the floats. */
  private static long ordered(float f) {
    int bits = Float.floatToRawIntBits(f);
    return Integer.toUnsignedLong(bits < 0 ? ~bits : bits ^ 0x80000000);
  }

  private static float[] sorted(float[] values) {
    var copy = values.clone();
    Arrays.sort(copy);
    return copy;
  }

  /**
   * Each of the three ways of it: what is not above the k-th smallest upper bound stays, and what
   * is above that by more than two passes leave open goes.
   */
  @ParameterizedTest
  @EnumSource
  void tighten_anyList_keepsWhatTheKthUpperBoundDoesNotExclude(
      Metric metric, SplittableRandom random) {
    int d = 24;
    for (int n : new int[] {1, 100, 256, 257, 5000, 8192, 8193, 20_000}) {
      boolean equal = random.nextInt(4) == 0;
      var vectors = TestVectors.gaussians(random, equal ? 1 : n, d);
      var rows = new float[n][];
      Arrays.setAll(rows, r -> vectors[r % vectors.length]);
      for (int k : new int[] {1, 7, Math.min(n, 300), n, n + 1}) {
        try (var source = VectorSource.of(rows);
            var codes = DeviceCodes.load(gpu, source, 0, n, metric, Centre.of(new float[d]));
            var search = new ByHand(gpu, codes, 2, 1, n)) {
          search.encode(TestVectors.gaussians(random, 2, d), true);
          search.scanFew(); // without a threshold: all
          search.tighten(Integer.MAX_VALUE, 1024);
          var before = new int[2][];
          var lowers = new float[2][];
          var uppers = new float[2][];
          for (int q = 0; q < 2; q++) {
            assertThat(search.counts()[q]).isEqualTo(n);
            before[q] = search.listedRows(q, n);
            lowers[q] = search.lowers(q, n);
            uppers[q] = search.uppers(q, n);
            assertThat(search.threshold(q)).isEqualTo(Float.NEGATIVE_INFINITY);
          }
          search.tighten(k, 1024);
          for (int q = 0; q < 2; q++) {
            String as = "%s, n=%d, k=%d, equal=%s".formatted(metric, n, k, equal);
            int count = search.counts()[q];
            if (k > n) {
              assertThat(count).as(as).isEqualTo(n);
              assertThat(search.threshold(q)).isEqualTo(Float.NEGATIVE_INFINITY);
              continue;
            }
            float[] order = sorted(uppers[q]);
            float kth = order[k - 1];
            long range = ordered(order[n - 1]) - ordered(order[0]);
            int open = n <= 256 ? 0 : Math.max(0, 64 - Long.numberOfLeadingZeros(range) - 22);
            long last = ordered(kth) + (1L << open) - 1;
            var places = new HashMap<Integer, Integer>();
            for (int i = 0; i < n; i++) {
              places.put(before[q][i], i);
            }
            assertThat(places).hasSize(n);
            int[] kept = search.listedRows(q, count);
            float[] keptLowers = search.lowers(q, count);
            float[] keptUppers = search.uppers(q, count);
            for (int i = 0; i < count; i++) {
              assertThat(places).as("%s: of the list, once", as).containsKey(kept[i]);
              int was = places.getOrDefault(kept[i], -1);
              places.remove(kept[i]);
              assertThat(keptLowers[i]).isEqualTo(lowers[q][was]);
              assertThat(keptUppers[i]).isEqualTo(uppers[q][was]);
              assertThat(ordered(keptLowers[i])).as(as).isLessThanOrEqualTo(last);
            }
            for (int left : places.values()) {
              assertThat(lowers[q][left]).as(as).isGreaterThan(kth);
            }
            assertThat(count).as(as).isGreaterThanOrEqualTo(k);
            assertThat(search.threshold(q)).as(as).isLessThanOrEqualTo(search.thresholdOf(q, kth));
            if (open == 0) {
              assertThat(search.threshold(q)).isEqualTo(search.thresholdOf(q, kth));
            }
            assertThat(search.ints(search.where.valued, 2)[q]).isEqualTo(count);
          }
        }
      }
    }
  }

  @Test
  void tighten_listOverflowed_takesNothingMore(SplittableRandom random) {
    int n = 1000;
    try (var source = VectorSource.of(TestVectors.gaussians(random, n, 8));
        var codes = DeviceCodes.load(gpu, source, 0, n, Metric.L2, Centre.of(new float[8]));
        var search = new ByHand(gpu, codes, 2, 1, 600)) {
      search.encode(TestVectors.gaussians(random, 2, 8), true);
      search.scanFew();
      assertThat(search.counts()).containsOnly(n);
      search.tighten(10, 1024);
      assertThat(search.counts()).containsOnly(n);
      assertThat(search.threshold(0)).isEqualTo(Float.POSITIVE_INFINITY);
      search.scanFew(); // one row that the bound says nothing of would still be counted
      assertThat(search.counts()).containsOnly(n);
      search.rescore(16, true, false);
      assertThat(search.report(0).getInt("gaveUp")).isEqualTo(1);
    }
  }

  private static int[] distinct(SplittableRandom random, int count, int n) {
    int[] all = IntStream.range(0, n).toArray();
    for (int i = 0; i < count; i++) {
      int other = i + random.nextInt(n - i);
      int row = all[i];
      all[i] = all[other];
      all[other] = row;
    }
    return Arrays.copyOf(all, count);
  }

  /** Few and many rows, keys that are all different, mostly equal, all equal. */
  @ParameterizedTest
  @EnumSource
  void rescore_anyList_isTheDefinition(Metric metric, SplittableRandom random) {
    int n = 5000;
    int[] counts = {1, 2, 37, 255, 1024, 1025, 2049, 4999};
    for (int different : new int[] {n, 40, 1}) {
      for (var type : ElementType.values()) {
        int d = 1 + random.nextInt(300);
        var few = TestVectors.typed(random, type, different, d);
        try (var source = repeated(few.source(), n)) {
          for (int k : new int[] {1, 10, 2048, 4096}) {
            try (var codes = DeviceCodes.load(gpu, source, 0, n, metric, Centre.of(new float[d]));
                var search = new ByHand(gpu, codes, 3, k, n)) {
              float[][] queries = TestVectors.gaussians(random, 3, d);
              search.encode(queries, false);
              int count = counts[random.nextInt(counts.length)];
              boolean positions = random.nextBoolean();
              boolean keep = !positions && random.nextBoolean();
              int[] slots = random.nextBoolean() ? new int[] {2, 0} : new int[0];
              var lists = new int[3][];
              for (int q = 0; q < 3; q++) {
                lists[q] = distinct(random, count, n);
                search.write(search.ofQuery(search.where.listRows, q), lists[q]);
                var unknown = new float[count];
                Arrays.fill(unknown, Float.NEGATIVE_INFINITY);
                search.write(search.ofQuery(search.where.lowers, q), unknown);
              }
              search.write(search.where.counts, count, count, count);
              int blocks = new int[] {1, 4, 16}[random.nextInt(3)];
              search.rescore(blocks, positions, keep, slots);
              for (int q : slots.length == 0 ? new int[] {0, 1, 2} : slots) {
                int query = q;
                int[] rows =
                    Arrays.stream(lists[q]).map(p -> positions ? search.rowAt(p) : p).toArray();
                var keys = new HashMap<Integer, Double>();
                for (int row : rows) {
                  keys.put(
                      row, TestVectors.key(metric, queries[query], few.rows()[row % different]));
                }
                int[] expected =
                    Arrays.stream(rows)
                        .boxed()
                        .sorted(
                            Comparator.<Integer>comparingDouble(keys::get).thenComparingInt(r -> r))
                        .limit(k)
                        .mapToInt(r -> r)
                        .toArray();
                String as =
                    "%s, %s, d=%d, k=%d, count=%d, different=%d, blocks=%d, keep=%s"
                        .formatted(metric, type, d, k, count, different, blocks, keep);
                var report = search.report(q);
                assertThat(report.getInt("found")).as(as).isEqualTo(expected.length);
                assertThat(report.getInt("candidates")).as(as).isEqualTo(count);
                assertThat(report.getInt("gaveUp")).as(as).isZero();
                assertThat(report.getInt("broken")).as(as).isZero();
                assertThat(
                        search.ints(
                            search.where.found(search.where.queries) + 4L * q * k, expected.length))
                    .as(as)
                    .isEqualTo(expected);
                assertThat(
                        search.doubles(
                            search.where.keys(search.where.queries) + 8L * q * k, expected.length))
                    .as(as)
                    .isEqualTo(Arrays.stream(expected).mapToDouble(keys::get).toArray());
                if (keep) {
                  assertThat(search.counts()[q]).as(as).isEqualTo(expected.length);
                  assertThat(search.listedRows(q, expected.length)).as(as).isEqualTo(expected);
                }
              }
            }
          }
        }
        few.source().close();
      }
    }
  }

  /** Row {@code r} is row {@code r % size} of a source. */
  private static VectorSource repeated(VectorSource rows, int n) {
    int d = rows.dimension();
    var type = rows.elementType();
    long rowBytes = (long) d * type.bytes();
    var memory = Arena.ofAuto().allocate(rowBytes * n, 64);
    for (int r = 0; r < n; r++) {
      var row = rows.block(r % rows.size(), 1).data();
      MemorySegment.copy(row, 0, memory, r * rowBytes, rowBytes);
    }
    return VectorSource.over(memory, rowBytes, n, d, type);
  }

  @Test
  void rescore_whatCannotBe_isReported(SplittableRandom random) {
    float[][] rows = TestVectors.gaussians(random, 100, 10);
    rows[42][3] = Float.NaN;
    try (var source = VectorSource.of(rows);
        var codes = DeviceCodes.load(gpu, source, 0, 100, Metric.L2, Centre.of(new float[10]));
        var search = new ByHand(gpu, codes, 3, 5, 100)) {
      float[][] queries = TestVectors.gaussians(random, 3, 10);
      search.encode(queries, false);
      for (int q = 0; q < 3; q++) {
        search.write(search.ofQuery(search.where.listRows, q), 7, q == 1 ? 42 : 8);
        float key = (float) TestVectors.key(Metric.L2, queries[q], rows[7]);
        search.write(
            search.ofQuery(search.where.lowers, q),
            q == 2 ? Math.nextUp(Math.nextUp(key)) : Math.nextDown(key),
            Float.NEGATIVE_INFINITY);
      }
      search.write(search.where.counts, 2, 2, 2);
      search.rescore(1, false, false);
      int[] broken = new int[3];
      Arrays.setAll(broken, q -> search.report(q).getInt("broken"));
      assertThat(broken).containsExactly(0, ROW_NOT_FINITE, BELOW_BOUND);
    }
  }
}
