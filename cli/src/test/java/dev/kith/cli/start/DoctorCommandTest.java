package dev.kith.cli.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
import dev.kith.embed.ModelCatalog;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  @Test
  void doctor_json_hasAllBackendsTested() throws Exception {
    var result = Kith.run("doctor", "--json");
    assertThat(result.exit()).isZero();
    var backends = result.json().get("backends");
    assertThat(backends.findValuesAsText("name"))
        .containsExactly("cuda", "native", "simd", "scalar");
    for (var backend : backends) {
      assertThat(Kith.fields(backend)).containsExactly("name", "usable", "reason", "selfTest");
      assertThat(backend.get("usable").isBoolean()).isTrue();
      assertThat(backend.get("reason").textValue()).isNotBlank();
      // Without a GPU there is no backend cuda; without a C compiler, or where C is no faster, none
      // native: doctor says so.
      boolean missing =
          !backend.get("reason").textValue().matches("NVIDIA .*|C kernels .*|Vector.*|plain.*");
      assertThat(backend.get("usable").booleanValue()).isEqualTo(!missing);
      assertThat(backend.get("selfTest").textValue()).isEqualTo(missing ? "not run" : "passed");
    }
  }

  @Test
  void doctor_json_hasTheModelsAndTheMachine() throws Exception {
    var report = Kith.run("doctor", "--json").json();
    assertThat(report.get("jdk").textValue()).contains(Runtime.version().toString());
    assertThat(report.get("cpu").textValue()).contains(" cores, ");
    assertThat(report.get("version").textValue()).startsWith("0.");
    var models = report.get("models");
    assertThat(models.findValuesAsText("name"))
        .isEqualTo(ModelCatalog.entries().stream().map(ModelCatalog.Entry::name).toList());
    var first = models.get(0);
    assertThat(first.get("name").textValue()).isEqualTo(ModelCatalog.DEFAULT);
    assertThat(first.get("here").booleanValue()).isTrue();
    assertThat(first.get("dimension").intValue()).isEqualTo(384);
  }

  @Test
  void doctor_text_hasALineABackendAndAModel() {
    var lines = Kith.run("doctor").done().lines().toList();
    assertThat(lines).filteredOn(line -> line.startsWith("backend ")).hasSize(4);
    assertThat(lines)
        .filteredOn(line -> line.startsWith("backend "))
        .allMatch(
            line ->
                (line.contains(" usable ") && line.endsWith("; self-test passed"))
                    || line.startsWith("backend   native   not usable ")
                    || line.startsWith("backend   cuda     not usable "));
    assertThat(lines)
        .filteredOn(line -> line.startsWith("model "))
        .hasSize(ModelCatalog.entries().size());
    assertThat(lines).startsWith("kith      " + version());
  }

  private static String version() {
    return List.of(Kith.run("--version").out().strip().split(" ", -1)).getLast();
  }
}
