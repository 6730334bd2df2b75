package dev.kith.cli.bench;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Shutdown;
import dev.kith.cli.input.UserFiles;
import dev.kith.cli.input.VectorOptions;
import dev.kith.core.backend.Backends;
import dev.kith.core.index.BatchingOptions;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Work;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.Ivecs;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.measure.Oracle;
import dev.kith.lab.measure.ReadBandwidth;
import dev.kith.lab.profile.NamedRange;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Command that measures speed and correctness of an index on given or synthetic vectors. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures an index: rates, latencies, recall, proof.",
      "Give --data and --queries (.npy, .fvecs, .bvecs), or --n and --dim for synthetic ones."
    })
public final class BenchCommand implements Callable<Integer> {
  static final double NANOS = 1e9;

  /** Relative difference of keys below which they may be a tie in a truth computed in float32. */
  private static final double TIE = 1e-6;

  private static final double MAX_SECONDS = 86_400;
  private static final int MAX_CLIENTS = 10_000;

  /** What {@code --batching} stands for without a number: no number that a user could mean. */
  private static final String AS_SUITS = "-2147483648";

  private static final int MAX_BATCHING = 60_000_000;

  @Spec CommandSpec spec;

  @Mixin VectorOptions vectors;

  @Option(
      names = "--query-count",
      defaultValue = "512",
      paramLabel = "Q",
      description = "how many synthetic queries; default: ${DEFAULT-VALUE}")
  long queryCount;

  @Option(
      names = "--truth",
      paramLabel = "T.ivecs",
      description = "the true nearest rows of each query, for recall")
  @Nullable Path truthFile;

  @Option(
      names = "--metric",
      required = true,
      paramLabel = "l2|cosine|dot",
      description = "what near means")
  String metricName;

  @Option(
      names = "--index",
      defaultValue = "flat",
      paramLabel = "SPEC",
      description = "flat, flat(shadow=int8|fp16|bf16); default: ${DEFAULT-VALUE}")
  String indexSpec;

  @Option(
      names = "--keep-shadow",
      description =
          "keep the shadow beside the data, as X.npy.METRIC.SHADOW.shadow, and use it again; with"
              + " --check, or if the data is newer, it is verified")
  boolean keepShadow;

  @Option(
      names = "--filter-fraction",
      paramLabel = "F",
      description = "search among that share of the rows alone, chosen by --seed; 0 to 1")
  @Nullable Double filterFraction;

  @Option(
      names = "--batch",
      defaultValue = "1",
      split = ",",
      paramLabel = "B",
      description = "queries handed over at once, several sizes with commas; default: 1")
  List<Integer> batches = new ArrayList<>();

  @Option(
      names = "--clients",
      split = ",",
      paramLabel = "N",
      description =
          "instead of --batch: so many threads ask at once, each one query after another; several"
              + " numbers with commas")
  List<Integer> clients = new ArrayList<>();

  @Option(
      names = "--batching",
      arity = "0..1",
      fallbackValue = AS_SUITS,
      paramLabel = "US",
      description =
          "with --clients: queries of different clients are searched together; one is queued for"
              + " at most US microseconds; if not given, as suits the backend")
  @Nullable Integer batching;

  @Option(
      names = "--threads",
      defaultValue = "1",
      paramLabel = "T",
      description = "threads of a search, 0 for all cores; default: ${DEFAULT-VALUE}")
  int threads;

