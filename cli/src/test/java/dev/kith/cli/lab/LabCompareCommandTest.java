package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
import dev.kith.cli.console.Version;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.Ivecs;
import dev.kith.core.vector.VectorWriter;
import dev.kith.embed.TextModel;
import dev.kith.lab.measure.Oracle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
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

  @Test
  void compareCurves_json_hasCurvesSpeedsAndMissingOnes() throws Exception {
    var plot = temp.resolve("p.svg");
    var result =
        compare(
            "--n",
            400,
            "--dim",
            8,
            "--query-count",
            30,
            "--index",
            "graph(r=8)",
            "--index",
            "flat",
            "--peers",
            "faiss",
            "--ef",
            "60,10",
            "--recall",
            "0.5,0.95",
            "--rounds",
            2,
            "--metric",
            "cosine",
            "--plot",
            plot,
            "--json");
    assertThat(result.exit()).isZero();
    var document = result.json();
    assertThat(Kith.fields(document))
        .containsExactly(
            "data",
            "n",
            "dim",
            "intrinsicDimension",
            "queries",
            "k",
            "metric",
            "rounds",
            "piece",
            "machine",
            "commit",
            "contestants",
            "missing");
    assertThat(document.get("metric").textValue()).isEqualTo("cosine");
    assertThat(document.get("queries").intValue()).isEqualTo(30);
    assertThat(document.get("rounds").intValue()).isEqualTo(2);
    assertThat(document.get("contestants").findValuesAsText("name"))
        .containsExactly("kith graph(r=8)", "kith flat");
    var graph = document.at("/contestants/0");
    assertThat(Kith.fields(graph))
        .containsExactly("name", "version", "buildCpuSeconds", "bytes", "curve", "speeds");
    assertThat(graph.get("version").textValue()).isEqualTo(Version.number());
    assertThat(graph.get("curve").findValuesAsText("effort")).containsExactly("beam 10", "beam 60");
    assertThat(graph.at("/curve/1/recall").doubleValue()).isGreaterThan(0.9);
    assertThat(graph.at("/speeds/0/recall").doubleValue()).isEqualTo(0.5);
    var flat = document.at("/contestants/1");
    assertThat(flat.get("curve")).hasSize(1);
    assertThat(flat.at("/curve/0/effort").textValue()).isEqualTo("exact");
    assertThat(flat.at("/curve/0/recall").doubleValue()).isEqualTo(1);
    assertThat(document.at("/missing/0/name").textValue()).isEqualTo("FAISS HNSW32 efc=200");
    assertThat(document.at("/missing/0/reason").textValue()).contains("/nowhere/python");
    assertThat(Files.readString(plot))
        .contains(">kith graph(r=8)</text>", ">kith flat</text>", "cosine; intrinsic dimension ");
  }

  @Test
  void compareCurves_text_isATable() throws Exception {
    var out =
        compare(
                "--n",
                200,
                "--dim",
                4,
                "--metric",
                "l2",
                "--index",
                "hnsw(m=8)",
                "--ef",
                50,
                "--rounds",
                1)
            .done();
    assertThat(out)
        .startsWith("synthetic, seed 1: 200 x 4 (intrinsic dimension ")
        .contains(", l2, k=10, 1,000 queries one at a time on one thread; least of 1 rounds over")
        .containsPattern("(?m)^ +0\\.9 +0\\.95 +0\\.99  build CPU-s ")
        .containsPattern("(?m)^kith hnsw\\(m=8\\) ")
        .contains("; commit ");
  }

  /** Of a file all queries are asked, as its truth has a list for each; it may have more than k. */
  @Test
  void compareCurves_files_areSearchedWithTheirTruth() throws Exception {
    var vectors = new ClusteredVectors(6, 3, 4, 0.5, 1);
    try (var rows = vectors.generate(0, 150);
        var queries = vectors.generate(150, 80)) {
      VectorWriter.write(temp.resolve("x.npy"), rows);
      VectorWriter.write(temp.resolve("q.fvecs"), queries);
      var truth =
          Arrays.stream(Oracle.nearest(rows, queries, Metric.L2, 12, null))
              .map(list -> LongStream.of(list).mapToInt(Math::toIntExact).toArray())
              .toArray(int[][]::new);
      Ivecs.write(temp.resolve("t.ivecs"), truth);
    }
    Object[] files = {
      "--data",
      temp.resolve("x.npy"),
      "--queries",
      temp.resolve("q.fvecs"),
      "--index",
      "flat",
      "--truth",
      temp.resolve("t.ivecs"),
      "--metric",
      "l2",
      "-k",
      5,
      "--rounds",
      1
    };
    var document = compare(with(files, "--json")).json();
    assertThat(document.get("queries").intValue()).isEqualTo(80);
    assertThat(document.at("/contestants/0/curve/0/recall").doubleValue()).isEqualTo(1);
    assertThat(compare(with(files, "--query-count", 7)).refused())
        .startsWith("kith: truth must hold one list a query: queries=7, lists=80, file=");
  }

  private static Object[] with(Object[] first, Object... more) {
    return Stream.concat(Stream.of(first), Stream.of(more)).toArray();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --threads -1 | --threads must be 0 (all cores) or more: -1
          --seconds -1 | --seconds must be 0 to 3600: -1.0
          --limit 0    | --limit must be at least 1: 0
          --peers nope | --peers must name some of hnswlib, lucene, jvector, faiss: nope
          --peers ,    | --peers must name some of hnswlib, lucene, jvector, faiss: none
          --index graph --recall 1.5 | --recall must be above 0 and at most 1: 1.5
          --index graph --recall ,   | --recall must be above 0 and at most 1: none
          --index graph --ef 0       | --ef must be at least 1: 0
          --index graph --ef ,       | --ef must be at least 1: none
          --index graph --rounds 0   | --rounds must be 1 to 1000: 0
          --recall 0.9 | --recall is of a comparison at equal recall: give --index or --peers, too
          --plot p.svg | --plot is of a comparison at equal recall: give --index or --peers, too
          --n 5        | give --data and --queries, or --texts, or --n and --dim, or none: then the bundled texts
          """)
  void usage_wrong_isRefusedBeforeTheWork(String arguments, String message) {
    var words = ("lab compare " + arguments).split(" ", -1);
    assertThat(Kith.run((Object[]) words).refused())
        .isEqualTo("kith: " + message + "; see kith lab compare --help");
  }

  @Test
  void compareCurves_badFilesAndNames_areRefusedBeforeTheWork() {
    var plot = temp.resolve("missing").resolve("p.svg");
    assertThat(compare("--index", "graph", "--plot", plot).refused())
        .isEqualTo(
            "kith: cannot use %s: there is no folder %s; make it first"
                .formatted(plot, plot.getParent()));
    assertThat(compare("--index", "tree").refused())
        .startsWith("kith: index \"tree\", column 1: no such index: tree; known are ");
    assertThat(compare("--index", "graph", "--truth", temp.resolve("t.ivecs")).refused())
        .isEqualTo("kith: no such file or folder: " + temp.resolve("t.ivecs"));
    assertThat(compare("--index", "graph", "--metric", "l3").refused())
        .isEqualTo("kith: metric must be l2, cosine or dot: l3");
  }

  private static Kith.Result compare(Object... arguments) {
    var quick = Stream.of("lab", "compare", "--seconds", 0, "--python", "/nowhere/python");
    return Kith.run(Stream.concat(quick, Stream.of(arguments)).toArray());
  }
}
