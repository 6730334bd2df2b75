package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.cli.Kith;
import dev.kith.cli.lab.LabLadderCommand.Device;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import dev.kith.lab.ladder.Ladder;
import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.ladder.Rung;
import dev.kith.lab.ladder.RungProvider;
import dev.kith.lab.ladder.RungResult;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests with {@code --seconds 0}: they are about answers, not times. */
class LabLadderCommandTest {
  @TempDir Path temp;

  @Test
  void ladder_json_hasTheFixedFieldsAndTheTrueRows() throws Exception {
    var result =
        ladder("--n", 600, "--dim", 12, "--query-count", 3, "-k", 4, "--json", "--device", "cpu");
    assertThat(result.exit()).isZero();
    var document = result.json();
    assertThat(Kith.fields(document)).contains("rungs");
    var names = new ArrayList<String>();
    for (var rung : document.get("rungs")) {
      assertThat(Kith.fields(rung))
          .startsWith(
              "name",
              "device",
              "millis",
              "spread",
              "rows",
              "sameRows",
              "bytes",
              "floorMillis",
              "sampled");
      names.add(rung.get("name").textValue());
      assertThat(rung.get("device").textValue()).isEqualTo("cpu");
      assertThat(rung.get("millis").doubleValue()).isPositive();
      assertThat(rung.get("spread").doubleValue()).isNotNegative();
      assertThat(rung.get("rows")).hasSize(4).isEqualTo(document.at("/rungs/0/rows"));
      assertThat(rung.get("sameRows").booleanValue()).isTrue();
      assertThat(rung.get("bytes").longValue()).isPositive();
      assertThat(rung.get("floorMillis").isNumber()).isTrue();
      assertThat(rung.get("sampled").booleanValue()).isFalse();
      assertThat(rung.get("explanation").textValue()).isNotBlank();
      assertThat(rung.get("code").textValue()).contains("{");
    }
    assertThat(names)
        .containsSubsequence("scalar", "auto-vectorised", "vector-api", "blocked", "all-cores");
    assertThat(document.at("/task/n").longValue()).isEqualTo(600);
    assertThat(document.get("machine").textValue()).contains(Runtime.version().toString());
    assertThat(LadderResult.fromJson(result.out()).rungs()).hasSameSizeAs(names);
  }

  /** Half-precision rows, as files of embeddings often are. */
  @Test
  void ladder_filesOfHalves_areSearchedAsFloats() throws Exception {
    var rows = IntStream.range(0, 50).mapToObj(i -> new float[] {i, i % 7}).toArray(float[][]::new);
    var data = temp.resolve("rows.npy");
    try (var writer = VectorWriter.create(data, 2, ElementType.FLOAT16);
        var source = VectorSource.of(halves(rows), 2, ElementType.FLOAT16)) {
      for (var block : source.blocks(100)) {
        writer.append(block);
      }
      writer.commit();
    }
    var query = new float[] {20.4f, 3};
    var queries = temp.resolve("queries.npy");
    try (var source = VectorSource.of(new float[][] {query})) {
      VectorWriter.write(queries, source);
    }
    var nearest =
        IntStream.range(0, 50)
            .boxed()
            .sorted((a, b) -> Double.compare(key(query, rows[a]), key(query, rows[b])))
            .limit(3)
            .toList();
    var document = ladder("--data", data, "--queries", queries, "--k", 3, "--json").json();
    for (var rung : document.get("rungs")) {
      var found = new ArrayList<Integer>();
      rung.get("rows").forEach(row -> found.add(row.intValue()));
      assertThat(found).as(rung.get("name").textValue()).isEqualTo(nearest);
    }
    assertThat(document.at("/task/data").textValue()).isEqualTo(data.toString());
  }

  private static double key(float[] query, float[] row) {
    return Metric.L2.key(query, row);
  }

