package dev.kith.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
import dev.kith.cli.input.Widths;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.Ivecs;
import dev.kith.core.vector.VectorWriter;
import dev.kith.lab.measure.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of {@code bench} with efforts and several indexes; {@code --seconds 0}: no times. */
class BenchEffortTest {
  private static final int ROWS = 700;
  private static final int QUERIES = 20;

  @TempDir Path temp;
  private Path data;
  private Path queries;
  private Path truth;

  /** Writes clustered rows and, as a truth, more neighbours than any test asks for. */
  @BeforeEach
  void writeVectors() throws IOException {
    data = temp.resolve("data.npy");
    queries = temp.resolve("queries.npy");
    truth = temp.resolve("truth.ivecs");
    var vectors = new ClusteredVectors(24, 8, 10, 0.5, 1);
    try (var rows = vectors.generate(0, ROWS);
        var asked = vectors.generate(ROWS, QUERIES)) {
      VectorWriter.write(data, rows);
      VectorWriter.write(queries, asked);
      var nearest = Oracle.nearest(rows, asked, Metric.L2, 30, null);
      Ivecs.write(
          truth,
          Arrays.stream(nearest)
              .map(list -> LongStream.of(list).mapToInt(Math::toIntExact).toArray())
              .toArray(int[][]::new));
    }
  }

  @Test
  void bench_widths_areRunsWithHopsKeysAndRecall() throws Exception {
    var result = bench("--index", "graph(r=8)", "--ef", "10,40,200", "--truth", truth, "--json");
    assertThat(result.exit()).isZero();
    var report = result.json();
    assertThat(report.get("index").textValue()).isEqualTo("graph(r=8)");
    assertThat(report.get("intrinsicDimension").doubleValue()).isBetween(3.0, 12.0);
    // The codes and the graph: half a byte an element and 32 bytes of links, at least.
    assertThat(report.at("/bytes/index").longValue()).isGreaterThan(ROWS * (12 + 32));
    assertThat(report.at("/bytes/shadow").longValue()).isZero();
    var runs = report.get("runs");
    assertThat(runs).hasSize(3);
    double hops = 0;
    for (int i = 0; i < 3; i++) {
      var run = runs.get(i);
      assertThat(Kith.fields(run))
          .containsSubsequence(
              "params",
              "queries",
              "recall",
              "expectedRecall",
              "mismatches",
              "qps",
              "qpsPerCpuSecond",
              "p50Micros",
              "p99Micros",
              "hops",
              "lists",
              "keys",
              "proved",
              "slowestRound");
      assertThat(Kith.fields(run.get("params"))).containsExactly("batch", "ef");
      assertThat(run.at("/params/ef").intValue()).isEqualTo(List.of(10, 40, 200).get(i));
      assertThat(run.get("queries").intValue()).isEqualTo(QUERIES);
      assertThat(run.get("proved").booleanValue()).isFalse();
      assertThat(run.get("mismatches").isNull()).isTrue();
      assertThat(run.get("expectedRecall").doubleValue()).isBetween(0.5, 1.0);
      assertThat(run.get("bytesPerCpuSecond").isNull()).isTrue();
      assertThat(run.get("keys").doubleValue()).isBetween(10.0, (double) ROWS);
      assertThat(run.get("hops").doubleValue()).isGreaterThan(hops);
      hops = run.get("hops").doubleValue();
      for (var rate : List.of("qps", "qpsPerCpuSecond", "p50Micros", "p99Micros", "slowestRound")) {
        assertThat(run.get(rate).doubleValue()).as(rate).isFinite().isPositive();
      }
    }
    assertThat(runs.get(2).get("recall").doubleValue())
        .isGreaterThanOrEqualTo(runs.get(0).get("recall").doubleValue())
        .isGreaterThan(0.99);
  }

