package dev.kith.cuda.exact;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.backend.Backends;
import dev.kith.core.backend.ExactSearchContract;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.SharedGpu;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** As a program finds it: rows on the device, warpgroup products where there are any. */
@Tag("gpu")
class CudaExactSearchTest extends ExactSearchContract {
  @BeforeEach
  void requireGpu() {
    assertThat(SharedGpu.get().ledger().budget()).isPositive();
  }

  Tuning tuning() {
    return Tuning.DEFAULT;
  }

  @Override
  protected Backend backend() {
    return new TunedBackend(tuning());
  }

  @Override
  protected Set<String> bounds() {
    return Set.of("int8");
  }

  @Test
  @Override
  protected void search_deadlineOrCancelWhileRescoring_stops(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 4000, 4));
        var zero = VectorSource.of(new float[4])) {
      var search = exactSearch(source, Metric.COSINE);
      var asked = new AtomicInteger();
      var options = nearest(3).withCancel(() -> asked.incrementAndGet() > 2);
      assertThatThrownBy(() -> search.search(zero, options))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessage("the search was cancelled by its caller");
    }
  }

  @Test
  @Override
  protected void search_cancelledHalfway_throwsSoon(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 2000, 64))) {
      var search = exactSearch(rows, Metric.L2);
      var asked = new AtomicInteger();
      var options = nearest(3).withCancel(() -> asked.incrementAndGet() > 1);
      assertThatThrownBy(() -> search.search(rows.slice(0, 1), options))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessage("the search was cancelled by its caller");
      assertThat(asked.get()).isEqualTo(2);
    }
  }

  /** Enough for many tiles a block, and several groups and chunks. */
  @ParameterizedTest
  @EnumSource
  void search_manyTiles_agreesWithTheProcessor(Metric metric) {
    var cpu = Backends.bestBelow(backend().priority());
    for (int d : new int[] {100, 384, 768}) {
      var data = new ClusteredVectors(d, 24, 50, 0.5, d);
      try (var rows = data.generate(0, 60_000);
          var queries = data.generate(60_000, 700)) {
        var search = exactSearch(rows, metric);
        var expected = requireNonNull(cpu.searcher(new FlatData(rows, metric, null)));
        for (int batch : new int[] {1, 2, 3, 4, 5, 16, 17, 40, 65, 130, 300, 700}) {
          for (int k : new int[] {1, 10, 100}) {
            var asked = queries.slice(0, batch);
            var result = search.search(asked, nearest(k));
            var known = expected.search(asked, SearchOptions.nearest(k).onBackend(cpu.name()));
            for (int q = 0; q < batch; q++) {
              assertThat(result.neighbors().get(q).rows())
                  .as("d=%d, batch=%d, k=%d, query=%d", d, batch, k, q)
                  .isEqualTo(known.neighbors().get(q).rows());
            }
          }
        }
      }
    }
  }

  /** Their codes would leave no byte of a block's shared memory for what the kernel declares. */
  @Test
  void search_queriesThatFillSharedMemory_areServed(SplittableRandom random) {
    int d = SharedGpu.get().device().sharedBytesPerBlockOptin() / 8 / 16 * 16;
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 150, d))) {
      var result = exactSearch(rows, Metric.DOT).search(rows.slice(0, 3), nearest(2));
      for (int q = 0; q < 3; q++) {
        assertThat(result.neighbors().get(q).row(0)).isEqualTo(q);
      }
    }
  }

  @Test
  void search_tooManyNeighbours_isRefusedIfForcedAndElseHandedOn(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 2100, 3))) {
      var search = exactSearch(rows, Metric.L2);
      var one = rows.slice(0, 1);
      assertThatThrownBy(() -> search.search(one, nearest(2049)))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage(
              "backend cuda cannot serve: k must be at most 2048 on the device: k=2049; ask for"
                  + " fewer or name no backend");
      var result = search.search(one, SearchOptions.nearest(2049));
      assertThat(result.report().backend()).isNotEqualTo("cuda");
      assertThat(result.neighbors().getFirst()).hasSize(2049);
      assertThat(search.search(one, nearest(2048)).neighbors().getFirst().rows())
          .isEqualTo(java.util.Arrays.copyOf(result.neighbors().getFirst().rows(), 2048));
    }
  }

  @Test
  void search_tinyAndUnforced_isHandedOnAndSaysSo(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 100, 3))) {
      var result = exactSearch(rows, Metric.L2).search(rows, SearchOptions.nearest(2));
      assertThat(result.report().backend()).isNotEqualTo("cuda");
    }
  }

  @Test
  void search_sourceClosed_throws(SplittableRandom random) {
    var rows = VectorSource.of(TestVectors.gaussians(random, 100, 3));
    var search = exactSearch(rows, Metric.L2);
    var query = VectorSource.single(new float[3]);
    assertThat(search.search(query, nearest(2)).neighbors().getFirst()).hasSize(2);
    rows.close();
    assertThatThrownBy(() -> search.search(query, nearest(2)))
        .isInstanceOf(IllegalStateException.class);
  }
}
