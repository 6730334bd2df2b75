package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
import dev.kith.cli.console.Version;
import dev.kith.embed.TextModel;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests without a Python and with {@code --seconds 0}: they are about answers, not times. */
class LabCompareCommandTest {
  @TempDir Path temp;

  @Test
  void compare_json_hasContendersMissingOnesAndRates() throws Exception {
    var texts =
        Kith.write(
            temp.resolve("texts.jsonl"),
            "{\"_id\": \"a\", \"text\": \"The storm closed the bridge.\"}",
            "{\"_id\": \"b\", \"text\": \"How long does bread bake?\"}");
    var result = compare("--texts", texts, "--keep", temp.resolve("kept"), "--json");
    assertThat(result.exit()).isZero();
    var document = result.json();
    assertThat(Kith.fields(document))
        .containsExactly(
            "data",
            "n",
            "dim",
            "queries",
            "k",
            "metric",
            "threads",
            "machine",
            "commit",
            "python",
            "contenders",
            "missing",
            "embedding");
    var contender = document.at("/contenders/0");
    assertThat(Kith.fields(contender)).containsExactly("name", "version", "device", "runs");
    assertThat(contender.get("version").textValue()).isEqualTo(Version.number());
    assertThat(Kith.fields(contender.at("/runs/0")))
        .containsExactly(
            "batch",
            "millis",
            "spread",
            "timed",
            "recall",
            "sameRows",
            "median",
            "cpuMillis",
            "remark");
    assertThat(document.get("missing").findValuesAsText("name"))
        .contains("numpy", "faiss-cpu", "torch-cpu", "faiss-gpu", "torch-gpu", "cupy", "cuvs");
    var rates = document.get("embedding");
    assertThat(rates.findValuesAsText("device")).containsExactly("cpu", "gpu");
    assertThat(rates.at("/0/textsPerSecond").doubleValue()).isPositive();
    var reason = TextModel.Device.CUDA.unavailable();
    if (reason != null) {
      assertThat(rates.at("/1/textsPerSecond").isNull()).isTrue();
      assertThat(rates.at("/1/notRun").textValue()).isEqualTo(reason);
    }
  }

  @Test
  void compare_text_saysWhatIsMissing() {
    var out = compare("--n", 50, "--dim", 3, "--query-count", 4, "--no-embedding").done();
    assertThat(out)
        .startsWith("50 x 3 float32 (synthetic, seed 1), 4 queries, k=10, l2, 1 thread each")
        .contains("; Python none")
        .containsPattern("(?m)^kith scalar flat .* 4 .* 1\\.0000  same$")
        .containsPattern("(?m)^cuvs +not run: no Python at /nowhere/python; ")
        .doesNotContain("embedding");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --threads -1 | --threads must be 0 (all cores) or more: -1
          --seconds -1 | --seconds must be 0 to 3600: -1.0
          --limit 0    | --limit must be at least 1: 0
          --n 5        | give --data and --queries, or --texts, or --n and --dim, or none: then the bundled texts
          """)
  void usage_wrong_isRefusedBeforeTheWork(String arguments, String message) {
    var words = ("lab compare " + arguments).split(" ", -1);
    assertThat(Kith.run((Object[]) words).refused())
        .isEqualTo("kith: " + message + "; see kith lab compare --help");
  }

  private static Kith.Result compare(Object... arguments) {
    var quick = Stream.of("lab", "compare", "--seconds", 0, "--python", "/nowhere/python");
    return Kith.run(Stream.concat(quick, Stream.of(arguments)).toArray());
  }
}
