package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.graph.QueryWalks.Walked;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.Limit;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Work;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class QueryWalksTest {

  /** A limit has a key for each query of the call; a scan that answers one of them has none. */
  @Test
  void run_walksThatFindNothingUnderASharedLimit_areAnsweredByScans(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 50, 6);
    var queries = TestVectors.gaussians(random, 7, 6);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var exact = new ExactScan(Kernels.scalar(), "test", new FlatData(source, Metric.L2, null));
      var given = new AtomicInteger();
      var none = new Neighbors(Metric.L2, new long[0], new double[0]);
      var result =
          QueryWalks.run(
              batch,
              SearchOptions.nearest(3).withThreads(2).withLimit(new Limit(queries.length)),
              SearchReport.of("test", "graph"),
              Object::new,
              _ -> given.incrementAndGet(),
              (_, q, _) -> {
                var expected = new ExpectedRecall(q / 10., q / 10., 1);
                return new Walked(
                    q % 2 == 0 ? null : none,
                    new Work(5, 0, q == 0 ? 0 : 2, 0, 0),
                    10 + q,
                    expected);
              },
              exact::search);
      for (int q = 0; q < queries.length; q++) {
        assertThat(result.neighbors().get(q).rows())
            .isEqualTo(
                q % 2 == 0 ? TestVectors.nearest(Metric.L2, queries[q], rows, 3) : new long[0]);
      }
      // Four scans of 50 rows; the walk of query 0 was none, so that it was not in vain.
      assertThat(result.report().work().rowsRead()).isEqualTo(7 * 5 + 4 * 50);
      assertThat(result.report().work().fallbacks()).isEqualTo(3);
      assertThat(result.report().work().hops()).isEqualTo(12);
      assertThat(result.report().batched()).isEqualTo(7);
      assertThat(result.report().proved()).isFalse();
      // Scans are exact; the width is the mean of the six walks there were.
      assertThat(result.report().expectedRecall())
          .isEqualTo(new ExpectedRecall(4.9 / 7, 4.9 / 7, 1));
      assertThat(result.report().width()).isEqualTo(10 + 3.5);
      assertThat(given).hasValue(2);
    }
  }
}
