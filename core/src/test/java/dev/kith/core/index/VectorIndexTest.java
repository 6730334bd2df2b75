package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbor;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import org.junit.jupiter.api.Test;

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

  @Test
  void parse_unknown_saysWhatIsKnown() {
    assertThatThrownBy(() -> IndexSpec.parse("hnsw(m=16)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such index: hnsw(m=16); known are flat and flat(shadow=int8|fp16|bf16)");
  }
}
