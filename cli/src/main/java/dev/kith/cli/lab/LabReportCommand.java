package dev.kith.cli.lab;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Version;
import dev.kith.cli.input.Defaults;
import dev.kith.cli.input.UserFiles;
import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.lab.ladder.Ladder;
import dev.kith.lab.ladder.Ladder.Pace;
import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.profile.Profile;
import dev.kith.lab.profile.ProfileFile;
import dev.kith.lab.report.Measurement;
import dev.kith.lab.report.Report;
import dev.kith.lab.report.ReportPage;
import dev.kith.lab.report.Stretch;
import dev.kith.lab.report.VectorMap;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Command that writes all that the lab can say about searches of some vectors into one HTML file.
 */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures searches of some vectors and writes one HTML file about them.",
      "The ladder, throughput by batch size, latencies, memory, candidates and proofs, with --index"
          + " or --peers recall against speed, a map of the vectors. The file needs no network."
          + " With --ladder or --profile and no vectors, only what those files hold is shown.",
      "--pictures draws ladder, map and timelines as SVG files for other documents."
    })
final class LabReportCommand implements Callable<Integer> {
  private static final List<String> INDEXES = List.of("flat", "flat(shadow=int8)");

  /**
   * Number of queries, enough for batches of 512; the ladder, whose first rungs are slow, is asked
   * fewer.
   */
  private static final int QUERIES = 512;

  private static final int LADDER_QUERIES = 64;

  private static final Pattern TIMELINE =
      Pattern.compile("([^=]+)=(\\d{1,9}(?:\\.\\d+)?)\\.\\.(\\d{1,9}(?:\\.\\d+)?)");

  private static final double MAX_SECONDS = 3600;

  @Spec CommandSpec spec;

  @Option(names = "--out", paramLabel = "F.html", description = "the report")
  @Nullable Path file;

  @Option(
      names = "--pictures",
      paramLabel = "FOLDER",
      description =
          "write ladder.svg, recall.svg, map.svg and timeline-NAME.svg into this folder, each if"
              + " there is one")
  @Nullable Path folder;

  @Mixin LabVectors vectors;

  @Mixin CurveOptions curves;

  @Option(
      names = "--metric",
      defaultValue = Defaults.METRIC,
      paramLabel = "l2|cosine|dot",
      description =
          "what near means in the measurements; the ladder is always by l2; default:"
              + " ${DEFAULT-VALUE}")
  String metricName;

  @Option(
      names = "--ladder",
      paramLabel = "F.json",
      description = "show this ladder, printed by kith lab ladder --json, perhaps elsewhere")
  @Nullable Path ladderFile;

  @Option(
      names = "--profile",
      paramLabel = "F.sqlite",
      description = "also show this profile, made by kith lab profile, perhaps elsewhere")
  @Nullable Path profileFile;

  @Option(
      names = "--timeline",
      paramLabel = "NAME=FROM..TO",
      description =
          "also draw this stretch of the profile, in milliseconds since its begin; may be given"
              + " more than once")
  List<String> timelines = List.of();

  @Option(
      names = "--seconds",
      defaultValue = "1",
      paramLabel = "S",
      description =
          "each rung and each batch size is measured for at least so long; 0: hardly; default:"
              + " ${DEFAULT-VALUE}")
  double seconds;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** Document printed with {@code --json}. */
  record Written(
      @Nullable String report,
      long bytes,
      int rungs,
      int measurements,
      int contestants,
      int activities,
      List<String> pictures) {}

