package dev.kith.cli.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.cli.Kith;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.Ivecs;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Tests with {@code --seconds 0}: they are about answers, not times. */
class BenchCommandTest {
  @TempDir Path temp;
  private Path data;
  private Path queries;

  /** Writes rows on a line: rows 1, 2 and 3 are equally far from the queries at 0 and at 2. */
  @BeforeEach
  void writeVectors() throws IOException {
    data = npy("data.npy", new float[][] {{0}, {1}, {1}, {1}, {5}});
    queries = npy("queries.npy", new float[][] {{0}, {2}, {9}});
  }

  @Test
  void bench_json_hasTheFixedFields() throws Exception {
    var result = bench("--metric", "l2", "--k", "2", "--batch", "1,2", "--check", "--json");
    assertThat(result.exit()).isZero();
    var report = result.json();
    assertThat(Kith.fields(report))
        .containsSubsequence(
            "index",
            "metric",
            "n",
            "dim",
            "k",
            "threads",
            "backend",
            "machine",
            "commit",
            "buildCpuSeconds",
            "buildSeconds",
            "bytes",
            "runs");
    assertThat(report.get("index").textValue()).isEqualTo("flat");
    assertThat(report.get("metric").textValue()).isEqualTo("l2");
    assertThat(report.get("n").intValue()).isEqualTo(5);
    assertThat(report.get("dim").intValue()).isEqualTo(1);
    assertThat(report.get("k").intValue()).isEqualTo(2);
    assertThat(report.get("threads").intValue()).isEqualTo(1);
    assertThat(report.get("backend").textValue()).isEqualTo(Backends.choose(null).name());
    assertThat(report.get("machine").textValue()).contains(Runtime.version().toString());
    assertThat(report.get("commit").textValue()).matches("[0-9a-f]{12}\\+?|unknown");
    assertThat(report.get("buildCpuSeconds").isDouble()).isTrue();
    assertThat(report.get("buildSeconds").isDouble()).isTrue();
    assertThat(Kith.fields(report.get("bytes"))).containsExactly("rows", "shadow", "index");
    assertThat(report.get("bytes").get("rows").longValue()).isEqualTo(5 * 4);
    assertThat(report.get("bytes").get("shadow").longValue()).isZero();
    assertThat(report.get("bytes").get("index").isIntegralNumber()).isTrue();

    var runs = report.get("runs");
    assertThat(runs).hasSize(2);
    assertThat(runs.get(0).get("params").get("batch").intValue()).isEqualTo(1);
    assertThat(runs.get(1).get("params").get("batch").intValue()).isEqualTo(2);
    for (var run : runs) {
      assertRun(run);
    }
  }

  private static void assertRun(JsonNode run) {
    assertThat(Kith.fields(run))
        .containsSubsequence(
            "params",
            "queries",
            "recall",
            "mismatches",
            "qps",
            "qpsPerCpuSecond",
            "p50Micros",
            "p99Micros",
            "batched",
            "candidates",
            "bound",
            "fallbacks",
            "proved");
    assertThat(run.get("queries").intValue()).isEqualTo(3);
    assertThat(run.get("recall").doubleValue()).isEqualTo(1.0);
    assertThat(run.get("mismatches").isIntegralNumber()).isTrue();
    assertThat(run.get("mismatches").longValue()).isZero();
    for (var rate : List.of("qps", "qpsPerCpuSecond", "p50Micros", "p99Micros")) {
      assertThat(run.get(rate).isDouble()).as(rate).isTrue();
      assertThat(run.get(rate).doubleValue()).as(rate).isFinite().isPositive();
    }
    assertThat(run.get("p50Micros").doubleValue())
        .isLessThanOrEqualTo(run.get("p99Micros").doubleValue());
    assertThat(run.get("candidates").doubleValue()).isBetween(2.0, 5.0);
    assertThat(run.get("proved").isBoolean()).isTrue();
    assertThat(run.get("proved").booleanValue()).isTrue();
  }