  @Option(names = "--backend", paramLabel = "B", description = "the backend that must search")
  @Nullable String backend;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      paramLabel = "S",
      description =
          "measured for at least so long, after warming up; 0: hardly, where the answers matter"
              + " and not the time; default: ${DEFAULT-VALUE}")
  double seconds;

  @Option(names = "--out-ids", paramLabel = "F.ivecs", description = "write the rows found")
  @Nullable Path outIds;

  @Option(
      names = "--check",
      description = "compare with the float64 definition; exit 1 if one row differs")
  boolean check;

  @Option(
      names = "--floor",
      description = "also measure how fast one thread can read the rows at all")
  boolean floor;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  private @Nullable RowFilter filter;

  /** Document printed with {@code --json}. */
  record Report(
      String index,
      String metric,
      long n,
      int dim,
      int k,
      int threads,
      String backend,
      String machine,
      String commit,
      double buildCpuSeconds,
      double buildSeconds,
      Bytes bytes,
      @Nullable Double readBytesPerSecond,
      List<Run> runs) {}

  /** Bytes of memory: the rows, a smaller copy of them, everything else that the index keeps. */
  record Bytes(long rows, long shadow, long index) {}

  /**
   * Measurements with one setting.
   *
   * @param recall share of the true {@code k} nearest that were found; null without --truth and
   *     --check
   * @param mismatches rows that differ from the definition; null without --check
   * @param bytesPerCpuSecond bytes of the rows, read once a batch
   * @param batched queries searched together, on average
   * @param candidates candidates a query
   * @param bound what excluded rows
   * @param fallbacks queries for which the shadow's bound was too loose
   */
  record Run(
      Map<String, Integer> params,
      long queries,
      @Nullable Double recall,
      @Nullable Long mismatches,
      double qps,
      double qpsPerCpuSecond,
      double bytesPerCpuSecond,
      double p50Micros,
      double p99Micros,
      double batched,
      double candidates,
      String bound,
      long fallbacks,
      boolean proved) {}

  @Override
  public Integer call() throws IOException {
    var metric = Metric.parse(metricName);
    var built = IndexSpec.parse(indexSpec);
    requireUsable(built);
    try (var rows = vectors.rows();
        var queries = vectors.queries(queryCount)) {
      if (queries.size() == 0) {
        throw new IllegalArgumentException("no queries: " + queries.name());
      }
      VectorOptions.requireFit(rows, queries);
      rows.requireFinite();
      queries.requireFinite();
      int[][] truth = truthFile == null ? null : readTruth(rows, queries);
      if (filterFraction != null) {
        var random = new SplittableRandom(vectors.seed());
        double share = filterFraction;
        filter = RowFilter.of(rows.size(), _ -> random.nextDouble() < share);
      }
      long[][] expected = check ? Oracle.nearest(rows, queries, metric, vectors.k(), filter) : null;
      return run(rows, queries, truth, expected, metric, built);
    }
  }

  /** Refuses an option that cannot be used before the work begins. */
  private void requireUsable(IndexSpec built) throws IOException {
    require(
        vectors.whole() && vectors.files() != vectors.synthetic(),
        "give --data and --queries, or --n and --dim",
        "");
    vectors.requireUsable(queryCount);
    require(threads >= 0, "--threads must be 0 (all cores) or more: ", threads);
    require(!batches.isEmpty(), "--batch must be at least 1: ", "none");
    for (int batch : batches) {
      require(batch >= 1, "--batch must be at least 1: ", batch);
    }
    for (int count : clients) {
      require(
          count >= 1 && count <= MAX_CLIENTS,
          "--clients must be 1 to %d: ".formatted(MAX_CLIENTS),
          count);
    }
    require(
        clients.isEmpty() || batches.equals(List.of(1)),
        "clients ask one query at a time: give --clients or --batch, not both",
        "");
    if (batching != null) {
      require(!clients.isEmpty(), "--batching needs --clients", "");
      require(
          isAsSuits() || (batching >= 0 && batching <= MAX_BATCHING),
          "--batching must be 0 to %d microseconds: ".formatted(MAX_BATCHING),
          batching);
    }
    require(
        seconds >= 0 && seconds <= MAX_SECONDS,
        "--seconds must be 0 to %.0f: ".formatted(MAX_SECONDS),
        seconds);
    if (filterFraction != null) {
      require(
          filterFraction >= 0 && filterFraction <= 1,
          "--filter-fraction must be 0 to 1: ",
          filterFraction);
      require(truthFile == null, "--filter-fraction changes the truth: give --check instead", "");
    }
    if (keepShadow) {
      boolean shadowed = built instanceof IndexSpec.Flat flat && flat.shadow() != null;
      require(
          shadowed && vectors.data() != null,
          "--keep-shadow needs --data and an index with a shadow: index=",
          indexSpec);
    }
    if (backend != null) {
      Backends.choose(backend);
    }
    if (outIds != null) {
      UserFiles.requireWritable(outIds, ".ivecs");
    }
  }

  private void require(boolean condition, String rule, Object found) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), rule + found);
    }
  }

  private int[][] readTruth(VectorSource rows, VectorSource queries) throws IOException {
    var file = Objects.requireNonNull(truthFile);
    UserFiles.requireReadable(file);
    var truth = Ivecs.read(file);
    if (truth.length != queries.size()) {
      throw new IllegalArgumentException(
          "the truth must have one list a query: file=%s, lists=%d, queries=%d"
              .formatted(file, truth.length, queries.size()));
    }
    for (int q = 0; q < truth.length; q++) {
      if (truth[q].length < Math.min(vectors.k(), rows.size())) {
        throw new IllegalArgumentException(
            "the truth must hold k rows a query: file=%s, query=%d, k=%d, rows=%d"
                .formatted(file, q, vectors.k(), truth[q].length));
      }
      for (int row : truth[q]) {
        if (row < 0 || row >= rows.size()) {
          throw new IllegalArgumentException(
              "the truth names a row that is not there: file=%s, query=%d, row=%d, rows=%d"
                  .formatted(file, q, row, rows.size()));
        }
      }
    }
    return truth;
  }

  /**
   * Builds, measures, compares and prints.
   *
   * @param truth true rows of each query, nearest first, at least {@code k}
   * @param expected rows by definition, which an answer must have exactly
   * @return the exit status
   */
  int run(
      VectorSource rows,
      VectorSource queries,
      int @Nullable [][] truth,
      long @Nullable [][] expected,
      Metric metric,
      IndexSpec built)
      throws IOException {
    long buildStart = System.nanoTime();
    long buildCpu = Machine.cpuNanos();
    var index = build(rows, metric, built);
    double buildCpuSeconds = (Machine.cpuNanos() - buildCpu) / NANOS;
    double buildSeconds = (System.nanoTime() - buildStart) / NANOS;

    var runs = new ArrayList<Run>();
    var last = List.<Neighbors>of();
    String served = "";
    var options =
        SearchOptions.nearest(vectors.k()).withThreads(threads).onBackend(backend).among(filter);
    boolean crowd = !clients.isEmpty();
    var limits = limits(index);
    var asked = limits == null ? index : index.batching(limits);
    for (int setting : crowd ? clients : batches) {
      Timing timing;
      try (var _ = NamedRange.open((crowd ? "clients " : "batch ") + setting, "lab")) {
        timing =
            crowd
                ? new BenchClients(asked, queries, options, setting).time(warmUp(), seconds)
                : time(index, queries, setting, options);
      }
      last = timing.answers();
      served = timing.report().backend();
      runs.add(
          new Run(
              params(setting, limits),
              queries.size(),
              recall(last, truth, expected, rows, queries, metric),
              expected == null ? null : mismatches(last, expected),
              timing.queries() / timing.seconds(),
              timing.queries() / timing.cpuSeconds(),
              timing.passes() * rowBytes(rows) / timing.cpuSeconds(),
              timing.percentile(0.50),
              timing.percentile(0.99),
              timing.queries() / timing.passes(),
              (double) timing.work().keysComputed() / queries.size(),
              timing.report().bound(),
              timing.work().fallbacks(),
              timing.report().proved()));
    }
    if (outIds != null) {
      Ivecs.write(outIds, last.stream().map(BenchCommand::asInts).toArray(int[][]::new));
    }
    var report =
        new Report(
            built.toString(),
            metric.toString(),
            rows.size(),
            rows.dimension(),
            vectors.k(),
            threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
            served,
            Machine.describe(),
            Machine.commit(),
            buildCpuSeconds,
            buildSeconds,
            new Bytes((long) rowBytes(rows), index.data().bytes(), index.indexBytes()),
            floor ? (Double) ReadBandwidth.measure(rows, 5) : null,
            runs);
    if (json) {
      Json.print(spec.commandLine().getOut(), report);
    } else {
      print(report, spec.commandLine().getOut());
    }
    boolean differs = runs.stream().anyMatch(run -> run.mismatches != null && run.mismatches > 0);
    return differs ? ExitStatus.CHECK_FAILED : ExitStatus.DONE;
  }

  /** Whether batching was asked for without saying how long a query may be queued. */
  private boolean isAsSuits() {
    return batching != null && batching == Integer.parseInt(AS_SUITS);
  }

  /**
   * Options for serving queries of different clients together, or null if they are served apart.
   */
  private @Nullable BatchingOptions limits(VectorIndex index) {
    if (batching == null) {
      return null;
    }
    return isAsSuits()
        ? index.batchingOptions()
        : BatchingOptions.DEFAULTS.withLatencyBound(Duration.ofNanos(1000L * batching));
  }

  private Map<String, Integer> params(int setting, @Nullable BatchingOptions limits) {
    if (clients.isEmpty()) {
      return Map.of("batch", setting);
    }
    var params = new TreeMap<>(Map.of("batch", 1, "clients", setting));
    if (limits != null) {
      params.put("batchingMicros", Math.toIntExact(limits.latencyBound().toNanos() / 1000));
    }
    return params;
  }

  /** Builds the index, or opens the shadow that is kept beside the data. */
  private VectorIndex build(VectorSource rows, Metric metric, IndexSpec built) throws IOException {
    if (!keepShadow || !(built instanceof IndexSpec.Flat(var quantizer)) || quantizer == null) {
      return VectorIndex.over(rows, metric, built);
    }
    var file = Path.of("%s.%s.%s.shadow".formatted(vectors.data(), metric, quantizer.name()));
    if (!Files.exists(file)) {
      quantizer.encode(rows, metric).save(file);
    }
    var shadow = quantizer.open(file, rows, metric);
    boolean older =
        Files.getLastModifiedTime(file)
                .compareTo(Files.getLastModifiedTime(Objects.requireNonNull(vectors.data())))
            < 0;
    if (check || older) {
      shadow.verify();
    }
    return VectorIndex.over(shadow);
  }

  private static double rowBytes(VectorSource rows) {
    return (double) rows.size() * rows.dimension() * rows.elementType().bytes();
  }

  private static int[] asInts(Neighbors neighbors) {
    return Arrays.stream(neighbors.rows()).mapToInt(Math::toIntExact).toArray();
  }

  private double warmUp() {
    return seconds == 0 ? 0 : Math.max(seconds / 2, 2);
  }

  private Timing time(VectorIndex index, VectorSource queries, int batch, SearchOptions options) {
    var answers = new ArrayList<Neighbors>();
    var work = Work.NONE;
    SearchReport report = null;
    // Warm-up, and the answers: one whole pass, then more until the JIT compiler is done.
    long end = System.nanoTime() + (long) (warmUp() * NANOS);
    for (int pass = 0; pass == 0 || System.nanoTime() < end; pass++) {
      for (long first = 0;
          first < queries.size() && (pass == 0 || System.nanoTime() < end);
          first += batch) {
        Shutdown.requireNotStopped();
        var result = index.search(part(queries, first, batch), options);
        if (pass == 0) {
          answers.addAll(result.neighbors());
          work = work.plus(result.report().work());
          report = result.report();
        }
      }
    }
    var nanos = new ArrayList<Long>();
    long served = 0;
    long cpuStart = Machine.cpuNanos();
    long start = System.nanoTime();
    long until = start + (long) (seconds * NANOS);
    // Searches to the end of the time, and until the coarse clock of CPU time has moved.
    for (long first = 0;
        nanos.size() < 5 || System.nanoTime() < until || Machine.cpuNanos() == cpuStart; ) {
      Shutdown.requireNotStopped();
      long began = System.nanoTime();
      served += index.search(part(queries, first, batch), options).neighbors().size();
      nanos.add(System.nanoTime() - began);
      first += batch;
      first = first < queries.size() ? first : 0;
    }
    double wall = (System.nanoTime() - start) / NANOS;
    double cpu = (Machine.cpuNanos() - cpuStart) / NANOS;
    nanos.sort(null);
    return new Timing(
        answers, work, Objects.requireNonNull(report), served, nanos.size(), wall, cpu, nanos);
  }

  private static VectorSource part(VectorSource queries, long first, int batch) {
    return queries.slice(first, Math.min(batch, queries.size() - first));
  }

  private static long mismatches(List<Neighbors> found, long[][] expected) {
    long differing = 0;
    for (int q = 0; q < expected.length; q++) {
      var rows = found.get(q).rows();
      for (int i = 0; i < Math.max(rows.length, expected[q].length); i++) {
        if (i >= rows.length || i >= expected[q].length || rows[i] != expected[q][i]) {
          differing++;
        }
      }
    }
    return differing;
  }

  /** Recall, where a row as near as the k-th true one counts as found: data holds ties. */
  private @Nullable Double recall(
      List<Neighbors> found,
      int @Nullable [][] truth,
      long @Nullable [][] expected,
      VectorSource rows,
      VectorSource queries,
      Metric metric) {
    if (truth == null && expected == null) {
      return null;
    }
    long hits = 0;
    long possible = 0;
    for (int q = 0; q < found.size(); q++) {
      long searched = filter == null ? rows.size() : filter.count();
      int depth = (int) Math.min(vectors.k(), searched);
      if (depth == 0) {
        continue;
      }
      var nearest = new HashSet<Long>();
      for (int i = 0; i < depth; i++) {
        nearest.add(truth != null ? (long) truth[q][i] : Objects.requireNonNull(expected)[q][i]);
      }
      long last =
          truth != null ? truth[q][depth - 1] : Objects.requireNonNull(expected)[q][depth - 1];
      var query = queries.row(q);
      double limit = metric.key(query, rows.row(last));
      for (long row : found.get(q).rows()) {
        boolean tie = Math.abs(metric.key(query, rows.row(row)) - limit) <= TIE * Math.abs(limit);
        hits += tie || nearest.contains(row) ? 1 : 0;
      }
      possible += depth;
    }
    return possible == 0 ? 1.0 : (double) hits / possible;
  }

  private static String setting(Run run) {
    if (!run.params.containsKey("clients")) {
      return "batch " + run.params.get("batch");
    }
    return run.params.containsKey("batchingMicros")
        ? "%d clients, batching %d us, %.1f queries together"
            .formatted(run.params.get("clients"), run.params.get("batchingMicros"), run.batched)
        : "%d clients".formatted(run.params.get("clients"));
  }

  private static void print(Report report, PrintWriter out) {
    out.printf(
        "%s over %d x %d, %s, k=%d, %d thread%s, backend %s%n",
        report.index,
        report.n,
        report.dim,
        report.metric,
        report.k,
        report.threads,
        report.threads == 1 ? "" : "s",
        report.backend);
    out.printf("%s; commit %s%n", report.machine, report.commit);
    out.printf(
        Locale.ROOT,
        "rows %.1f MB, shadow %.1f MB, index %.1f MB; built in %.2f s (%.2f CPU)%n",
        report.bytes.rows / 1e6,
        report.bytes.shadow / 1e6,
        report.bytes.index / 1e6,
        report.buildSeconds,
        report.buildCpuSeconds);
    if (report.readBytesPerSecond != null) {
      out.printf(
          Locale.ROOT,
          "one thread reads these rows at %.2f GB per CPU second at most%n",
          report.readBytesPerSecond / 1e9);
    }
    for (var run : report.runs) {
      out.printf(
          Locale.ROOT,
          "%s: %.1f queries/s, %.1f per CPU second%s,"
              + " p50 %.0f us, p99 %.0f us, %.1f candidates a query by %s%s%s%s%s%n",
          setting(run),
          run.qps,
          run.qpsPerCpuSecond,
          report.bytes.shadow > 0
              ? "" // the rows are not read
              : ", %.2f GB of rows per CPU second".formatted(run.bytesPerCpuSecond / 1e9),
          run.p50Micros,
          run.p99Micros,
          run.candidates,
          run.bound,
          run.fallbacks == 0 ? "" : ", %d queries fell back".formatted(run.fallbacks),
          run.proved ? ", proved" : "",
          run.recall == null ? "" : ", recall %.4f".formatted(run.recall),
          run.mismatches == null ? "" : ", %d rows differ".formatted(run.mismatches));
    }
    out.flush();
  }
}
