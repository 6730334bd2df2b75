package dev.kith.core.exact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Searcher;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a search does not do because it would cost more than the rows that matter. */
@ExtendWith(Seeded.class)
class EffortTest {
  private static final Kernels KERNELS = Kernels.inJava();

  @Test
  void search_sparseFilter_keepsNoNormsOfOtherRows(SplittableRandom random) {
    int n = 6400;
    try (var rows = VectorSource.of(TestVectors.gaussians(random, n, 16));
        var queries = VectorSource.of(TestVectors.gaussians(random, 22, 16))) {
      var search = new ExactScan(KERNELS, "test", new FlatData(rows, Metric.L2, null));
      var sparse = SearchOptions.nearest(5).among(RowFilter.of(n, row -> row % 64 == 9));
      search.search(queries.slice(0, 1), sparse);
      search.search(queries, sparse);
      assertThat(search.bytes()).isZero();
      // Those of blocks that are scanned as a whole are kept.
      search.search(queries.slice(0, 1), SearchOptions.nearest(5));
      assertThat(search.bytes()).isEqualTo(4L * n);
    }
  }

  @Test
  void search_filterOfFewRowsAPanel_readsTheRowsAndElseTheShadow(SplittableRandom random) {
    int n = 6400;
    try (var rows = VectorSource.of(TestVectors.gaussians(random, n, 16))) {
      var shadow = Quantizer.INT8.encode(rows, Metric.L2);
      var search = new ExactScan(KERNELS, "test", new FlatData(rows, Metric.L2, shadow));
      var query = rows.slice(77, 1);
      assertThat(report(search, query, RowFilter.of(n, row -> row % 16 == 3)).bound())
          .isEqualTo("float32");
      assertThat(report(search, query, RowFilter.of(n, row -> row == 7)).bound())
          .isEqualTo("float32");
      assertThat(report(search, query, RowFilter.of(n, row -> row % 16 < 12)).bound())
          .isEqualTo("int8");
      assertThat(report(search, query, RowFilter.of(n, row -> row >= 640 && row < 704)).bound())
          .isEqualTo("int8");
    }
  }

  private static SearchReport report(Searcher search, VectorSource query, RowFilter filter) {
    return search.search(query, SearchOptions.nearest(5).among(filter)).report();
  }

  /** To wake a thread takes longer than to search a small segment. */
  @Test
  void search_littleWork_staysOnTheCallersThread(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 1000, 64));
        var many = VectorSource.of(TestVectors.gaussians(random, 40_000, 64))) {
      var small = new ExactScan(KERNELS, "test", new FlatData(rows, Metric.L2, null));
      assertThat(threads(small, rows.slice(0, 1))).containsExactly(Thread.currentThread());
      assertThat(threads(small, rows.slice(0, 3))).containsExactly(Thread.currentThread());
      var large = new ExactScan(KERNELS, "test", new FlatData(many, Metric.L2, null));
      assertThat(threads(large, rows.slice(0, 30))).hasSizeGreaterThan(1);
    }
  }

  /** Those that ask whether the search was cancelled: all that work. */
  private static Set<Thread> threads(Searcher search, VectorSource queries) {
    var asking = ConcurrentHashMap.<Thread>newKeySet();
    var options =
        SearchOptions.nearest(5)
            .withThreads(4)
            .withCancel(
                () -> {
                  asking.add(Thread.currentThread());
                  return false;
                });
    search.search(queries, options);
    return asking;
  }
}
