package dev.kith.cli.lab;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Version;
import dev.kith.cli.input.Defaults;
import dev.kith.cli.input.UserFiles;
import dev.kith.core.metric.Metric;
import dev.kith.embed.ModelException;
import dev.kith.embed.TextModel;
import dev.kith.lab.compare.Comparison;
import dev.kith.lab.compare.Comparison.Settings;
import dev.kith.lab.compare.ComparisonResult;
import dev.kith.lab.compare.EmbeddingRate;
import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.report.RecallPlot;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that measures Kith beside its peers. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Compares Kith's backends with NumPy, FAISS, torch, CuPy and cuVS; with --index or --peers,"
          + " Kith's approximate indexes with hnswlib, Lucene, JVector and FAISS, at equal recall.",
      "Exact search by L2 on equal data, with equal k, threads and truth; times are wall clock, a"
          + " query, for one query at a time and for all at once: the least of many, with the"
          + " median, the spread and the work of the CPU. Kith's contenders take turns; a machine"
          + " that was busy is said. Peers run in the Python that"
          + " --python names; those that it lacks are listed with the reason. Exit 1 if a row of"
          + " Kith's differs from the float64 definition. Also measures how fast texts are"
          + " embedded, on the CPU and, if ONNX Runtime can use one, on a GPU.",
      "At equal recall: one query at a time on one thread; all take turns, piece by piece, and of"
          + " each piece the least work of all rounds counts. A peer that is not installed is"
          + " listed with what it needs. Exit 1 if nobody ran to the end."
    })
final class LabCompareCommand implements Callable<Integer> {
  private static final double MAX_SECONDS = 3600;
  private static final int EMBEDDED = 128;

  @Spec CommandSpec spec;

  @Mixin LabVectors vectors;

  @Mixin CurveOptions curves;

  @Option(
      names = "--metric",
      defaultValue = Defaults.METRIC,
      paramLabel = "l2|cosine|dot",
      description = "at equal recall: what near means; default: ${DEFAULT-VALUE}")
  String metricName;

  @Option(
      names = "--plot",
      paramLabel = "F.svg",
      description = "at equal recall: draw recall against speed, a line a contestant")
  @Nullable Path plot;

  @Option(
      names = "--threads",
      defaultValue = "1",
      paramLabel = "T",
      description = "of the CPU, for each contender; 0 for all cores; default: ${DEFAULT-VALUE}")
  int threads;

  @Option(
      names = "--seconds",
      defaultValue = "1",
      paramLabel = "S",
      description =
          "each batch size is measured for at least so long, after half of it to warm up;"
              + " default: ${DEFAULT-VALUE}")
  double seconds;

  @Option(names = "--no-embedding", description = "compare searches alone")
  boolean noEmbedding;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  @Override
  public Integer call() throws IOException {
    vectors.requireUsable();
    vectors.given.require(
        seconds >= 0 && seconds <= MAX_SECONDS,
        "--seconds must be 0 to %.0f: ".formatted(MAX_SECONDS),
        seconds);
    vectors.given.require(threads >= 0, "--threads must be 0 (all cores) or more: ", threads);
    curves.requireUsable();
    for (var option : List.of("--metric", "--plot")) {
      vectors.given.require(
          curves.wanted() || !spec.commandLine().getParseResult().hasMatchedOption(option),
          option + " is of a comparison at equal recall: give --index or --peers, too",
          "");
    }
    var out = spec.commandLine().getOut();
    var err = spec.commandLine().getErr();
    if (curves.wanted()) {
      return compareCurves(out, err);
    }
    var settings =
        new Settings(
            vectors.given.k(),
            threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
            seconds,
            seconds == 0 ? 3 : 9,
            curves.python,
            Duration.ofSeconds(curves.limit));
    ComparisonResult result;
    try (var opened = vectors.open(err, json)) {
      result =
          Comparison.run(
              opened.name(),
              opened.rows(),
              opened.queries(),
              settings,
              Version.number(),
              Machine.describe(),
              Machine.commit(),
              noEmbedding ? List.of() : embedding(err),
              contender -> tell(err, contender));
    }
    if (json) {
      Json.print(out, ComparisonDocument.of(result));
    } else {
      print(result, out);
    }
    return result.kithIsExact() ? ExitStatus.DONE : ExitStatus.CHECK_FAILED;
  }

