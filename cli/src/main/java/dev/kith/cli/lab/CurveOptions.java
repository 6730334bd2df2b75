package dev.kith.cli.lab;

import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Version;
import dev.kith.cli.input.Efforts;
import dev.kith.cli.input.UserFiles;
import dev.kith.cli.input.Widths;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import dev.kith.lab.measure.Clock;
import dev.kith.lab.peers.Contestant;
import dev.kith.lab.peers.KithContestant;
import dev.kith.lab.peers.PeerData;
import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.peers.PeerRun;
import dev.kith.lab.peers.Peers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Options of a comparison at equal recall, of approximate indexes and peers, and that comparison;
 * shared by the commands that show it.
 */
final class CurveOptions {
  /** Queries of a piece. */
  private static final int PIECE = 500;

  private static final int MAX_ROUNDS = 1000;

  /** Queries that are generated, or taken from texts, if nothing is said. */
  private static final int QUERIES = 1000;

  private static final List<Double> RECALLS = List.of(0.9, 0.95, 0.99);

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "SPEC",
      description =
          "compare at equal recall: an index of Kith's, such as graph(r=32); may be given more than"
              + " once; with --peers alone: graph")
  List<String> indexes = new ArrayList<>();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "compare at equal recall: hnswlib, lucene, jvector, faiss, with commas")
  @Nullable List<String> peers;

  @Option(
      names = "--recall",
      split = ",",
      paramLabel = "R",
      description = "recalls at which speeds are told, with commas; default: 0.9,0.95,0.99")
  @Nullable List<Double> recalls;

  @Option(
      names = "--ef",
      split = ",",
      paramLabel = "W",
      description = "widths of the beam to measure, with commas; default: a ladder from k on")
  @Nullable List<Integer> widths;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "N",
      description =
          "times that each piece of the queries is asked, of which the least counts; default:"
              + " ${DEFAULT-VALUE}")
  int rounds;

  @Option(
      names = "--truth",
      paramLabel = "T.ivecs",
      description = "the true nearest rows of each query, k or more; default: they are computed")
  @Nullable Path truth;

  @Option(
      names = "--python",
      defaultValue = "python3",
      paramLabel = "PYTHON",
      description = "the Python that may have peers; default: ${DEFAULT-VALUE}")
  String python;

  @Option(
      names = "--limit",
      defaultValue = "600",
      paramLabel = "S",
      description =
          "seconds that a peer may take altogether or, at equal recall, for its build or a piece;"
              + " default: ${DEFAULT-VALUE}")
  long limit;

  /** Whether a comparison at equal recall is asked for. */
  boolean wanted() {
    return !indexes.isEmpty() || peers != null;
  }

  /** Refuses options that cannot be used, before the work begins. */
  void requireUsable() throws IOException {
    require(limit >= 1, "--limit must be at least 1: ", limit);
    for (var option : List.of("--recall", "--ef", "--rounds", "--truth")) {
      require(
          wanted() || !spec.commandLine().getParseResult().hasMatchedOption(option),
          option + " is of a comparison at equal recall: give --index or --peers, too",
          "");
    }
    require(
        rounds >= 1 && rounds <= MAX_ROUNDS,
        "--rounds must be 1 to %d: ".formatted(MAX_ROUNDS),
        rounds);
    if (peers != null) {
      require(!peers.isEmpty(), "--peers must name some of " + known() + ": ", "none");
      for (var peer : peers) {
        require(Peers.NAMES.contains(peer), "--peers must name some of " + known() + ": ", peer);
      }
    }
    Efforts.requireUsable(spec, recalls, widths);
    if (truth != null) {
      UserFiles.requireReadable(truth);
    }
    indexes.forEach(IndexSpec::parse);
  }

  private static String known() {
    return String.join(", ", Peers.NAMES);
  }

  private void require(boolean condition, String rule, Object found) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), rule + found);
    }
  }

  /**
   * Lets a comparison have enough queries, if the user does not say how many: all of a file, as a
   * truth has, or a thousand.
   */
  void requireQueries(LabVectors vectors) {
    if (wanted() && !spec.commandLine().getParseResult().hasMatchedOption("--query-count")) {
      vectors.queryCount = vectors.given.files() ? Integer.MAX_VALUE : QUERIES;
    }
  }

  /**
   * Compares.
   *
   * @param threads threads of the builds; searches run on one
   * @param progress receives a line for each step
   */
  PeerResult run(
      LabVectors vectors,
      LabVectors.Opened opened,
      Metric metric,
      int threads,
      Consumer<String> progress)
      throws IOException {
    var folder = Files.createTempDirectory("kith-curves");
    try {
      return run(data(vectors, opened, metric, folder), vectors.given.k(), threads, progress);
    } finally {
      try (var files = Files.list(folder)) {
        for (var file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private PeerResult run(PeerData data, int k, int threads, Consumer<String> progress)
      throws IOException {
    var beams = widths == null ? Widths.ladder(k, data.rows().size()) : sorted(widths);
    var contestants = new ArrayList<Contestant>();
    for (var index : indexes.isEmpty() ? List.of("graph") : indexes) {
      List<Effort> efforts =
          IndexSpec.parse(index).exact()
              ? List.of(new Effort.Exact())
              : beams.stream().<Effort>map(Effort.Beam::new).toList();
      var settings =
          new KithContestant.Settings(k, threads, Version.number(), efforts, Clock.SYSTEM);
      contestants.add(new KithContestant(data, index, null, settings));
    }
    if (peers != null) {
      var home = System.getProperty("kith.home");
      var settings =
          new Peers.Settings(
              k,
              threads,
              beams,
              python,
              Duration.ofSeconds(limit),
              Peers.cacheFolder(),
              home == null ? null : Path.of(home));
      contestants.addAll(Peers.of(peers, data, settings));
    }
    progress.accept("the true rows");
    return PeerRun.run(
        data,
        truth == null ? data.exact(k) : data.exact(truth, k),
        new PeerRun.Options(k, rounds, PIECE, recalls == null ? RECALLS : recalls),
        contestants,
        List.of(),
        Machine.describe(),
        Machine.commit(),
        progress);
  }

  private static List<Integer> sorted(List<Integer> widths) {
    return widths.stream().distinct().sorted().toList();
  }

  /** Data with files that peers read: those that the user gave, if peers can, or copies. */
  private PeerData data(LabVectors vectors, LabVectors.Opened opened, Metric metric, Path folder)
      throws IOException {
    return new PeerData(
        opened.name(),
        opened.rows(),
        opened.queries(),
        metric,
        file(vectors.given.data(), opened.sources().getFirst(), opened.rows(), folder, "X.npy"),
        file(
            vectors.given.queries(),
            opened.sources().getLast(),
            opened.queries(),
            folder,
            "Q.npy"));
  }

  private Path file(
      @Nullable Path given, VectorSource source, VectorSource used, Path folder, String name)
      throws IOException {
    if (given != null
        && given.toString().endsWith(".npy")
        && source.elementType() == ElementType.FLOAT32
        && source.size() == used.size()) {
      return given;
    }
    var copy = folder.resolve(name);
    if (peers != null) { // nobody else reads it
      VectorWriter.write(copy, used);
    }
    return copy;
  }
}