  private static short[] halves(float[][] rows) {
    var bits = new short[rows.length * 2];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToFloat16(rows[i / 2][i % 2]);
    }
    return bits;
  }

  @Test
  void ladder_texts_areEmbeddedOnceAndTheLastOnesAsk() throws Exception {
    var texts =
        Kith.write(
            temp.resolve("texts.jsonl"),
            "{\"_id\": \"a\", \"text\": \"The storm closed the bridge.\"}",
            "{\"_id\": \"b\", \"text\": \"Bake the bread for forty minutes.\"}",
            "{\"_id\": \"c\", \"text\": \"Wind is expected on the coast.\"}",
            "{\"_id\": \"d\", \"text\": \"How long does bread bake?\"}");
    var kept = temp.resolve("kept");
    var arguments =
        new Object[] {
          "--texts", texts, "--keep", kept, "--query-count", 1, "-k", 1, "--device", "cpu", "--json"
        };
    var first = ladder(arguments).json();
    assertThat(first.at("/task/n").longValue()).isEqualTo(3);
    assertThat(first.at("/task/queries").intValue()).isEqualTo(1);
    assertThat(first.at("/task/data").textValue())
        .isEqualTo("3 %s texts, model bge-small-en-v15-q".formatted(texts));
    assertThat(first.at("/rungs/0/rows/0").longValue()).isEqualTo(1);
    var names = Kith.names(kept);
    assertThat(names).hasSize(1).first().asString().matches("texts-[0-9a-f]{12}\\.npy");
    var written = Files.getLastModifiedTime(kept.resolve(names.getFirst()));

    assertThat(rows(ladder(arguments).json())).isEqualTo(rows(first));
    assertThat(Kith.names(kept)).isEqualTo(names);
    assertThat(Files.getLastModifiedTime(kept.resolve(names.getFirst()))).isEqualTo(written);

    ladder(Stream.concat(Stream.of(arguments), Stream.of("--max-length", 3)).toArray()).json();
    assertThat(Kith.names(kept)).hasSize(2);
  }

  private static List<JsonNode> rows(JsonNode document) {
    return document.get("rungs").findValues("rows");
  }

  @Test
  void ladder_text_isOneLineARung() {
    var out = ladder("--n", 300, "--dim", 4, "--query-count", 2).done();
    assertThat(out)
        .startsWith("300 x 4 float32 (synthetic, seed 1), 2 queries, k=10, l2")
        .containsPattern("(?m)^scalar +cpu +[0-9.]+ .* same$")
        .containsPattern("(?m)^all-cores +cpu ")
        .doesNotContain("OTHER", "for (");
    assertThat(ladder("--n", 300, "--dim", 4, "--query-count", 2, "--code").done())
        .contains(
            "Row after row, element after element",
            "  // lab/src/main/java/dev/kith/lab/ladder/ScalarRung.java",
            "      sum += gap * gap;");
  }

  @Test
  void ladder_onAGpuThatIsNotThere_isRefusedInOneLine() {
    assumeTrue(Ladder.providers().getLast().unavailable() != null, "there is a GPU");
    var refused = ladder("--n", 10, "--dim", 4, "--device", "gpu").refused();
    assertThat(refused)
        .startsWith("kith: --device gpu cannot run: ")
        .endsWith("; or give --device cpu");
    var reason = refused.replaceAll("^.*cannot run: |; or give --device cpu$", "");
    assertThat(ladder("--n", 10, "--dim", 4, "--device", "both").done())
        .containsPattern("(?m)^gpu +gpu +not run: " + Pattern.quote(reason) + "$");
    assertThat(ladder("--n", 10, "--dim", 4, "--device", "cpu").done()).doesNotContain("not run");
  }

  @Test
  void providers_gpu_saysWhyThereIsNone() {
    var cpu = Ladder.providers();
    var gpu = new Missing();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LabLadderCommand.providers(Device.GPU, List.of(cpu.getFirst(), gpu)))
        .withMessage("--device gpu cannot run: no driver; or give --device cpu");
    assertThat(LabLadderCommand.providers(Device.BOTH, List.of(cpu.getFirst(), gpu)))
        .containsExactly(cpu.getFirst(), gpu);
    assertThat(LabLadderCommand.providers(Device.CPU, List.of(gpu, cpu.getFirst())))
        .containsExactly(cpu.getFirst());
  }

  private static final class Missing implements RungProvider {
    @Override
    public String device() {
      return "gpu";
    }

    @Override
    public @Nullable String unavailable() {
      return "no driver";
    }

    @Override
    public List<Rung> rungs() {
      throw new AssertionError("there is no device");
    }

    @Override
    public Floors floors(VectorSource rows) {
      throw new AssertionError("there is no device");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --n 10                    | give --data and --queries, or --texts, or --n and --dim, or none: then the bundled texts
          --data a.npy              | give --data and --queries, or --texts, or --n and --dim, or none: then the bundled texts
          --n 10 --dim 2 --texts a  | give --data and --queries, or --texts, or --n and --dim, or none: then the bundled texts
          --n 0 --dim 2             | --n must be at least 1: 0
          --n 0 --dim 0             | --n must be at least 1: 0
          --n 1 --dim 0             | --dim must be 1 to 65536: 0
          --n -1 --dim 2            | --n must be at least 1: -1
          --n 1 --dim -2            | --dim must be 1 to 65536: -2
          --n 1 --dim 2 -k 0        | --k must be at least 1: 0
          --n 1 --dim 2 --query-count 0 | --query-count must be at least 1: 0
          --n 1 --dim 2 --seconds -1    | --seconds must be 0 to 3600: -1.0
          """)
  void usage_wrong_isRefusedBeforeTheWork(String arguments, String message) {
    var words = Stream.of(("lab ladder " + arguments).split(" +", -1));
    assertThat(Kith.run(words.filter(word -> !word.isEmpty()).toArray()).refused())
        .isEqualTo("kith: " + message + "; see kith lab ladder --help");
  }

  @Test
  void ladder_tooFewTexts_isRefused() throws Exception {
    var texts = Kith.write(temp.resolve("one.jsonl"), "{\"_id\": \"a\", \"text\": \"alone\"}");
    assertThat(ladder("--texts", texts).refused())
        .isEqualTo(
            "kith: at least two texts are needed, one to search and one to ask with: %s holds 1"
                .formatted(texts));
  }

  @Test
  void shares_ofADevicesTime_arePerCent() {
    assertThat(LabLadderCommand.shares(rung(new DeviceTime(1, 0.5, 2.5))))
        .isEqualTo("; kernels 25%, copies 13%, waiting 63%");
    assertThat(LabLadderCommand.shares(rung(null))).isEmpty();
  }

  @Test
  void sampled_aRungOfTheFirstRows_saysWhatItsRowsWereComparedWith() {
    var rung = rung(null);
    assertThat(LabLadderCommand.sampled(rung)).isEmpty();
    var sampled =
        new RungResult(
            "r", "cpu", 4, 0, List.of(), true, 0, 0, true, 1, 1, 5000, "", 0, List.of(), null, "",
            "", "", 4.0, List.of());
    assertThat(LabLadderCommand.sampled(sampled))
        .isEqualTo(", but of the first 5000 rows alone: sampled, its time scaled");
  }

  private static RungResult rung(@Nullable DeviceTime time) {
    return new RungResult(
        "r", "gpu", 4, 0, List.of(), true, 0, 0, false, 1, 1, 1, "", 0, List.of(), time, "", "", "",
        null, List.of());
  }

  @Test
  void wrap_longText_breaksBetweenWords() {
    var text = "word ".repeat(50).strip();
    assertThat(LabLadderCommand.wrap(text).lines())
        .allMatch(line -> line.length() <= 100 && !line.endsWith(" "))
        .hasSize(3);
    assertThat(LabLadderCommand.wrap(text).replaceAll("\\R", " ")).isEqualTo(text);
  }

  private static Kith.Result ladder(Object... arguments) {
    var quick = Stream.of("lab", "ladder", "--seconds", 0);
    return Kith.run(Stream.concat(quick, Stream.of(arguments)).toArray());
  }
}
