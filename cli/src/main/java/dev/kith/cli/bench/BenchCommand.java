package dev.kith.cli.bench;

import dev.kith.cli.bench.BenchDocument.Bytes;
import dev.kith.cli.bench.BenchDocument.Run;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Shutdown;
import dev.kith.cli.input.Defaults;
import dev.kith.cli.input.Efforts;
import dev.kith.cli.input.UserFiles;
import dev.kith.cli.input.VectorOptions;
import dev.kith.cli.input.Widths;
import dev.kith.core.backend.Backends;
import dev.kith.core.index.BatchingOptions;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.vector.Ivecs;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.measure.Clock;
import dev.kith.lab.measure.Oracle;
import dev.kith.lab.measure.ReadBandwidth;
import dev.kith.lab.measure.SampledDimension;
import dev.kith.lab.peers.SpeedCurve;
import dev.kith.lab.profile.NamedRange;
import dev.kith.lab.report.RecallPlot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that measures speed and correctness of an index on given or synthetic vectors. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures an index, or several: rates, latencies, recall, proof.",
      "Several indexes, and several efforts of one, take turns piece by piece, and of each piece"
          + " the least time counts, so that other work on the machine meets all alike.",
      "Give --data and --queries (.npy, .fvecs, .bvecs), or --n and --dim for synthetic ones; of"
          + " neither, 20,000 synthetic rows of 384 elements are searched by flat and"
          + " flat(shadow=int8)."
    })
