package dev.kith.core.exact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A single query allocates its answer and little else, however many rows there are. */
class AllocationTest {
  private static final int FEW = 5_000;
  private static final int MANY = 60_000;

  /** Answer, report, options' and search's own objects: two to four kilobytes, as the JIT likes. */
  private static final long LIMIT = 6144;

  @Test
  void search_oneQueryByInt8_allocatesLittleAndNotByTheRow() {
    var data = new ClusteredVectors(64, 16, 50, 0.5, 1);
    try (var rows = data.generate(0, MANY)) {
      long few = allocated(data, rows.slice(0, FEW));
      long many = allocated(data, rows);
      assertThat(many).as("few rows: %d", few).isLessThan(LIMIT);
    }
  }

  @Test
  void search_oneQueryWithSparseFilter_allocatesLittleAndNotByTheRow() {
    var data = new ClusteredVectors(64, 16, 50, 0.5, 1);
    try (var rows = data.generate(0, MANY)) {
      var filter = RowFilter.of(MANY, row -> (row * 0x9E3779B97F4A7C15L) >>> 58 == 0);
      assertThat(filter.count()).isBetween(MANY / 80L, MANY / 50L);
      var options = SearchOptions.nearest(10).withThreads(1).among(filter);
      for (boolean shadowed : new boolean[] {false, true}) {
        var shadow = shadowed ? Quantizer.INT8.encode(rows, Metric.L2) : null;
        assertThat(allocated(data, rows, shadow, options)).isLessThan(LIMIT);
      }
    }
  }

  private static long allocated(ClusteredVectors data, VectorSource rows) {
    var shadow = Quantizer.INT8.encode(rows, Metric.L2);
    return allocated(data, rows, shadow, SearchOptions.nearest(10).withThreads(1));
  }

  /** Bytes a query, once the JIT compiler is done. */
  private static long allocated(
      ClusteredVectors data, VectorSource rows, @Nullable Shadow shadow, SearchOptions options) {
    var bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    var search = new ExactScan(Kernels.inJava(), "test", new FlatData(rows, Metric.L2, shadow));
    long least = Long.MAX_VALUE;
    try (var queries = data.generate(MANY, 50)) {
      for (int round = 0; round < 100 && least >= LIMIT; round++) {
        long before = bean.getCurrentThreadAllocatedBytes();
        for (int q = 0; q < 50; q++) {
          search.search(queries.slice(q, 1), options);
        }
        least = Math.min(least, (bean.getCurrentThreadAllocatedBytes() - before) / 50);
      }
    }
    return least;
  }
}