  @Test
  void bench_probes_areRunsWithListsAndRecall() throws Exception {
    var result =
        bench(
            "--index",
            "ivf(lists=20)",
            "--probes",
            "1,4,20",
            "--truth",
            truth,
            "--check",
            "--json");
    assertThat(result.exit()).isZero();
    var report = result.json();
    assertThat(report.get("index").textValue()).isEqualTo("ivf(lists=20)");
    assertThat(report.at("/bytes/index").longValue()).isGreaterThan(ROWS * (24 + 24 + 4));
    var runs = report.get("runs");
    assertThat(runs).hasSize(3);
    double lists = 0;
    for (int i = 0; i < 3; i++) {
      var run = runs.get(i);
      assertThat(Kith.fields(run.get("params"))).containsExactly("batch", "probes");
      int probes = run.at("/params/probes").intValue();
      assertThat(probes).isEqualTo(List.of(1, 4, 20).get(i));
      assertThat(run.get("lists").doubleValue()).isGreaterThan(lists).isLessThanOrEqualTo(probes);
      lists = run.get("lists").doubleValue();
      assertThat(run.get("hops").doubleValue()).isZero();
    }
    assertThat(runs.at("/0/recall").doubleValue()).isLessThan(1);
    assertThat(runs.at("/2/recall").doubleValue()).isEqualTo(1);
    assertThat(runs.at("/2/proved").booleanValue()).isTrue();
    assertThat(runs.at("/2/mismatches").longValue()).isZero();
    assertThat(bench("--index", "ivf(lists=20)", "--probes", "2").done())
        .containsPattern(
            "(?m)^probes 2, batch 1: .* candidates a query by int8, 2\\.0 lists read$");
  }

  @Test
  void bench_sweepOfLists_isALadderOfProbes() throws Exception {
    var document =
        bench(
                "--index",
                "ivf(lists=20)",
                "--index",
                "graph",
                "--sweep",
                "--ef",
                "7",
                "--probes",
                "3",
                "--json")
            .json();
    var lists = document.at("/indexes/0");
    var probes = new ArrayList<Integer>();
    lists.get("runs").forEach(run -> probes.add(run.at("/params/probes").intValue()));
    assertThat(probes).containsExactly(3, 1, 2, 4, 8);
    assertThat(document.at("/indexes/1/runs/0/params/ef").intValue()).isEqualTo(7);
  }

  @Test
  void probes_fewLists_stayBelowHalf() {
    assertThat(Widths.probes(0)).containsExactly(1);
    assertThat(Widths.probes(16)).containsExactly(1, 2, 4, 8);
    assertThat(Widths.probes(17)).containsExactly(1, 2, 4, 8);
  }

  /** An approximate index answers what is asked of it, and is checked only where it proves. */
  @Test
  void bench_recalls_areParams() throws Exception {
    var result = bench("--index", "graph", "--recall", "0.9,1", "--check", "--json");
    assertThat(result.exit()).isZero();
    var runs = result.json().get("runs");
    assertThat(runs.at("/0/params/recall").doubleValue()).isEqualTo(0.9);
    assertThat(runs.at("/0/recall").doubleValue()).isGreaterThan(0.85);
    assertThat(runs.at("/0/proved").booleanValue()).isFalse();
    assertThat(runs.at("/0/expectedRecall").doubleValue()).isBetween(0.89, 1.0);
    var exact = runs.get(1);
    assertThat(exact.at("/params/recall").doubleValue()).isEqualTo(1);
    assertThat(exact.get("proved").booleanValue()).isTrue();
    assertThat(exact.get("mismatches").longValue()).isZero();
    assertThat(exact.get("recall").doubleValue()).isEqualTo(1);
    assertThat(exact.get("expectedRecall").doubleValue()).isEqualTo(1);
  }

  @Test
  void bench_approximateIndexWithoutEffort_isAskedForARecall() throws Exception {
    var report = bench("--index", "vamana(degree=16)", "--json").json();
    assertThat(report.at("/runs/0/params/recall").doubleValue()).isEqualTo(0.95);
    assertThat(report.get("intrinsicDimension").isNull()).isTrue();
    assertThat(report.at("/runs/0/recall").isNull()).isTrue();
  }