  private int compareCurves(PrintWriter out, PrintWriter err) throws IOException {
    if (plot != null) {
      UserFiles.requireWritable(plot, ".svg");
    }
    var metric = Metric.parse(metricName);
    curves.requireQueries(vectors);
    PeerResult result;
    try (var opened = vectors.open(err, json)) {
      int workers = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
      result = curves.run(vectors, opened, metric, workers, step -> tell(err, step));
    }
    var drawn = RecallPlot.of(result);
    if (plot != null && drawn != null) {
      drawn.picture().writeTo(plot);
    }
    if (json) {
      Json.print(out, CurvesDocument.of(result));
    } else {
      result.lines().forEach(out::println);
      out.printf("%s; commit %s%n", result.machine(), result.commit());
      out.flush();
    }
    return drawn == null ? ExitStatus.CHECK_FAILED : ExitStatus.DONE;
  }

  private void tell(PrintWriter err, String contender) {
    if (!json && Boolean.getBoolean("kith.terminal")) {
      err.println("running " + contender);
      err.flush();
    }
  }

  /** Rates of embedding the first texts that are searched, or the bundled ones. */
  private List<EmbeddingRate> embedding(PrintWriter err) throws IOException {
    var options = vectors.modelOptions;
    var texts = options.contents(vectors.read()).stream().limit(EMBEDDED).toList();
    var rates = new ArrayList<EmbeddingRate>();
    for (var device : TextModel.Device.values()) {
      var name = device == TextModel.Device.CUDA ? "gpu" : device.name().toLowerCase(Locale.ROOT);
      var missing = device.unavailable();
      if (missing != null) {
        rates.add(EmbeddingRate.notRun(name, options.model(), texts.size(), missing));
        continue;
      }
      tell(err, "embedding on " + name);
      try (var model = options.load(err, json, device)) {
        rates.add(EmbeddingRate.measure(name, model, texts, seconds));
      } catch (ModelException e) {
        if (device == TextModel.Device.CPU) {
          throw e;
        }
        rates.add( // a provider without a driver, as a rule
            EmbeddingRate.notRun(
                name, options.model(), texts.size(), String.valueOf(e.getMessage())));
      }
    }
    return rates;
  }

  private static void print(ComparisonResult result, PrintWriter out) {
    out.printf(
        "%d x %d float32 (%s), %d queries, k=%d, %s, %d thread%s each%n",
        result.n(),
        result.dim(),
        result.data(),
        result.queries(),
        result.k(),
        result.metric(),
        result.threads(),
        result.threads() == 1 ? "" : "s");
    out.printf(
        "%s; commit %s; Python %s%n%n",
        result.machine(), result.commit(), result.python() == null ? "none" : result.python());
    out.printf(
        "%-30s %-20s %-4s %7s %11s %9s %9s %9s %7s  %s%n",
        "contender",
        "version",
        "on",
        "at once",
        "least ms",
        "median",
        "spread",
        "cpu ms",
        "recall",
        "rows");
    for (var contender : result.contenders()) {
      for (var run : contender.runs()) {
        out.printf(
            "%-30s %-20s %-4s %7d %11.4f %9.4f %9.4f %9s %7.4f  %s%n",
            contender.name(),
            contender.version(),
            contender.device(),
            run.batch(),
            run.millis(),
            run.median(),
            run.spread(),
            run.cpuMillis() == null ? "-" : "%.4f".formatted(run.cpuMillis()),
            run.recall(),
            run.sameRows() ? "same" : "other");
        if (run.remark() != null) {
          out.printf("%-30s ! %s%n", "", run.remark());
        }
      }
    }
    for (var missing : result.missing()) {
      out.printf("%-30s not run: %s%n", missing.name(), missing.reason());
    }
    if (!result.embedding().isEmpty()) {
      out.printf("%nembedding, %s%n", result.embedding().getFirst().model());
      for (var rate : result.embedding()) {
        out.printf(
            "  %-4s %s%n",
            rate.device(),
            rate.textsPerSecond() == null
                ? "not run: " + rate.notRun()
                : "%.1f texts/s, spread %.1f".formatted(rate.textsPerSecond(), rate.spread()));
      }
    }
    out.flush();
  }
}
