package dev.kith.cuda.exact;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.SharedGpu;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every kernel, on inputs small enough for compute-sanitizer, where kernels are 30 times slower.
 */
@Tag("gpu")
@ExtendWith(Seeded.class)
class CudaExactSearchSanitizedTest {
  /** More than a filtered search computes keys of at once. */
  private static final int N = 3000;

  private static final int[] BATCHES = {1, 2, 3, 10, 20, 40, 100, 150};

  @BeforeEach
  void requireGpu() {
    assertThat(SharedGpu.get().ledger().budget()).isPositive();
  }

  private static void check(
      VectorSource rows,
      VectorSource queries,
      Metric metric,
      int k,
      @Nullable RowFilter filter,
      Tuning tuning) {
    var backend = new TunedBackend(tuning);
    var cpu = Backends.bestBelow(backend.priority());
    var asked = SearchOptions.nearest(k);
    var options = filter == null ? asked : asked.among(filter);
    var search =
        new CudaExactSearch(SharedGpu.get(), backend, new FlatData(rows, metric, null), tuning);
    for (int round = 0; round < 2; round++) { // the second may be a graph
      var found = search.search(queries, options.onBackend("cuda"));
      assertThat(found.report().backend()).isEqualTo("cuda");
      var known =
          requireNonNull(cpu.searcher(new FlatData(rows, metric, null)))
              .search(queries, options.onBackend(cpu.name()));
      for (int q = 0; q < queries.size(); q++) {
        assertThat(found.neighbors().get(q).rows())
            .as("%s, %s, query %d of %d, k=%d", metric, tuning, q, queries.size(), k)
            .isEqualTo(known.neighbors().get(q).rows());
      }
    }
    search.drop();
  }

  @ParameterizedTest
  @EnumSource
  void search_everyBatch_agreesWithTheProcessor(Metric metric, SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, N, 100));
        var queries = VectorSource.of(TestVectors.gaussians(random, 150, 100))) {
      for (int batch : BATCHES) {
        check(rows, queries.slice(0, batch), metric, 5, null, Tuning.DEFAULT);
        if (batch > 32) {
          check(rows, queries.slice(0, batch), metric, 5, null, new Tuning(false, 0));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_everyType_agreesWithTheProcessor(ElementType type, SplittableRandom random) {
    var rows = TestVectors.typed(random, type, N, 33).source();
    for (var metric : Metric.values()) {
      check(rows, rows.slice(0, 1), metric, 10, null, Tuning.DEFAULT);
      check(rows, rows.slice(0, 6), metric, 10, null, Tuning.DEFAULT);
    }
    rows.close();
  }

  /** A filter that is scanned, one whose rows are few, and rows chunk by chunk. */
  @Test
  void search_filteredAndStreamed_agreesWithTheProcessor(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 2 * N, 20));
        var queries = VectorSource.of(TestVectors.gaussians(random, 20, 20))) {
      var most = RowFilter.of(2 * N, row -> row % 5 > 0);
      var some = RowFilter.of(2 * N, row -> row % 97 == 0);
      for (var filter : new RowFilter[] {most, some}) {
        for (int batch : new int[] {1, 20}) {
          for (int chunk : new int[] {0, 1024}) {
            check(rows, queries.slice(0, batch), Metric.L2, 7, filter, new Tuning(true, chunk));
          }
        }
      }
    }
  }

  /** Bounds that say nothing: all keys are computed. And keys that are all equal. */
  @Test
  void search_looseBoundsAndDuplicates_agreesWithTheProcessor(SplittableRandom random) {
    var tight = new float[2 * N][];
    Arrays.setAll(
        tight,
        _ -> {
          float[] row = TestVectors.gaussian(random, 16);
          for (int i = 0; i < row.length; i++) {
            row[i] = 1000 + 1e-3f * row[i];
          }
          return row;
        });
    var equal = new float[2 * N][];
    Arrays.fill(equal, TestVectors.gaussian(random, 16));
    for (var vectors : new float[][][] {tight, equal}) {
      try (var rows = VectorSource.of(vectors)) {
        for (int batch : new int[] {1, 20}) {
          for (int k : new int[] {3, 1500}) {
            check(rows, rows.slice(0, batch), Metric.L2, k, null, Tuning.DEFAULT);
          }
        }
        check(rows, VectorSource.single(new float[16]), Metric.COSINE, 3, null, Tuning.DEFAULT);
      }
    }
  }
}