  @Test
  void bench_flatWithEfforts_isExact() throws Exception {
    var out = bench("--index", "flat", "--ef", "10", "--recall", "0.5", "--check").done();
    assertThat(out)
        .containsPattern("(?m)^recall 0\\.5, batch 1: .*, proved, recall 1\\.0000, 0 rows differ$")
        .containsPattern("(?m)^ef 10, batch 1: .* candidates a query by float32, proved, recall")
        .doesNotContain("expected", "intrinsic");
  }

  @Test
  void bench_sweep_isALadderOfWidthsAndOneRunOfAnExactIndex() throws Exception {
    var document =
        bench("--index", "graph", "--index", "flat", "--sweep", "--k", "20", "--json").json();
    assertThat(Kith.fields(document)).containsExactly("indexes");
    var graph = document.at("/indexes/0");
    assertThat(graph.get("index").textValue()).isEqualTo("graph");
    var widths = new ArrayList<Integer>();
    graph.get("runs").forEach(run -> widths.add(run.at("/params/ef").intValue()));
    assertThat(widths).containsExactly(20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640);
    var flat = document.at("/indexes/1");
    assertThat(flat.get("index").textValue()).isEqualTo("flat");
    assertThat(flat.get("runs")).hasSize(1);
    assertThat(Kith.fields(flat.at("/runs/0/params"))).containsExactly("batch");
    assertThat(flat.at("/runs/0/proved").booleanValue()).isTrue();
  }

  @Test
  void ladder_fewRows_staysBelowThem() {
    assertThat(Widths.ladder(10, 25)).containsExactly(10, 15, 20);
    assertThat(Widths.ladder(1, 1_000)).startsWith(10, 15).endsWith(320, 480);
    assertThat(Widths.ladder(10, 3)).containsExactly(10);
  }

  @Test
  void bench_batchesAndEfforts_areAllMeasured() throws Exception {
    var runs =
        bench("--index", "graph", "--ef", "20,40", "--batch", "1,8", "--threads", "0", "--json")
            .json()
            .get("runs");
    var params = new ArrayList<String>();
    runs.forEach(run -> params.add(run.get("params").toString()));
    assertThat(params)
        .containsExactly(
            "{\"batch\":1,\"ef\":20}",
            "{\"batch\":1,\"ef\":40}",
            "{\"batch\":8,\"ef\":20}",
            "{\"batch\":8,\"ef\":40}");
    // 8 + 8 + 4 queries.
    assertThat(runs.get(2).get("batched").doubleValue()).isEqualTo(20 / 3.0);
  }

  @Test
  void bench_clientsWithEffort_areMeasured() throws Exception {
    var run = bench("--index", "graph", "--ef", "30", "--clients", "2", "--json").json();
    assertThat(run.at("/runs/0/params").toString())
        .isEqualTo("{\"batch\":1,\"ef\":30,\"clients\":2}");
    assertThat(run.at("/runs/0/slowestRound").isNull()).isTrue();
    assertThat(bench("--index", "graph", "--ef", "30", "--clients", "2").done())
        .contains("ef 30, 2 clients: ");
  }

  @Test
  void bench_severalIndexes_areToldOneAfterTheOther() throws Exception {
    var out = bench("--index", "flat", "--index", "hnsw(m=8)", "--ef", "50").done();
    assertThat(out.lines().filter(line -> line.contains(" over 700 x 24, l2, k=10, ")))
        .satisfiesExactly(
            line -> assertThat(line).startsWith("flat over "),
            line -> assertThat(line).startsWith("hnsw(m=8) over "));
    assertThat(out).containsPattern("(?m)^ef 50, batch 1: .* hops and .* keys a query");
    assertThat(bench("--index", "graph", "--ef", "50", "--truth", truth).done())
        .containsPattern("(?m)^ef 50, .* keys a query, recall [01]\\.\\d+ at intrinsic dimension ");
  }