public final class BenchCommand implements Callable<Integer> {
  static final double NANOS = 1e9;

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
      description = "the true nearest rows of each query, k or more, for recall")
  @Nullable Path truthFile;

  @Option(
      names = "--metric",
      defaultValue = Defaults.METRIC,
      paramLabel = "l2|cosine|dot",
      description = "what near means; default: ${DEFAULT-VALUE}")
  String metricName = Defaults.METRIC;

  @Option(
      names = "--index",
      defaultValue = "flat",
      paramLabel = "SPEC",
      description =
          "flat, flat(shadow=int8|fp16|bf16), graph, graph(r=32,codes=int4), hnsw(m=16,efc=200),"
              + " vamana(degree=64,alpha=1.2), ivf, ivf(lists=512); may be given more than once;"
              + " default: ${DEFAULT-VALUE}")
  List<String> indexSpecs = new ArrayList<>();

  @Option(
      names = "--recall",
      split = ",",
      paramLabel = "R",
      description =
          "recalls to ask for, above 0 and at most 1, several with commas; without --recall, --ef,"
              + " --probes and --sweep an approximate index is asked for 0.95")
  @Nullable List<Double> recalls;

  @Option(
      names = "--ef",
      split = ",",
      paramLabel = "W",
      description = "widths of the beam to ask for, several with commas")
  @Nullable List<Integer> widths;

  @Option(
      names = "--probes",
      split = ",",
      paramLabel = "L",
      description = "numbers of inverted lists to ask for, several with commas")
  @Nullable List<Integer> probes;

  @Option(
      names = "--sweep",
      description = "a ladder of widths, from k to 48 times that; of probes for inverted lists")
  boolean sweep;

  @Option(
      names = "--plot",
      paramLabel = "F.svg",
      description = "draw recall against speed, a line an index; needs --truth or --check")
  @Nullable Path plot;

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

  @Option(
      names = "--out-ids",
      paramLabel = "F.ivecs",
      description = "write the rows found, with the last setting of the last index")
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

  /** Whether the user said what to search. */
  private boolean chosen;

  @Override
  public Integer call() throws IOException {
    var metric = Metric.parse(metricName);
    chosen = !vectors.useDefaults();
    if (!chosen && !spec.commandLine().getParseResult().hasMatchedOption("--index")) {
      indexSpecs = Defaults.INDEXES;
    }
    var specs = indexSpecs.stream().map(IndexSpec::parse).toList();
    requireUsable(specs);
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
      return run(rows, queries, truth, expected, metric, specs);
    }
  }

  /** Refuses an option that cannot be used before the work begins. */
  private void requireUsable(List<IndexSpec> specs) throws IOException {
    vectors.require(
        !chosen || (vectors.whole() && vectors.files() != vectors.synthetic()),
        "give --data and --queries, or --n and --dim",
        "");
    vectors.requireUsable(queryCount);
    vectors.require(threads >= 0, "--threads must be 0 (all cores) or more: ", threads);
    vectors.require(!batches.isEmpty(), "--batch must be at least 1: ", "none");
    for (int batch : batches) {
      vectors.require(batch >= 1, "--batch must be at least 1: ", batch);
    }
    for (int count : clients) {
      vectors.require(
          count >= 1 && count <= MAX_CLIENTS,
          "--clients must be 1 to %d: ".formatted(MAX_CLIENTS),
          count);
    }
    vectors.require(
        clients.isEmpty() || batches.equals(List.of(1)),
        "clients ask one query at a time: give --clients or --batch, not both",
        "");
    if (batching != null) {
      vectors.require(!clients.isEmpty(), "--batching needs --clients", "");
      vectors.require(
          isAsSuits() || (batching >= 0 && batching <= MAX_BATCHING),
          "--batching must be 0 to %d microseconds: ".formatted(MAX_BATCHING),
          batching);
    }
    requireEfforts(specs);
    vectors.require(
        seconds >= 0 && seconds <= MAX_SECONDS,
        "--seconds must be 0 to %.0f: ".formatted(MAX_SECONDS),
        seconds);
    if (filterFraction != null) {
      vectors.require(
          filterFraction >= 0 && filterFraction <= 1,
          "--filter-fraction must be 0 to 1: ",
          filterFraction);
      vectors.require(
          truthFile == null, "--filter-fraction changes the truth: give --check instead", "");
    }
    if (keepShadow) {
      boolean shadowed =
          specs.stream()
              .allMatch(built -> built instanceof IndexSpec.Flat flat && flat.shadow() != null);
      vectors.require(
          shadowed && vectors.data() != null,
          "--keep-shadow needs --data and an index with a shadow: index=",
          String.join(", ", indexSpecs));
    }
    if (backend != null) {
      Backends.choose(backend);
    }
    if (outIds != null) {
      UserFiles.requireWritable(outIds, ".ivecs");
    }
  }

  private void requireEfforts(List<IndexSpec> specs) throws IOException {
    Efforts.requireUsable(spec, recalls, widths);
    Efforts.requireProbes(spec, probes);
    var indexes = String.join(", ", indexSpecs);
    vectors.require(
        widths == null || !specs.stream().allMatch(ListSpec.class::isInstance),
        "--ef needs an index with a beam, such as graph; give --probes: index=",
        indexes);
    vectors.require(
        probes == null || !specs.stream().allMatch(GraphSpec.class::isInstance),
        "--probes needs an index with lists, such as ivf; give --ef: index=",
        indexes);
    if (plot != null) {
      vectors.require(
          truthFile != null || check, "--plot draws recall: give --truth or --check, too", "");
      UserFiles.requireWritable(plot, ".svg");
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
      List<IndexSpec> specs)
      throws IOException {
    long searched = filter == null ? rows.size() : filter.count();
    int depth = (int) Math.min(vectors.k(), searched);
    var judge = new Judge(rows, queries, metric, truth, expected, depth);
    var subjects = new ArrayList<Subject>();
    for (var built : specs) {
      long start = System.nanoTime();
      long cpu = Machine.cpuNanos();
      var index = build(rows, metric, built);
      subjects.add(
          new Subject(
              index,
              settings(built, rows.size()),
              (Machine.cpuNanos() - cpu) / NANOS,
              (System.nanoTime() - start) / NANOS));
    }
    boolean turns =
        clients.isEmpty()
            && (subjects.size() > 1
                || subjects.getFirst().settings.stream().anyMatch(Setting::hasEffort));
    if (turns) {
      taken(subjects, queries, judge);
    } else {
      for (var subject : subjects) {
        inOrder(subject, queries, judge);
      }
    }
    if (outIds != null) {
      var last = subjects.getLast().answers;
      Ivecs.write(outIds, last.stream().map(BenchCommand::asInts).toArray(int[][]::new));
    }
    var dimension = judge.knows() ? SampledDimension.of(rows, metric, vectors.seed()) : null;
    var readRate = floor ? (Double) ReadBandwidth.measure(rows, 5) : null;
    var reports =
        subjects.stream()
            .map(subject -> report(subject, rows, metric, dimension, readRate))
            .toList();
    if (plot != null) {
      plotted(reports, dimension).picture().writeTo(plot);
    }
    var out = spec.commandLine().getOut();
    if (json) {
      Json.print(
          out, reports.size() == 1 ? reports.getFirst() : new BenchDocument.Several(reports));
    } else {
      for (int i = 0; i < reports.size(); i++) {
        out.print(i == 0 ? "" : System.lineSeparator());
        reports.get(i).print(out);
      }
    }
    boolean differs =
        subjects.stream()
            .flatMap(subject -> subject.runs.stream())
            .anyMatch(run -> run.mismatches() != null && run.mismatches() > 0);
    return differs ? ExitStatus.CHECK_FAILED : ExitStatus.DONE;
  }

  /** An index that is measured, and what was measured of it so far. */
  private static final class Subject {
    final VectorIndex index;
    final List<Setting> settings;
    final double buildCpuSeconds;
    final double buildSeconds;
    final List<Run> runs = new ArrayList<>();
    List<Neighbors> answers = List.of();
    String backend = "";

    Subject(
        VectorIndex index, List<Setting> settings, double buildCpuSeconds, double buildSeconds) {
      this.index = index;
      this.settings = settings;
      this.buildCpuSeconds = buildCpuSeconds;
      this.buildSeconds = buildSeconds;
    }
  }

  private List<Setting> settings(IndexSpec built, long rows) {
    var efforts =
        Setting.efforts(
            built,
            recalls == null ? List.of() : recalls,
            widths == null ? List.of() : widths,
            probes == null ? List.of() : probes,
            sweep ? ladder(built, rows) : List.of());
    var settings = new ArrayList<Setting>();
    for (int count : clients.isEmpty() ? batches : clients) {
      for (var effort : efforts) {
        settings.add(
            clients.isEmpty() ? new Setting(count, 0, effort) : new Setting(1, count, effort));
      }
    }
    return settings;
  }

  private List<Integer> ladder(IndexSpec built, long rows) {
    return built instanceof ListSpec lists
        ? Widths.probes(lists.listsFor(rows))
        : Widths.ladder(vectors.k(), rows);
  }

  private SearchOptions options(Effort effort) {
    return SearchOptions.nearest(vectors.k())
        .withThreads(threads)
        .onBackend(backend)
        .among(filter)
        .withEffort(effort);
  }

  /** Measures all indexes and settings, which take turns. */
  private void taken(List<Subject> subjects, VectorSource queries, Judge judge) {
    var lanes =
        subjects.stream()
            .map(
                subject ->
                    subject.settings.stream()
                        .map(
                            setting ->
                                new BenchTurns.Lane(
                                    subject.index, options(setting.effort()), setting.batch()))
                        .toList())
            .toList();
    try (var _ = NamedRange.open("turns", "lab")) {
      var turned = new BenchTurns(queries, seconds, Clock.SYSTEM).time(lanes);
      for (int i = 0; i < subjects.size(); i++) {
        var subject = subjects.get(i);
        for (int s = 0; s < subject.settings.size(); s++) {
          var one = turned.get(i).get(s);
          add(subject, subject.settings.get(s), null, one.timing(), one.slowestRound(), judge);
        }
      }
    }
  }

  /** Measures the settings of an index, one after the other. */
  private void inOrder(Subject subject, VectorSource queries, Judge judge) {
    var limits = limits(subject.index);
    var asked = limits == null ? subject.index : subject.index.batching(limits);
    for (var setting : subject.settings) {
      boolean crowd = setting.clients() > 0;
      var options = options(setting.effort());
      Timing timing;
      try (var _ =
          NamedRange.open(
              crowd ? "clients " + setting.clients() : "batch " + setting.batch(), "lab")) {
        timing =
            crowd
                ? new BenchClients(asked, queries, options, setting.clients())
                    .time(warmUp(), seconds)
                : time(subject.index, queries, setting.batch(), options);
      }
      add(subject, setting, limits, timing, null, judge);
    }
  }

  private void add(
      Subject subject,
      Setting setting,
      @Nullable BatchingOptions limits,
      Timing timing,
      @Nullable Double slowestRound,
      Judge judge) {
    subject.answers = timing.answers();
    subject.backend = timing.report().backend();
    double queries = timing.answers().size();
    boolean scanned = subject.index.spec().exact();
    subject.runs.add(
        new Run(
            setting.params(limits),
            timing.answers().size(),
            judge.recall(timing.answers()),
            expectedRecall(timing.report()),
            timing.report().proved() || scanned ? judge.mismatches(timing.answers()) : null,
            timing.queries() / timing.seconds(),
            timing.queries() / timing.cpuSeconds(),
            scanned
                ? (Double) (timing.passes() * rowBytes(subject.index.rows()) / timing.cpuSeconds())
                : null,
            timing.percentile(0.50),
            timing.percentile(0.99),
            timing.queries() / timing.passes(),
            timing.work().keysComputed() / queries,
            timing.work().hops() / queries,
            timing.work().lists() / queries,
            timing.work().keysComputed() / queries,
            timing.report().bound(),
            timing.work().fallbacks(),
            timing.report().proved(),
            slowestRound));
  }

  private BenchDocument report(
      Subject subject,
      VectorSource rows,
      Metric metric,
      @Nullable Double dimension,
      @Nullable Double readRate) {
    var index = subject.index;
    long data = index.data().bytes();
    boolean flat = index.spec() instanceof IndexSpec.Flat;
    return new BenchDocument(
        index.spec().toString(),
        metric.toString(),
        rows.size(),
        rows.dimension(),
        dimension,
        vectors.k(),
        threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
        subject.backend,
        Machine.describe(),
        Machine.commit(),
        subject.buildCpuSeconds,
        subject.buildSeconds,
        new Bytes((long) rowBytes(rows), flat ? data : 0, index.indexBytes() + (flat ? 0 : data)),
        readRate,
        subject.runs);
  }

  /** Recall that an index expects of its answers, if it expects any. */
  private static @Nullable Double expectedRecall(SearchReport report) {
    var expected = report.expectedRecall();
    return expected == null ? null : (Double) expected.mean();
  }

  /**
   * Plot of recall against speed: a line an index, or, with several batch sizes, a line an index
   * and size.
   */
  private RecallPlot plotted(List<BenchDocument> reports, @Nullable Double dimension) {
    var lines = new ArrayList<RecallPlot.Line>();
    for (var report : reports) {
      var points = new LinkedHashMap<String, List<SpeedCurve.Point>>();
      for (var run : report.runs()) {
        var name =
            report.index() + (batches.size() > 1 ? ", batch " + run.params().get("batch") : "");
        points
            .computeIfAbsent(name, _ -> new ArrayList<>())
            .add(
                new SpeedCurve.Point(
                    run.setting(),
                    Objects.requireNonNull(run.recall()),
                    run.qpsPerCpuSecond(),
                    Objects.requireNonNullElse(run.slowestRound(), 1.0)));
      }
      points.forEach((name, some) -> lines.add(new RecallPlot.Line(name, new SpeedCurve(some))));
    }
    var first = reports.getFirst();
    return new RecallPlot(
        "%s, %,d x %d, %s".formatted(vectors.name(), first.n(), first.dim(), first.metric()),
        vectors.k(),
        dimension,
        lines);
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
    var answers = new Answers();
    // Warm-up, and the answers: one whole pass, then more until the JIT compiler is done.
    long end = System.nanoTime() + (long) (warmUp() * NANOS);
    for (int pass = 0; pass == 0 || System.nanoTime() < end; pass++) {
      for (long first = 0;
          first < queries.size() && (pass == 0 || System.nanoTime() < end);
          first += batch) {
        Shutdown.requireNotStopped();
        var result = index.search(part(queries, first, batch), options);
        if (pass == 0) {
          answers.add(result);
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
    return new Timing(answers, served, nanos.size(), wall, cpu, nanos);
  }

  private static VectorSource part(VectorSource queries, long first, int batch) {
    return queries.slice(first, Math.min(batch, queries.size() - first));
  }
}
