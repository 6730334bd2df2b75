package dev.kith.lab.ladder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SourceCodeTest {
  private static final Path PROJECT = Path.of("..");

  /** Rungs of the CPU; sources of a GPU's have several parts, which cuda's tests look for. */
  static Stream<Rung> rungs() {
    return Ladder.providers().stream()
        .filter(provider -> provider.device().equals("cpu"))
        .flatMap(provider -> provider.rungs().stream())
        .filter(rung -> rung.unavailable() == null);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void code_ofEachRung_standsInItsFile(Rung rung) throws IOException {
    var code = rung.code();
    var lines = code.text().lines().map(String::strip).toList();
    var file =
        Files.readAllLines(PROJECT.resolve(code.file())).stream().map(String::strip).toList();
    assertThat(file).containsSequence(lines);
    assertThat(lines).hasSizeGreaterThan(5);
    assertThat(lines.getLast()).isEqualTo("}");
    assertThat(code.text().chars().filter(c -> c == '{').count())
        .isEqualTo(code.text().chars().filter(c -> c == '}').count());
  }

  /** Finds the loops of other machines than this one, too. */
  @Test
  void function_everyCKernel_isFound() {
    for (var kernel :
        List.of(
            "panel_avx512_vnni.c:INLINE int32_t scan(",
            "panel_avx512_vnni.c:TARGET int32_t kith_panel_tile_avx512_vnni(",
            "panel_avx2.c:INLINE int32_t scan(",
            "panel_avx2.c:TARGET int32_t kith_panel_tile_avx2(",
            "panel_neon.c:INLINE int32_t scan(",
            "panel_neon.c:TARGET int32_t kith_panel_tile_neon_dotprod(",
            "panel_portable.c:int32_t kith_panel_scan_portable(",
            "panel_portable.c:int32_t kith_panel_tile_portable(")) {
      var parts = kernel.split(":", -1);
      assertThat(SourceCode.function("native/src/main/c/" + parts[0], parts[1]).text())
          .contains(parts[1])
          .endsWith("\n}\n");
    }
  }

  @Test
  void function_indented_losesItsIndentation() {
    var code =
        SourceCode.function(
            "lab/src/main/java/dev/kith/lab/ladder/ScalarRung.java",
            "private static float squaredDistance(");
    assertThat(code.text())
        .startsWith("private static float squaredDistance(")
        .contains("\n  for (int i = 0;", "\n    sum += gap * gap;\n")
        .endsWith("\n}\n");
  }

  @Test
  void function_notThere_saysWhichAndWhere() {
    var file = "lab/src/main/java/dev/kith/lab/ladder/ScalarRung.java";
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SourceCode.function(file, "void nothing("))
        .withMessage(
            "no such function in the source: file=%s, signature=void nothing(".formatted(file));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SourceCode.function("Nothing.java", ""))
        .withMessage(
            "no such source among the lab's resources: Nothing.java; name it in lab/pom.xml");
  }
}