  @Test
  void bench_outIds_areOfTheLastSetting() throws Exception {
    var ids = temp.resolve("ids.ivecs");
    bench("--index", "graph", "--index", "flat", "--ef", "10", "--out-ids", ids).done();
    var found = Ivecs.read(ids);
    var exact = Ivecs.read(truth);
    for (int q = 0; q < QUERIES; q++) {
      assertThat(found[q]).isEqualTo(Arrays.copyOf(exact[q], 10));
    }
  }

  @Test
  void bench_plot_hasALineForEachIndexAndBatch() throws Exception {
    var plot = temp.resolve("plot.svg");
    bench(
            "--index",
            "graph(r=8)",
            "--index",
            "flat",
            "--ef",
            "10,80",
            "--batch",
            "1,4",
            "--truth",
            truth,
            "--plot",
            plot)
        .done();
    assertThat(Files.readString(plot))
        .contains(
            ">graph(r=8), batch 1</text>",
            ">graph(r=8), batch 4</text>",
            ">flat, batch 4</text>",
            ">recall@10</text>",
            "data.npy, 700 x 24, l2; intrinsic dimension ",
            "graph(r=8), batch 1, ef 80, batch 1: recall ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--recall 1.5     | --recall must be above 0 and at most 1: 1.5",
        "--recall 0.9,0   | --recall must be above 0 and at most 1: 0.0",
        "--recall NaN     | --recall must be above 0 and at most 1: NaN",
        "--recall ,       | --recall must be above 0 and at most 1: none",
        "--recall x       | Invalid value for option '--recall' (R): 'x' is not a double",
        "--ef 0           | --ef must be at least 1: 0",
        "--ef 10,-4       | --ef must be at least 1: -4",
        "--ef ,           | --ef must be at least 1: none",
        "--ef 1.5         | Invalid value for option '--ef' (W): '1.5' is not an int",
        "--probes 0       | --probes must be at least 1: 0",
        "--probes ,       | --probes must be at least 1: none",
        "--index graph --probes 3 | --probes needs an index with lists, such as ivf; give --ef:"
            + " index=graph",
        "--index ivf --ef 3 | --ef needs an index with a beam, such as graph; give --probes:"
            + " index=ivf",
        "--plot p.svg     | --plot draws recall: give --truth or --check, too",
      })
  void bench_badEffort_isRefused(String arguments, String complaint) {
    assertThat(bench((Object[]) arguments.split(" ", -1)).refused())
        .isEqualTo("kith: " + complaint + "; see kith bench --help");
  }

  @Test
  void bench_plotThatCannotBe_isRefusedBeforeTheWork() {
    var file = temp.resolve("missing").resolve("plot.svg");
    assertThat(bench("--check", "--plot", file).refused())
        .isEqualTo(
            "kith: cannot use %s: there is no folder %s; make it first"
                .formatted(file, file.getParent()));
    assertThat(bench("--check", "--plot", temp.resolve("p.png")).refused())
        .isEqualTo("kith: what is written must end in .svg: file=" + temp.resolve("p.png"));
  }

  @Test
  void bench_wrongIndexAmongSeveral_isRefused() {
    assertThat(bench("--index", "flat", "--index", "graph(r=1)").refused())
        .startsWith("kith: index \"graph(r=1)\", column ");
    assertThat(bench("--index", "flat(shadow=int8)", "--index", "graph", "--keep-shadow").refused())
        .isEqualTo(
            "kith: --keep-shadow needs --data and an index with a shadow:"
                + " index=flat(shadow=int8), graph; see kith bench --help");
  }

  private Kith.Result bench(Object... more) {
    var arguments =
        new ArrayList<Object>(
            List.of("bench", "--data", data, "--queries", queries, "--metric=l2", "--seconds=0"));
    arguments.addAll(List.of(more));
    return Kith.run(arguments.toArray());
  }
}
