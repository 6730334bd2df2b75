package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.graph.GraphData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Neighbor;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.time.Duration;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorIndexTest {

  @Test
  void search_oneQuery_givesNearestFirstWithScores() {
    try (var rows = VectorSource.of(new float[] {0, 0}, new float[] {3, 4}, new float[] {6, 8})) {
      var index = VectorIndex.over(rows, Metric.L2, "flat");
      assertThat(index.search(new float[] {0, 0}, 2))
          .containsExactly(new Neighbor(0, 0), new Neighbor(1, 5));
      assertThat(index.spec()).hasToString("flat");
      assertThat(index.metric()).isEqualTo(Metric.L2);
      assertThat(index.rows()).isSameAs(rows);
    }
  }

  /** Two threads whose queries wait for a third, which ends when they do. */
  @Test
  @Timeout(60)
  void batching_queriesOfManyThreads_areServedTogether() throws Exception {
    try (var rows = VectorSource.of(new float[] {0}, new float[] {3}, new float[] {6});
        var threads = Executors.newCachedThreadPool()) {
      var index = VectorIndex.over(rows, Metric.L2, "flat(shadow=int8)");
      var limits = BatchingOptions.DEFAULTS.withLatencyBound(Duration.ofMinutes(1));
      var batching = index.batching(limits);
      var go = new CountDownLatch(1);
      var runs = new CountDownLatch(1);
      var held =
          SearchOptions.nearest(3)
              .withCancel(
                  () -> {
                    runs.countDown();
                    try {
                      go.await();
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                    return false;
                  });
      var first = threads.submit(() -> batching.search(rows.slice(0, 1), held));
      runs.await();
      var options = SearchOptions.nearest(1);
      var second = threads.submit(() -> batching.search(rows.slice(1, 1), options));
      var third = threads.submit(() -> batching.search(rows.slice(2, 1), options));
      while (((BatchingIndex) batching).queued() < 2) {
        Thread.sleep(1);
      }
      go.countDown();
      assertThat(first.get().report().batched()).isEqualTo(1);
      assertThat(second.get().report().batched()).isEqualTo(2);
      assertThat(third.get().report().batched()).isEqualTo(2);
      assertThat(second.get().neighbors().getFirst()).containsExactly(new Neighbor(1, 0));
      assertThat(third.get().neighbors().getFirst()).containsExactly(new Neighbor(2, 0));
      assertThat(batching.spec()).isEqualTo(index.spec());
      assertThat(batching.rows()).isSameAs(rows);
      assertThat(batching.metric()).isEqualTo(Metric.L2);
      assertThat(batching.data()).isSameAs(index.data());
      assertThat(batching.indexBytes()).isEqualTo(index.indexBytes());
      assertThat(index.batching().search(new float[] {2}, 1)).containsExactly(new Neighbor(1, 1));
    }
  }

  @Test
  void search_forcedBackend_servesOrFails() {
    try (var rows = VectorSource.of(new float[] {1})) {
      var index = VectorIndex.over(rows, Metric.DOT, "flat");
      var forced = SearchOptions.nearest(1);
      assertThat(index.search(rows, forced.onBackend("scalar")).report().backend())
          .isEqualTo("scalar");
      assertThatThrownBy(() -> index.search(rows, forced.onBackend("cuda")))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage("no such backend: cuda; known are simd, scalar");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flat", "flat(shadow=int8)", "flat(shadow=fp16)", "flat(shadow=bf16)"})
  void over_textOfASpec_isAnIndexOfThatSpec(String text) {
    var spec = IndexSpec.parse(text);
    try (var rows = VectorSource.of(new float[] {0, 0}, new float[] {3, 4})) {
      var index = VectorIndex.over(rows, Metric.L2, text);
      assertThat(index.spec()).isEqualTo(spec);
      assertThat(index.data().bytes() > 0).isEqualTo(text.contains("shadow"));
      var result = index.search(rows, SearchOptions.nearest(1));
      assertThat(result.report().index()).isEqualTo(text);
      assertThat(result.neighbors().get(1).rows()).containsExactly(1);
    }
  }

  @Test
  void calibrate_graph_isAnotherIndexOfTheSameRows() {
    var random = new SplittableRandom(5);
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 600, 12));
        var queries = VectorSource.of(TestVectors.gaussians(random, 50, 12))) {
      var index = VectorIndex.over(rows, Metric.L2, "graph(r=8)");
      for (var from : new VectorIndex[] {index, index.batching()}) {
        var again = from.calibrate(queries);
        assertThat(again).isNotSameAs(from);
        assertThat(((GraphData) again.data()).curve().likely()).isEqualTo(50);
        assertThat(again.data().parts().get(GraphData.GRAPH))
            .isSameAs(index.data().parts().get(GraphData.GRAPH));
        var asked = SearchOptions.nearest(5).withEffort(new Effort.Recall(0.9));
        var report = again.search(queries, asked).report();
        assertThat(Objects.requireNonNull(report.expectedRecall()).mean())
            .isGreaterThanOrEqualTo(0.9);
      }
    }
  }

  @Test
  void calibrate_exactIndex_isRefused() {
    try (var rows = VectorSource.of(new float[] {0, 0}, new float[] {3, 4})) {
      var index = VectorIndex.over(rows, Metric.L2, "flat");
      assertThatThrownBy(() -> index.calibrate(rows))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("there is no recall to calibrate: answers of this index are exact");
    }
  }
}
