package dev.kith.core.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class LimitTest {

  @Test
  void offer_keys_keepsTheLowestOfEachQuery() {
    var limit = new Limit(2);
    assertThat(limit.key(0)).isInfinite();
    limit.offer(0, 3);
    limit.offer(0, 5);
    limit.offer(1, -1);
    assertThat(limit.key(0)).isEqualTo(3);
    assertThat(limit.key(1)).isEqualTo(-1);
    limit.offer(0, -0.5);
    assertThat(limit.key(0)).isEqualTo(-0.5);
  }

  @Test
  void offer_answersOfFewerThanK_changeNothing() {
    var limit = new Limit();
    var found = new Neighbors(Metric.L2, new long[] {4, 2}, new double[] {1, 2});
    var result = new SearchResult(List.of(found), SearchReport.of("none", "flat"));
    limit.offer(result, 3);
    assertThat(limit.key(0)).isInfinite();
    limit.offer(result, 2);
    assertThat(limit.key(0)).isEqualTo(2);
  }

  @Test
  void search_limitOfAnotherNumberOfQueries_isRefused() {
    try (var rows = VectorSource.of(new float[] {1, 2}, new float[] {3, 4})) {
      var scan = new ExactScan(Kernels.scalar(), "test", new FlatData(rows, Metric.L2, null));
      assertThatThrownBy(() -> scan.search(rows, SearchOptions.nearest(1).withLimit(new Limit())))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a limit must have a key for each query: keys=1, queries=2");
    }
  }

  /**
   * Slices of a source, some shorter than k, searched one after another: merged, the exact answer.
   */
  @RepeatedTest(20)
  void search_slicesThatShareALimit_giveTogetherTheExactAnswer(SplittableRandom random) {
    int d = 1 + random.nextInt(40);
    int n = 1 + random.nextInt(3000);
    int k = 1 + random.nextInt(40);
    int count = 1 + random.nextInt(9);
    var metric = Metric.values()[random.nextInt(3)];
    var quantizer = random.nextBoolean() ? Quantizer.INT8 : null;
    var data = new ClusteredVectors(d, Math.min(d, 6), 5, random.nextDouble(), random.nextLong());
    try (var rows = data.generate(0, n);
        var queries = data.generate(n, count)) {
      var limit = new Limit(count);
      var options = SearchOptions.nearest(k).withThreads(1 + random.nextInt(2)).withLimit(limit);
      var best = new ArrayList<TopK>();
      for (int q = 0; q < count; q++) {
        best.add(new TopK(k));
      }
      long candidates = 0;
      for (long first = 0, size; first < n; first += size) {
        size = Math.min(1 + random.nextInt(500), n - first);
        var part = rows.slice(first, size);
        var result = scan(part, metric, quantizer).search(queries, options);
        limit.offer(result, k);
        candidates += result.report().work().keysComputed();
        for (int q = 0; q < count; q++) {
          var found = result.neighbors().get(q);
          for (int i = 0; i < found.size(); i++) {
            best.get(q).offer(found.key(i), first + found.row(i));
          }
        }
      }
      var whole = scan(rows, metric, quantizer).search(queries, SearchOptions.nearest(k));
      for (int q = 0; q < count; q++) {
        var expected = whole.neighbors().get(q);
        var merged = new long[best.get(q).size()];
        best.get(q).drain(merged, new double[merged.length]);
        assertThat(merged).as("query %d", q).containsExactly(expected.rows());
        if (expected.size() == k) {
          assertThat(limit.key(q)).isGreaterThanOrEqualTo(expected.key(k - 1));
        }
      }
      assertThat(candidates).isPositive();
    }
  }

  /** What one slice found spares the next its candidates. */
  @Test
  void search_aNearSliceFirst_leavesTheOthersFewCandidates() {
    var data = new ClusteredVectors(32, 16, 1, 1, 7);
    try (var rows = data.generate(0, 20_000);
        var query = data.generate(3, 1)) {
      long alone = 0;
      long together = 0;
      var limit = new Limit();
      for (long first = 0; first < 20_000; first += 1000) {
        var scan = scan(rows.slice(first, 1000), Metric.L2, Quantizer.INT8);
        var options = SearchOptions.nearest(10).withThreads(1);
        alone += scan.search(query, options).report().work().keysComputed();
        var result = scan.search(query, options.withLimit(limit));
        together += result.report().work().keysComputed();
        assertThat(result.report().work().rowsRead()).isEqualTo(1000);
        limit.offer(result, 10);
      }
      assertThat(3 * together).isLessThan(2 * alone);
    }
  }

  private static Searcher scan(VectorSource rows, Metric metric, @Nullable Quantizer quantizer) {
    var shadow = quantizer == null ? null : quantizer.encode(rows, metric);
    return new ExactScan(Kernels.inJava(), "test", new FlatData(rows, metric, shadow));
  }
}
