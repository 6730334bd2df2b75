package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.Neighbor;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import org.junit.jupiter.api.Test;
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
  void parse_textOfASpec_isThatSpec(String text) {
    var spec = IndexSpec.parse(text);
    assertThat(spec).hasToString(text).isEqualTo(IndexSpec.parse(spec.toString()));
    try (var rows = VectorSource.of(new float[] {0, 0}, new float[] {3, 4})) {
      var index = VectorIndex.over(rows, Metric.L2, text);
      assertThat(index.spec()).isEqualTo(spec);
      assertThat(index.shadowBytes() > 0).isEqualTo(text.contains("shadow"));
      var result = index.search(rows, SearchOptions.nearest(1));
      assertThat(result.report().index()).isEqualTo(text);
      assertThat(result.neighbors().get(1).rows()).containsExactly(1);
    }
  }

  @Test
  void parse_shadow_isItsQuantizer() {
    assertThat(IndexSpec.parse("flat(shadow=int8)"))
        .isEqualTo(new IndexSpec.Flat(Quantizer.INT8))
        .isNotEqualTo(new IndexSpec.Flat(Quantizer.FP16))
        .isNotEqualTo(new IndexSpec.Flat(null));
  }

  @Test
  void parse_unknownShadow_saysWhatIsKnown() {
    assertThatThrownBy(() -> IndexSpec.parse("flat(shadow=int4)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such shadow: int4; known are int8, fp16, bf16");
  }

  @Test
  void parse_unknown_saysWhatIsKnown() {
    assertThatThrownBy(() -> IndexSpec.parse("hnsw(m=16)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such index: hnsw(m=16); known are flat and flat(shadow=int8|fp16|bf16)");
    assertThatThrownBy(() -> IndexSpec.parse("flat()"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such index: flat(); known are flat and flat(shadow=int8|fp16|bf16)");
  }
}