  @Test
  void bench_withoutTruthOrCheck_knowsNoRecall() throws Exception {
    var run = bench("--metric", "l2", "--json").json().get("runs").get(0);
    assertThat(run.get("recall").isNull()).isTrue();
    assertThat(run.get("mismatches").isNull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "l2, simd, 0",
    "l2, scalar, 1",
    "cosine, simd, 1",
    "cosine, scalar, 2",
    "dot, simd, 2",
    "dot, scalar, 0"
  })
  void bench_check_findsNoDifference(String metric, String backend, int threads) throws Exception {
    long seed = 25;
    var random = new SplittableRandom(seed);
    var rows = npy("rows.npy", gaussians(random, 300, 19));
    var asked = npy("asked.npy", gaussians(random, 7, 19));
    var report =
        Kith.run(
                "bench",
                "--seconds=0",
                "--data=" + rows,
                "--queries=" + asked,
                "--metric=" + metric,
                "--backend=" + backend,
                "--threads=" + threads,
                "--batch=3",
                "--check",
                "--json")
            .json();
    assertThat(report.get("metric").textValue()).isEqualTo(metric);
    assertThat(report.get("backend").textValue()).isEqualTo(backend);
    assertThat(report.get("threads").intValue())
        .isEqualTo(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
    var run = report.get("runs").get(0);
    assertThat(run.get("mismatches").longValue()).as("seed " + seed).isZero();
    assertThat(run.get("recall").doubleValue()).isEqualTo(1.0);
    assertThat(run.get("proved").booleanValue()).isTrue();
  }

  @Test
  void bench_synthetic_isTheSameEveryTime() throws Exception {
    var arguments = "bench --metric l2 --n 200 --dim 5 --query-count 9 --seed 3 --seconds 0 -k 4";
    for (var file : new String[] {"a.ivecs", "b.ivecs"}) {
      var words = new ArrayList<Object>(List.of(arguments.split(" ", -1)));
      words.add("--out-ids");
      words.add(temp.resolve(file));
      assertThat(Kith.run(words.toArray()).done())
          .startsWith(
              "flat over 200 x 5, l2, k=4, 1 thread, backend " + Backends.choose(null).name())
          .contains("batch 1: ", " queries/s, ", ", proved");
    }
    assertThat(temp.resolve("a.ivecs")).hasSameBinaryContentAs(temp.resolve("b.ivecs"));
    assertThat(Ivecs.read(temp.resolve("a.ivecs"))).hasDimensions(9, 4);
  }

  @Test
  void bench_outIds_areTheRowsOfEachQueryNearestFirst() throws Exception {
    var ids = temp.resolve("ids.ivecs");
    bench("--metric", "l2", "--k", "3", "--batch", "2", "--out-ids", ids).done();
    assertThat(Ivecs.read(ids)).isDeepEqualTo(new int[][] {{0, 1, 2}, {1, 2, 3}, {4, 1, 2}});
    bench("--metric", "l2", "--k", "99", "--out-ids", ids).done();
    assertThat(Ivecs.read(ids))
        .isDeepEqualTo(new int[][] {{0, 1, 2, 3, 4}, {1, 2, 3, 0, 4}, {4, 1, 2, 3, 0}});
    assertThat(Kith.names(temp)).containsExactly("data.npy", "ids.ivecs", "queries.npy");
  }

  @Test
  void bench_truth_countsTiesAsFound() throws Exception {
    // The answers are 0 1, 1 2 and 4 1; the truth names other rows that are just as near.
    assertThat(recall(new int[][] {{0, 3}, {3, 2}, {4, 3}})).isEqualTo(1.0);
    // Only what is in place k or before counts.
    assertThat(recall(new int[][] {{0, 3, 4}, {3, 2, 0}, {4, 3, 0}})).isEqualTo(1.0);
  }

  @Test
  void bench_truth_countsWhatIsFartherAsMissed() throws Exception {
    // The truth is that of data with a row at 0 twice: row 1 is farther than the second one.
    assertThat(recall(new int[][] {{0, 0}, {3, 2}, {4, 3}})).isEqualTo(5 / 6.0);
    assertThat(recall(new int[][] {{0, 0}, {3, 2}, {4, 4}})).isEqualTo(4 / 6.0);
  }

  /** A truth of another metric must not look like a perfect score. */
  @Test
  void bench_truthThatIsNotTheNearest_doesNotCountNearerRows() throws Exception {
    assertThat(recall(new int[][] {{4, 4}, {4, 0}, {0, 0}})).isZero();
  }

  private double recall(int[][] truth) throws IOException {
    var file = temp.resolve("truth.ivecs");
    Ivecs.write(file, truth);
    var result = bench("--metric", "l2", "--k", "2", "--truth", file, "--json");
    assertThat(result.exit()).isZero();
    var run = result.json().get("runs").get(0);
    assertThat(run.get("mismatches").isNull()).isTrue();
    return run.get("recall").doubleValue();
  }

  /** The definition never differs from a real answer, so it is computed of other rows. */
  @Test
  void bench_rowsDiffer_areCountedAndExitIsOne() throws Exception {
    long[][] definition = {{0, 1, 2}, {1, 2, 3}, {4, 1, 2}};
    assertThat(compare(definition)).isEqualTo(new Comparison(0, 0, 1.0));
    long[][] twoSwapped = {{0, 1, 2}, {1, 3, 2}, {4, 1, 2}};
    assertThat(compare(twoSwapped)).isEqualTo(new Comparison(1, 2, 1.0));
    long[][] oneNearer = {{0, 1, 0}, {1, 2, 3}, {4, 1, 2}};
    assertThat(compare(oneNearer)).isEqualTo(new Comparison(1, 1, 8 / 9.0));
  }

  private record Comparison(int exit, long mismatches, double recall) {}

  private Comparison compare(long[][] expected) throws IOException {
    var bench = new BenchCommand();
    var out = new StringWriter();
    var line = new CommandLine(bench).setOut(new PrintWriter(out));
    line.parseArgs("--metric=l2", "--k=3", "--seconds=0", "--json");
    try (var rows = VectorSource.of(new float[][] {{0}, {1}, {1}, {1}, {5}});
        var asked = VectorSource.of(new float[][] {{0}, {2}, {9}})) {
      int exit =
          bench.run(rows, asked, null, expected, Metric.L2, List.of(IndexSpec.parse("flat")));
      var run = new Kith.Result(exit, out.toString(), "").json().get("runs").get(0);
      return new Comparison(
          exit, run.get("mismatches").longValue(), run.get("recall").doubleValue());
    }
  }

  @Test
  void bench_noRows_findsNothing() throws Exception {
    var none = temp.resolve("none.npy");
    try (var writer = VectorWriter.create(none, 1)) {
      writer.commit();
    }
    var ids = temp.resolve("ids.ivecs");
    var run =
        Kith.run(
                "bench",
                "--seconds=0",
                "--metric=dot",
                "--data=" + none,
                "--queries=" + queries,
                "--out-ids=" + ids,
                "--check",
                "--json")
            .json()
            .get("runs")
            .get(0);
    assertThat(run.get("mismatches").longValue()).isZero();
    assertThat(Ivecs.read(ids)).isDeepEqualTo(new int[3][0]);
  }

  @Test
  void bench_floor_saysHowFastRowsCanBeRead() throws Exception {
    var report = Kith.run(words("--metric l2 --n 2000 --dim 64 --query-count 2 --floor --json"));
    assertThat(report.json().get("readBytesPerSecond").doubleValue()).isGreaterThan(1e6);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--k 0               | --k must be at least 1: 0",
        "--k -3 --check      | --k must be at least 1: -3",
        "--batch 0           | --batch must be at least 1: 0",
        "--batch 4,-1        | --batch must be at least 1: -1",
        "--batch ,           | --batch must be at least 1: none",
        "--batch 1,x         | Invalid value for option '--batch' (B): 'x' is not an int",
        "--threads -1        | --threads must be 0 (all cores) or more: -1",
        "--seconds -1        | --seconds must be 0 to 86400: -1.0",
        "--seconds NaN       | --seconds must be 0 to 86400: NaN",
        "--seconds Infinity  | --seconds must be 0 to 86400: Infinity",
        "--n 0               | --n must be at least 1: 0",
        "--n -1              | --n must be at least 1: -1",
        "--n 5 --dim 0       | --dim must be 1 to 65536: 0",
        "--n 5 --dim -1      | --dim must be 1 to 65536: -1",
        "--n 5 --dim 65537   | --dim must be 1 to 65536: 65537",
        "--query-count 0     | --query-count must be at least 1: 0",
        "--n 5 --dim         | Missing required parameter for option '--dim' (D)",
      })
  void bench_badNumber_isRefused(String numbers, String complaint) {
    var arguments = new ArrayList<Object>(List.of("bench", "--metric=l2"));
    if (!numbers.contains("--n ")) {
      arguments.add("--n=5");
    }
    if (!numbers.contains("--dim")) {
      arguments.add("--dim=2");
    }
    arguments.addAll(List.of(numbers.split(" ", -1)));
    assertThat(Kith.run(arguments.toArray()).refused())
        .isEqualTo("kith: " + complaint + "; see kith bench --help");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--n 5",
        "--dim 5",
        "--data d.npy",
        "--queries q.npy",
        "--data d.npy --n 5 --dim 2",
        "--data d.npy --queries q.npy --n 5",
        "--data d.npy --queries q.npy --n 5 --dim 2"
      })
  void bench_halfOrBothOfFilesAndSynthetic_isRefused(String sources) {
    assertThat(Kith.run(words("--metric l2 " + sources)).refused())
        .isEqualTo("kith: give --data and --queries, or --n and --dim; see kith bench --help");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"flat | float32", "flat(shadow=int8) | int8", "flat(shadow=bf16) | bf16"})
  void bench_anyShadow_isCheckedAndReported(String index, String bound) throws Exception {
    for (var more : List.of("", "--filter-fraction 0.3", "--filter-fraction 0")) {
      var words =
          words("--metric cosine --n 3000 --dim 24 --query-count 30 --batch 1,30 --check --json");
      var arguments = new ArrayList<Object>(List.of(words));
      arguments.addAll(List.of("--index", index));
      arguments.addAll(more.isEmpty() ? List.of() : List.of((Object[]) more.split(" ", -1)));
      var result = Kith.run(arguments.toArray());
      assertThat(result.exit()).isZero();
      var report = result.json();
      assertThat(report.get("index").textValue()).isEqualTo(index);
      long bytes = report.get("bytes").get("shadow").longValue();
      assertThat(bytes).isEqualTo(expectedShadowBytes(bound, 3000, 24));
      for (var run : report.get("runs")) {
        assertThat(run.get("mismatches").longValue()).isZero();
        assertThat(run.get("fallbacks").longValue()).isZero();
        if (!more.endsWith(" 0") && run.get("params").get("batch").intValue() == 1) {
          assertThat(run.get("bound").textValue()).isEqualTo(bound);
        }
      }
    }
  }

  private static long expectedShadowBytes(String bound, long rows, int d) {
    return switch (bound) {
      case "int8" -> (4L * d + 63) / 64 * 64 + (rows + 15) / 16 * (16L * d + 384);
      case "bf16" -> rows * (2L * d + 8);
      default -> 0;
    };
  }

  @Test
  void bench_clients_areMeasuredAndChecked() throws Exception {
    for (var batching : List.of("", "--batching", "--batching=0", "--batching=1000000")) {
      var arguments = new ArrayList<Object>();
      arguments.addAll(List.of("--k", "2", "--clients", "1,5", "--check", "--json"));
      arguments.addAll(batching.isEmpty() ? List.of() : List.of(batching));
      arguments.addAll(List.of("--metric", "l2"));
      var result = bench(arguments.toArray());
      assertThat(result.exit()).isZero();
      var runs = result.json().get("runs");
      assertThat(runs).hasSize(2);
      for (var run : runs) {
        assertRun(run);
        assertThat(run.get("params").get("batch").intValue()).isEqualTo(1);
        assertThat(run.get("params").path("batchingMicros").intValue())
            .isEqualTo(
                switch (batching) {
                  case "--batching" -> 200;
                  case "--batching=1000000" -> 1_000_000;
                  default -> 0;
                });
        double together = run.get("batched").doubleValue();
        int clients = run.get("params").get("clients").intValue();
        assertThat(together).isBetween(1.0, batching.isEmpty() ? 1.0 : (double) clients);
      }
      assertThat(runs.get(0).get("params").get("clients").intValue()).isEqualTo(1);
      assertThat(runs.get(1).get("params").get("clients").intValue()).isEqualTo(5);
    }
    assertThat(bench("--metric", "l2", "--clients", "3").done()).contains("3 clients: ");
    assertThat(bench("--metric", "l2", "--clients", "3", "--batching=5000").done())
        .contains("3 clients, batching 5000 us, ", " queries together: ");
  }

  @Test
  void bench_clientsAndOptionsThatDoNotGoTogether_areRefused() {
    assertThat(bench("--metric", "l2", "--clients", "2", "--batch", "3").refused())
        .isEqualTo(
            "kith: clients ask one query at a time: give --clients or --batch, not both; see kith"
                + " bench --help");
    assertThat(bench("--metric", "l2", "--batching").refused())
        .isEqualTo("kith: --batching needs --clients; see kith bench --help");
    assertThat(bench("--metric", "l2", "--clients", "0").refused())
        .isEqualTo("kith: --clients must be 1 to 10000: 0; see kith bench --help");
    assertThat(bench("--metric", "l2", "--clients", "2", "--batching=-1").refused())
        .isEqualTo(
            "kith: --batching must be 0 to 60000000 microseconds: -1; see kith bench --help");
  }

  @Test
  void bench_keepShadow_savesItAndReportsDamage() throws Exception {
    Object[] arguments = {"--metric", "dot", "--index", "flat(shadow=int8)", "--keep-shadow"};
    var file = Path.of(data + ".dot.int8.shadow");
    assertThat(bench(arguments).done()).contains("shadow 0.0 MB");
    assertThat(file).exists();
    var saved = Files.getLastModifiedTime(file);
    var checked = new ArrayList<Object>(List.of(arguments));
    checked.add("--check");
    assertThat(bench(checked.toArray()).done()).contains("0 rows differ");
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(saved);

    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    assertThat(bench(checked.toArray()).refused())
        .startsWith("kith: the shadow must have its checksum: file=" + file + ", offset=64, ")
        .endsWith("; delete it and build it again");
    Files.write(file, new byte[10]);
    assertThat(bench(arguments).refused())
        .isEqualTo(
            "kith: a shadow starts with its magic: file="
                + file
                + ", offset=0, expected=KITHSHAD, found=10 bytes; delete it and build it again");
  }

  @Test
  void bench_keepShadowThatIsAnothers_isRefusedAndLeftAlone() throws Exception {
    Object[] arguments = {"--metric", "dot", "--index", "flat(shadow=int8)", "--keep-shadow"};
    var file = Path.of(data + ".dot.int8.shadow");
    assertThat(bench(arguments).exit()).isZero();
    byte[] whole = Files.readAllBytes(file);
    byte[] foreign =
        "another file, which is longer than a header is; it is text. ".repeat(3).getBytes(UTF_8);
    byte[] otherRows = whole.clone();
    otherRows[40] ^= 1;
    var crc = new CRC32C();
    crc.update(otherRows, 0, 60);
    ByteBuffer.wrap(otherRows).order(ByteOrder.LITTLE_ENDIAN).putInt(60, (int) crc.getValue());
    var bad = new LinkedHashMap<String, byte[]>();
    bad.put("a shadow starts with its magic: ", foreign);
    bad.put("the shadow must be of these rows (", otherRows);
    bad.put("the file must end with its body: ", Arrays.copyOf(whole, whole.length - 1));
    for (var each : bad.entrySet()) {
      Files.write(file, each.getValue());
      assertThat(bench(arguments).refused())
          .startsWith("kith: " + each.getKey())
          .contains("file=" + file)
          .endsWith("; delete it and build it again");
      assertThat(Files.readAllBytes(file)).isEqualTo(each.getValue());
    }
    Files.delete(file);
    Files.createDirectory(file);
    assertThat(bench(arguments).refused())
        .isEqualTo("kith: cannot use %s: it is a folder, not a file".formatted(file));
  }

  @Test
  void bench_shadowAndFilterOptions_areCheckedFirst() {
    assertThat(bench("--metric", "l2", "--keep-shadow").refused())
        .isEqualTo(
            "kith: --keep-shadow needs --data and an index with a shadow: index=flat; see kith"
                + " bench --help");
    assertThat(bench("--metric", "l2", "--filter-fraction", "1.5").refused())
        .isEqualTo("kith: --filter-fraction must be 0 to 1: 1.5; see kith bench --help");
    assertThat(bench("--metric", "l2", "--index", "flat(shadow=int4)").refused())
        .isEqualTo(
            "kith: index \"flat(shadow=int4)\", column 13: no such shadow: int4; known are int8,"
                + " fp16, bf16, bits1 to bits8, pq48x4 and such");
  }

  @Test
  void bench_unknownNames_areRefused() {
    assertThat(bench("--metric", "l3").refused())
        .isEqualTo("kith: metric must be l2, cosine or dot: l3");
    assertThat(bench("--metric", "l2", "--index", "tree").refused())
        .isEqualTo(
            "kith: index \"tree\", column 1: no such index: tree; known are flat,"
                + " flat(shadow=int8|fp16|bf16|bits1..bits8|pq48x4),"
                + " graph(r=64,codes=auto|int4|int8|float16|float32,dims=auto|all|N,builder=insert|knn|nndescent,efc=128,alpha=1.1,passes=1,seed=1),"
                + " hnsw(m=16,efc=200,codes=int8|int4|auto|float16|float32,seed=1),"
                + " vamana(degree=64,alpha=1.2,efc=100,passes=2,codes=int8|int4|auto|float16|float32,seed=1),"
                + " ivf(lists=4096,codes=int8|bits1..bits8|pq48x4|pq48x8|opq48x4|opq48x8,refine=rows,seed=1),"
                + " auto(recall=0.99)");
    assertThat(bench("--metric", "l2", "--backend", "abacus").refused())
        .isEqualTo("kith: no such backend: abacus; known are cuda, native, simd, scalar");
  }

  @Test
  void bench_dataMissing_isRefused() {
    var missing = temp.resolve("missing.npy");
    assertThat(benchOf(missing, queries).refused())
        .isEqualTo("kith: no such file or folder: " + missing);
    assertThat(benchOf(data, missing).refused())
        .isEqualTo("kith: no such file or folder: " + missing);
    assertThat(benchOf(temp, queries).refused())
        .isEqualTo("kith: cannot use %s: it is a folder, not a file".formatted(temp));
  }

  @Test
  void bench_dataDamaged_isRefused() throws Exception {
    var cut = temp.resolve("cut.npy");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(data), (int) Files.size(data) - 1));
    assertThat(benchOf(cut, queries).refused())
        .isEqualTo(
            "kith: the file must be as long as its shape says: file=%s, offset=128, expected=5 rows of 4 bytes, found=19 bytes; the file is cut short or damaged; copy it again"
                .formatted(cut));
    var empty = Files.write(temp.resolve("empty.npy"), new byte[0]);
    assertThat(benchOf(empty, queries).refused())
        .contains("file=" + empty, "offset=0", "found=an empty file");
    var text = Kith.write(temp.resolve("text.fvecs"), "not vectors");
    assertThat(benchOf(text, queries).refused()).contains("file=" + text, "is it another format?");
    var table = Kith.write(temp.resolve("table.csv"), "1,2");
    assertThat(benchOf(table, queries).refused())
        .isEqualTo(
            "kith: vector files end in .npy, .fvecs or .bvecs: file=%s; rename or convert it"
                .formatted(table));
  }

  @Test
  void bench_valuesNotFinite_areRefused() throws Exception {
    var nan = npy("nan.npy", new float[][] {{0}, {1}, {Float.NaN}});
    assertThat(benchOf(nan, queries).refused())
        .isEqualTo(
            "kith: vectors must be finite: file=%s, offset=136, row=2, element=0, found=NaN; remove or repair that row"
                .formatted(nan));
    var infinite = npy("infinite.npy", new float[][] {{Float.NEGATIVE_INFINITY}});
    assertThat(benchOf(data, infinite).refused())
        .contains("file=" + infinite, "row=0, element=0, found=-Infinity");
  }

  @Test
  void bench_queriesThatDoNotFit_areRefused() throws Exception {
    var wide = npy("wide.npy", new float[][] {{1, 2}});
    for (var check : new String[] {"--check", "--json"}) {
      assertThat(benchOf(data, wide, check).refused())
          .isEqualTo(
              "kith: queries must have the dimension of the data: queries=2 (%s), data=1 (%s)"
                  .formatted(wide, data));
    }
    var none = temp.resolve("none.npy");
    try (var writer = VectorWriter.create(none, 1)) {
      writer.commit();
    }
    assertThat(benchOf(data, none).refused()).isEqualTo("kith: no queries: " + none);
  }

  @Test
  void bench_truthThatDoesNotFit_isRefused() throws Exception {
    assertThat(refusedTruth(new int[][] {{0, 1}, {0, 1}}))
        .endsWith("lists=2, queries=3")
        .startsWith("kith: the truth must have one list a query: file=");
    assertThat(refusedTruth(new int[][] {{0, 1}, {0, 1}, {0}}))
        .startsWith("kith: the truth must hold k rows a query: file=")
        .endsWith("query=2, k=2, rows=1");
    for (int row : new int[] {-1, 5}) {
      assertThat(refusedTruth(new int[][] {{0, 1}, {0, row}, {0, 1}}))
          .startsWith("kith: the truth names a row that is not there: file=")
          .endsWith("query=1, row=%d, rows=5".formatted(row));
    }
    assertThat(bench("--metric", "l2", "--truth", data).refused())
        .startsWith("kith: every list must lie in the file: file=" + data);
    assertThat(bench("--metric", "l2", "--truth", temp.resolve("no.ivecs")).refused())
        .isEqualTo("kith: no such file or folder: " + temp.resolve("no.ivecs"));
  }

  private String refusedTruth(int[][] truth) throws IOException {
    var file = temp.resolve("truth.ivecs");
    Ivecs.write(file, truth);
    return bench("--metric", "l2", "--k", "2", "--truth", file).refused();
  }

  @Test
  void bench_outIdsThatCannotBe_areRefusedBeforeTheWork() throws Exception {
    var before = Files.readAllBytes(data);
    assertThat(bench("--metric", "l2", "--out-ids", data).refused())
        .isEqualTo("kith: what is written must end in .ivecs: file=" + data);
    assertThat(data).hasBinaryContent(before);
    var file = temp.resolve("missing").resolve("ids.ivecs");
    assertThat(bench("--metric", "l2", "--out-ids", file).refused())
        .isEqualTo(
            "kith: cannot use %s: there is no folder %s; make it first"
                .formatted(file, file.getParent()));
    var folder = Files.createDirectory(temp.resolve("folder.ivecs"));
    assertThat(bench("--metric", "l2", "--out-ids", folder).refused())
        .isEqualTo("kith: cannot use %s: it is a folder, not a file".formatted(folder));
  }

  private Kith.Result bench(Object... arguments) {
    return benchOf(data, queries, arguments);
  }

  private static Kith.Result benchOf(Path data, Path queries, Object... more) {
    var arguments = new ArrayList<Object>(List.of("bench", "--data", data, "--queries", queries));
    arguments.add("--seconds=0");
    arguments.addAll(List.of(more));
    if (!arguments.contains("--metric")) {
      arguments.add("--metric=l2");
    }
    return Kith.run(arguments.toArray());
  }

  private static Object[] words(String arguments) {
    return ("bench --seconds 0 " + arguments).strip().split(" +", -1);
  }

  private Path npy(String name, float[][] rows) throws IOException {
    var file = temp.resolve(name);
    try (var source = VectorSource.of(rows)) {
      VectorWriter.write(file, source);
    }
    return file;
  }

  private static float[][] gaussians(SplittableRandom random, int rows, int dimension) {
    var vectors = new float[rows][dimension];
    for (var vector : vectors) {
      for (int i = 0; i < dimension; i++) {
        vector[i] = (float) random.nextGaussian();
      }
    }
    return vectors;
  }

  @Test
  void bench_withoutVectors_measuresSomethingSmall() throws Exception {
    var report = Kith.run("bench", "--seconds", 0, "--query-count", 2, "--json").json();
    var results = report.get("indexes");
    assertThat(results).hasSize(2);
    assertThat(results.get(0).get("index").textValue()).isEqualTo("flat");
    assertThat(results.get(1).get("index").textValue()).isEqualTo("flat(shadow=int8)");
    for (var result : results) {
      assertThat(result.get("n").longValue()).isEqualTo(20_000);
      assertThat(result.get("dim").intValue()).isEqualTo(384);
      assertThat(result.get("metric").textValue()).isEqualTo("cosine");
    }
  }
}
