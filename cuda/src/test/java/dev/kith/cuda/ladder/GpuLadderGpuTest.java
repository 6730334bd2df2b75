package dev.kith.cuda.ladder;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.TopK;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.SharedGpu;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rung on a device against plain Java. */
@Tag("gpu")
@ExtendWith(Seeded.class)
class GpuLadderGpuTest {
  private static final double U = 0x1p-24;

  /** Rows that are searched one at a time. */
  private static final int FEW_ROWS = 5000;

  @BeforeEach
  void requireGpu() {
    assertThat(SharedGpu.get().ledger().budget()).isPositive();
    assertThat(GpuLadder.unavailable()).isNull();
  }

  static List<GpuRung> rungs() {
    return GpuLadder.rungs();
  }

  /** Around warps, blocks of the sort, tiles and slices, lists that are full, and their like. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1",
    "1, 33, 3, 5",
    "2, 7, 1, 2",
    "31, 16, 2, 31",
    "63, 17, 65, 10",
    "65, 1, 64, 10",
    "255, 32, 5, 10",
    "2047, 48, 3, 26",
    "2048, 48, 3, 26",
    "2049, 31, 3, 100",
    "4096, 15, 3, 1",
    "4097, 100, 130, 1024",
    "8191, 64, 66, 128",
    "8193, 384, 63, 129",
    "70001, 12, 129, 26",
    "200000, 3, 4, 1000"
  })
  void search_anyShape_findsTheNearestByFloat32(
      int n, int d, int asked, int k, SplittableRandom random) throws Exception {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, n, d));
        var queries = VectorSource.of(TestVectors.gaussians(random, asked, d))) {
      for (var rung : rungs()) {
        if (n > FEW_ROWS && rung.source().contains("stream.launch(subtract")) {
          continue;
        }
        try (var search = rung.prepare(rows, queries, k)) {
          int atOnce = rung.queriesAtOnce(asked);
          for (int first = 0; first < Math.min(asked, 3 * atOnce); first += atOnce) {
            check(rung, search, rows, queries, k, first, Math.min(atOnce, asked - first));
          }
        }
      }
    }
  }

  /** Searches of fewer queries than there is room for, between full ones. */
  @Test
  void search_batchesOfOtherSizes_findTheSame(SplittableRandom random) throws Exception {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 9000, 40));
        var queries = VectorSource.of(TestVectors.gaussians(random, 100, 40))) {
      for (var rung : rungs()) {
        if (rung.queriesAtOnce(100) == 100) {
          try (var search = rung.prepare(rows, queries, 10)) {
            for (int count : new int[] {100, 1, 64, 100, 37}) {
              check(rung, search, rows, queries, 10, 100 - count, count);
            }
          }
        }
      }
    }
  }

  @Test
  void search_equalRows_theSmallerFirst(SplittableRandom random) throws Exception {
    var few = TestVectors.gaussians(random, 3, 24);
    var many = new float[4500][];
    Arrays.setAll(many, row -> few[row % 3]);
    try (var rows = VectorSource.of(many);
        var queries = VectorSource.of(few[1], few[2])) {
      for (var rung : rungs()) {
        try (var search = rung.prepare(rows, queries, 200)) {
          var found = search.search(0, 1).rows()[0];
          for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).as("%s, rank %d", rung, i).isEqualTo(3L * i + 1);
          }
        }
      }
    }
  }

  @Test
  void search_hugeGaps_areInfinitelyFarAndFoundLast(SplittableRandom random) throws Exception {
    try (var rows =
            VectorSource.of(new float[][] {{1e30f, 1}, {2, 2}, {-3e38f, 3e38f}, {1, 1}, {0, 1}});
        var queries = VectorSource.of(new float[][] {{0, 0}})) {
      for (var rung : rungs()) {
        if (!rung.proved()) {
          try (var search = rung.prepare(rows, queries, 5)) {
            assertThat(search.search(0, 1).rows()[0])
                .as(rung.name())
                .containsExactly(4, 3, 1, 0, 2);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void timed_isOfKernelsAndCopies(GpuRung rung) throws Exception {
    var random = new SplittableRandom(1);
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 3000, 64));
        var queries = VectorSource.of(TestVectors.gaussians(random, 8, 64));
        var search = rung.prepare(rows, queries, 10)) {
      var time = search.timed(0, rung.queriesAtOnce(8));
      assertThat(time.kernels()).isBetween(1e-4, 10_000.0);
      // A single proved query is read and answered by the kernels themselves.
      assertThat(time.copies()).isBetween(rung.name().equals("int8-shadow") ? 0 : 1e-4, 10_000.0);
      check(rung, search, rows, queries, 10, 0, 1); // measuring leaves nothing behind
    }
  }

  @Test
  void search_moreQueriesThanAtOnce_isRefused(SplittableRandom random) throws Exception {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 10, 4));
        var search = GpuLadder.rungs().get(3).prepare(rows, rows, 1)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> search.search(0, 2))
          .withMessage("this rung takes 1 to 1 queries at once: 2");
    }
  }

  @Test
  void rates_areThoseOfADevice() throws Exception {
    var rates = new GpuRates();
    assertThat(rates.readMillis(1000)).isZero();
    double gigabytesASecond = 256e6 / rates.readMillis(256_000_000) / 1e6;
    assertThat(gigabytesASecond).isBetween(50.0, 50_000.0);
    double teraMultiplyAdds = 1e12 / rates.computeMillis(1e12) / 1e9;
    assertThat(teraMultiplyAdds).isBetween(0.5, 500.0);
    assertThat(256e6 / rates.readMillis(256_000_000) / 1e6).as("kept").isEqualTo(gigabytesASecond);
  }

  @Test
  void close_givesAllMemoryBack(SplittableRandom random) throws Exception {
    var ledger = SharedGpu.get().ledger();
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 1000, 8))) {
      for (var rung : rungs()) {
        try (var search = rung.prepare(rows, rows, 3)) {
          search.search(0, 1); // what searches keep for the next
        }
        long before = ledger.used();
        try (var search = rung.prepare(rows, rows, 3)) {
          search.search(0, 1);
          assertThat(ledger.used()).as(rung.name()).isGreaterThan(before);
        }
        assertThat(ledger.used()).as(rung.name()).isEqualTo(before);
      }
    }
  }

  /**
   * Distances are right to the bound of float32 sums, in order, ties by smaller row, and no row
   * that was left out is nearer than that bound lets it be.
   */
  private static void check(
      GpuRung rung,
      GpuSearch search,
      VectorSource rows,
      VectorSource queries,
      int k,
      int first,
      int count) {
    var found = search.search(first, count);
    int n = (int) rows.size();
    int d = rows.dimension();
    assertThat(found.rows()).as("%s: queries", rung).hasNumberOfRows(count);
    assertThat(found.bytes()).as("%s: bytes", rung).isPositive();
    for (int q = 0; q < count; q++) {
      var query = queries.row(first + q);
      var what =
          "%s, n=%d, d=%d, k=%d, query %d of %d from %d".formatted(rung, n, d, k, q, count, first);
      var truth = new double[n];
      var best = new TopK(Math.min(k, n));
      for (int row = 0; row < n; row++) {
        truth[row] = Metric.L2.key(query, rows.row(row));
        best.offer(truth[row], row);
      }
      double kth = best.bound();
      var expected = new long[best.size()];
      best.drain(expected, new double[expected.length]);
      var nearest = found.rows()[q];
      if (rung.proved()) {
        assertThat(nearest).as(what).isEqualTo(expected);
        continue;
      }
      var distances = requireNonNull(found.distances())[q];
      assertThat(nearest).as(what).hasSize(expected.length).doesNotHaveDuplicates();
      double off = 2 * (d + 6) * U; // of squares; roots are off by less
      for (int i = 0; i < nearest.length; i++) {
        double squared = (double) distances[i] * distances[i];
        double exact = truth[(int) nearest[i]];
        assertThat(Math.abs(squared - exact))
            .as("%s, rank %d: %s, not %s", what, i, distances[i], Math.sqrt(exact))
            .isLessThanOrEqualTo(off * exact + 1e-40);
        assertThat(exact).as("%s, rank %d", what, i).isLessThanOrEqualTo(kth * (1 + 2 * off));
        if (i > 0) {
          assertThat(distances[i]).as(what).isGreaterThanOrEqualTo(distances[i - 1]);
          if (distances[i] == distances[i - 1]) {
            assertThat(nearest[i]).as(what).isGreaterThan(nearest[i - 1]);
          }
        }
      }
    }
  }
}