  @Override
  public Integer call() throws IOException {
    if (!(seconds >= 0 && seconds <= MAX_SECONDS)) {
      throw new ParameterException(
          spec.commandLine(), "--seconds must be 0 to %.0f: %s".formatted(MAX_SECONDS, seconds));
    }
    require(file != null || folder != null, "give --out, or --pictures, or both");
    require(
        timelines.isEmpty() || profileFile != null,
        "--timeline draws a stretch of a profile: give --profile, too");
    if (file != null) {
      UserFiles.requireWritable(file, ".html");
    }
    if (folder != null) {
      UserFiles.requireFolder(folder);
    }
    vectors.requireUsable();
    curves.requireUsable();
    var metric = Metric.parse(metricName);
    var ladder = ladderFile == null ? null : readLadder(ladderFile);
    var profile = profileFile == null ? null : ProfileFile.read(profileFile);
    var stretches = stretches(profile);
    boolean given = vectors.chosen() || curves.wanted();
    boolean measured = given || (ladder == null && profile == null);
    require(
        file != null || measured || ladder != null || !stretches.isEmpty(),
        "of a profile, --pictures draws what --timeline names: give --timeline, or --out");
    var report =
        measured
            ? measure(metric, ladder, profile, stretches)
            : report(null, ladder, List.of(), null, null, profile, stretches, commands(null));
    var pictures = new ArrayList<String>();
    if (folder != null) {
      for (var picture : report.pictures()) {
        pictures.add(picture.write(folder).toString());
      }
    }
    if (file != null) {
      ReportPage.write(file, report);
    }
    var written =
        new Written(
            file == null ? null : file.toString(),
            file == null ? 0 : Files.size(file),
            report.ladder() == null ? 0 : report.ladder().rungs().size(),
            report.measurements().size(),
            report.curves() == null ? 0 : report.curves().contestants().size(),
            profile == null ? 0 : profile.activities().size(),
            pictures);
    var out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, written);
    } else {
      if (file != null) {
        out.printf(
            "%s: %.0f kB, %d rungs, %d measurements, %d activities of a profile%n",
            file, written.bytes / 1e3, written.rungs, written.measurements, written.activities);
      }
      pictures.forEach(out::println);
      out.flush();
    }
    return report.ladder() == null || report.ladder().allSameRows()
        ? ExitStatus.DONE
        : ExitStatus.CHECK_FAILED;
  }

  private void require(boolean condition, String rule) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), rule);
    }
  }

  private List<Stretch> stretches(@Nullable Profile profile) {
    var stretches = new ArrayList<Stretch>();
    for (String text : timelines) {
      var parts = TIMELINE.matcher(text);
      require(
          parts.matches(), "--timeline is NAME=FROM..TO, such as scan=12.5..13: '" + text + "'");
      var stretch = new Stretch(parts.group(1), nanos(parts.group(2)), nanos(parts.group(3)));
      long recorded = profile == null ? 0 : profile.nanos();
      require(
          stretch.to() <= recorded,
          "--timeline must lie in the profile, which has %.3f ms: '%s'"
              .formatted(recorded / 1e6, text));
      stretches.add(stretch);
    }
    return stretches;
  }

  private static long nanos(String millis) {
    return new BigDecimal(millis).movePointRight(6).longValue();
  }

  private static LadderResult readLadder(Path file) throws IOException {
    UserFiles.requireReadable(file);
    try {
      return LadderResult.fromJson(Files.readString(file));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "not the document of kith lab ladder --json: it is no text in UTF-8: file=" + file, e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s: file=%s".formatted(e.getMessage(), file), e);
    }
  }

  private Report measure(
      Metric metric,
      @Nullable LadderResult ladder,
      @Nullable Profile profile,
      List<Stretch> stretches)
      throws IOException {
    var err = spec.commandLine().getErr();
    if (!spec.commandLine().getParseResult().hasMatchedOption("--query-count")) {
      vectors.queryCount = QUERIES;
    }
    curves.requireQueries(vectors);
    try (var opened = vectors.open(err, json)) {
      var rows = opened.rows();
      var queries = opened.queries();
      if (ladder == null) {
        var asked = queries.slice(0, Math.min(LADDER_QUERIES, queries.size()));
        ladder =
            Ladder.climb(
                opened.name(),
                rows,
                asked,
                vectors.given.k(),
                Ladder.providers(),
                new Pace(
                    seconds,
                    seconds == 0 ? 3 : Pace.DEFAULT.leastRuns(),
                    Pace.DEFAULT.longestRun()),
                Machine.describe(),
                Machine.commit(),
                rung -> tell(err, "rung " + rung));
      }
      VectorIndex.over(rows, metric, "flat"); // loading the classes is no index's time
      var measurements = new ArrayList<Measurement>();
      long[] found = new long[0];
      for (String index : INDEXES) {
        long start = System.nanoTime();
        var built = VectorIndex.over(rows, metric, index);
        double buildSeconds = (System.nanoTime() - start) / 1e9;
        for (String backend : backends()) {
          tell(err, "%s on %s".formatted(index, backend));
          measurements.add(
              Measurement.of(built, queries, vectors.given.k(), backend, buildSeconds, seconds));
        }
        found =
            built
                .search(queries.slice(0, 1), SearchOptions.nearest(vectors.given.k()))
                .neighbors()
                .getFirst()
                .rows();
      }
      var data =
          new Report.Data(
              opened.name(),
              rows.size(),
              rows.dimension(),
              queries.size(),
              vectors.given.k(),
              metric.toString());
      var map = VectorMap.of(rows, queries.row(0), found);
      var compared =
          curves.wanted()
              ? curves.run(
                  vectors,
                  opened,
                  metric,
                  Runtime.getRuntime().availableProcessors(),
                  step -> tell(err, step))
              : null;
      return report(data, ladder, measurements, compared, map, profile, stretches, commands(data));
    }
  }

  /**
   * Names of all usable backends but the reference, which the ladder shows; of that too if there is
   * no other.
   */
  private static List<String> backends() {
    var usable =
        Backends.statuses().stream()
            .filter(Backends.Status::usable)
            .map(Backends.Status::name)
            .toList();
    var fast = usable.stream().filter(name -> !name.equals("scalar")).toList();
    return fast.isEmpty() ? usable : fast;
  }

  private Report report(
      Report.@Nullable Data data,
      @Nullable LadderResult ladder,
      List<Measurement> measurements,
      @Nullable PeerResult compared,
      @Nullable VectorMap map,
      @Nullable Profile profile,
      List<Stretch> stretches,
      List<String> commands)
      throws IOException {
    return new Report(
        "Kith lab report",
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        about(),
        commands,
        data,
        ladder,
        measurements,
        compared,
        map,
        profile,
        stretches);
  }

  private static Map<String, String> about() throws IOException {
    var about = new LinkedHashMap<String, String>();
    about.put("machine", Machine.cpu());
    about.put(
        "system",
        "%s %s".formatted(System.getProperty("os.name"), System.getProperty("os.version")));
    about.put("JDK", Machine.jdk());
    about.put("Kith", Version.number());
    about.put("commit", Machine.commit());
    return about;
  }

  /** Command lines that give these figures again. */
  private List<String> commands(Report.@Nullable Data data) {
    var given = spec.root().commandLine().getParseResult().originalArgs();
    var commands = new ArrayList<String>();
    commands.add("kith " + String.join(" ", given.stream().map(LabReportCommand::quoted).toList()));
    if (data != null && vectors.given.n() != 0) {
      for (String index : INDEXES) {
        commands.add(
            "kith bench --n %d --dim %d --seed %d --metric %s --k %d --threads 0 --batch 1,8,64,512 --index \"%s\" --check"
                .formatted(
                    vectors.given.n(),
                    vectors.given.dim(),
                    vectors.given.seed(),
                    data.metric(),
                    vectors.given.k(),
                    index));
      }
    }
    return commands;
  }

  private static String quoted(String argument) {
    return argument.matches("[\\w./=,:-]+") ? argument : "'" + argument.replace("'", "'\\''") + "'";
  }

  private void tell(PrintWriter err, String step) {
    if (!json && Boolean.getBoolean("kith.terminal")) {
      err.println("running " + step);
      err.flush();
    }
  }
}
