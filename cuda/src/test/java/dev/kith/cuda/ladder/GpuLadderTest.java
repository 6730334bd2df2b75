package dev.kith.cuda.ladder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpus;
import dev.kith.cuda.driver.CudaUnavailableException;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be known of the rungs without a GPU. */
class GpuLadderTest {
  static Iterable<GpuRung> rungs() {
    return GpuLadder.rungs();
  }

  @Test
  void rungs_areThoseOfTheLadderInItsOrder() {
    assertThat(rungs())
        .extracting(GpuRung::name)
        .containsExactly(
            "row-by-row",
            "rows-on-host",
            "pinned-results",
            "vectorised",
            "device-sort",
            "fused-distance",
            "fused-selection",
            "tiled",
            "int8-shadow",
            "tensor-cores");
    assertThat(rungs())
        .filteredOn(GpuRung::proved)
        .extracting(GpuRung::name)
        .containsExactly("int8-shadow", "tensor-cores");
    assertThat(rungs())
        .filteredOn(rung -> rung.queriesAtOnce(2000) > 1)
        .extracting(GpuRung::name)
        .containsExactly("tiled", "tensor-cores");
    assertThat(rungs()).extracting(rung -> rung.queriesAtOnce(1)).containsOnly(1);
    assertThat(GpuLadder.rungs().getLast().queriesAtOnce(2000)).isEqualTo(1024);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void source_ofEachRung_isReadFromTheJar(GpuRung rung) {
    assertThat(rung.source())
        .contains("\n}\n")
        .doesNotContainPattern("(?m)^ *// \\[/?[a-z]+\\]$")
        .doesNotContain("\t")
        .matches("(?s)\\S.*\\n");
    assertThat(rung.file()).startsWith("cuda/src/main/cuda/").endsWith(".cu");
    assertThat(rung.description()).hasSizeGreaterThan(100).doesNotContain("  ");
  }

  @Test
  void source_saysWhatTheRungRuns() {
    var sources = new HashSet<String>();
    for (var rung : rungs()) {
      var source = rung.source();
      sources.add(source);
      var expected =
          switch (rung.name()) {
            case "row-by-row", "rows-on-host", "pinned-results" -> "stream.launch(subtract, ";
            case "vectorised" -> "kith_ladder_root(";
            case "device-sort" -> "kith_ladder_sort_step(";
            case "fused-distance" -> "kith_ladder_distances(";
            case "fused-selection" -> "kith_ladder_merge(";
            case "tiled" -> "kith_ladder_tile(";
            case "int8-shadow" -> "void scanFew(";
            default -> "multiply(";
          };
      assertThat(source).as(rung.name()).contains(expected);
    }
    assertThat(sources).as("the first three differ by what they are told").hasSize(8);
    assertThat(GpuLadder.rungs().getFirst().source())
        .startsWith("// cuda/src/main/java/dev/kith/cuda/ladder/RowSearch.java\nprivate void one(")
        .contains("// cuda/src/main/cuda/ladder.cu\n");
  }

  @Test
  void text_noSuchSectionOrFile_saysSo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LadderSource.kernels("ladder.cu", "gone").text())
        .withMessage("no section between // [gone] and // [/gone] in cuda/src/main/cuda/ladder.cu");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LadderSource.kernels("gone.cu", "key").text())
        .withMessage("the jar lacks the source cuda/src/main/cuda/gone.cu");
  }

  /** Before a device is asked for. */
  @Test
  void prepare_whatNoRungTakes_isRefused() {
    var rung = GpuLadder.rungs().getFirst();
    try (var rows = VectorSource.of(new float[][] {{1, 2}, {3, 4}});
        var other = VectorSource.of(new float[][] {{1}});
        var bytes = VectorSource.of(new byte[] {1, 2}, 2, ElementType.INT8)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> rung.prepare(rows, other, 1))
          .withMessage(
              "a rung searches float32 rows with queries like them: rows=FLOAT32 x 2 (memory),"
                  + " queries=FLOAT32 x 1 (memory)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> rung.prepare(bytes, rows, 1))
          .withMessageStartingWith(
              "a rung searches float32 rows with queries like them: rows=INT8 x 2");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> rung.prepare(rows.slice(0, 0), rows, 1))
          .withMessage(
              "a rung searches 1 to 67108864 rows with at least one query: rows=0 (memory),"
                  + " queries=2 (memory)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> rung.prepare(rows, rows, 1025))
          .withMessage("a rung finds 1 to 1024 neighbours: k=1025");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> rung.prepare(rows, rows, 0))
          .withMessage("a rung finds 1 to 1024 neighbours: k=0");
    }
  }

  @Test
  void unavailable_noGpu_isTheReasonThatSearchesGive() {
    String reason = "";
    try {
      assumeFalse(Gpus.get() == null);
    } catch (CudaUnavailableException e) {
      reason = e.reason();
    }
    assumeTrue(!reason.isEmpty(), "there is a GPU");
    assertThat(GpuLadder.unavailable()).isEqualTo(reason);
    assertThatThrownBy(GpuRates::new)
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage(reason);
    try (var rows = VectorSource.of(new float[][] {{1, 2}, {3, 4}})) {
      for (var rung : rungs()) {
        assertThatThrownBy(() -> rung.prepare(rows, rows, 1))
            .as(rung.name())
            .isInstanceOf(CudaUnavailableException.class)
            .hasMessage(reason);
      }
    }
  }
}
