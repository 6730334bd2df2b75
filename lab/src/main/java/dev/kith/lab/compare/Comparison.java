package dev.kith.lab.compare;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import dev.kith.lab.compare.ComparisonResult.Missing;
import dev.kith.lab.compare.Contender.Run;
import dev.kith.lab.compare.PythonPeers.MissingPeerException;
import dev.kith.lab.measure.Clock;
import dev.kith.lab.measure.Load;
import dev.kith.lab.measure.Oracle;
import dev.kith.lab.measure.Times;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Kith's backends and, where a Python has them, NumPy, FAISS, torch, CuPy and cuVS: exact search by
 * L2 of the same float32 rows, measured the same way, checked against the same truth.
 */
public final class Comparison {
  static final String KITH = "kith ";
  private static final List<String> INDEXES = List.of("flat", "flat(shadow=int8)");
  private static final String FAISS = "faiss-cpu";

  /**
   * Names of processors that an OpenBLAS for x86-64 knows; others ignore the name. An empty one
   * leaves the choice to it.
   */
  private static final List<String> BLAS =
      List.of("", "HASWELL", "SKYLAKEX", "ZEN", "COOPERLAKE", "SAPPHIRERAPIDS");

  private static final double NANOS = 1e9;
  private static final int ROUNDS = 3;

  private final VectorSource rows;
  private final VectorSource queries;
  private final Settings settings;
  private final int[] batches;
  private final long[][] truth;

  /** Key of the last true row of each query: a row as near counts as found. */
  private final double[] limits;

  private final Clock clock = Clock.SYSTEM;
  private final List<Contender> contenders = new ArrayList<>();
  private final List<Missing> missing = new ArrayList<>();
  private @Nullable String python;

  /**
   * Settings for every contender.
   *
   * @param k neighbours, at least 1
   * @param threads threads of the CPU, at least 1
   * @param seconds least time for which a batch size is measured, after half of it to warm up
   * @param leastRuns least number of batches that are timed
   * @param python the Python that may have peers, by name or path
   * @param limit longest time that a peer may take altogether
   */
  public record Settings(
      int k, int threads, double seconds, int leastRuns, String python, Duration limit) {}

  private Comparison(VectorSource rows, VectorSource queries, Settings settings) {
    this.rows = rows;
    this.queries = queries;
    this.settings = settings;
    int all = Math.toIntExact(queries.size());
    this.batches = all == 1 ? new int[] {1} : new int[] {1, all};
    this.truth = Oracle.nearest(rows, queries, Metric.L2, settings.k, null);
    this.limits = new double[all];
    for (int q = 0; q < all; q++) {
      var found = truth[q];
      limits[q] = Metric.L2.key(queries.row(q), rows.row(found[found.length - 1]));
    }
  }

  /**
   * Runs all contenders, one after the other.
   *
   * @param data name of where the rows come from, for the reader
   * @param rows float32, finite, at least one; stays the caller's
   * @param queries float32, finite, at least one; stays the caller's
   * @param version version of Kith
   * @param machine description for the reader, like {@code commit}
   * @param embedding rates measured beside the comparison, or none
   * @param progress receives the name of each contender before it runs
   */
  public static ComparisonResult run(
      String data,
      VectorSource rows,
      VectorSource queries,
      Settings settings,
      String version,
      String machine,
      String commit,
      List<EmbeddingRate> embedding,
      Consumer<String> progress)
      throws IOException {
    var comparison = new Comparison(rows, queries, settings);
    comparison.kith(version, progress);
    comparison.peers(progress);
    return new ComparisonResult(
        data,
        rows.size(),
        rows.dimension(),
        Math.toIntExact(queries.size()),
        settings.k,
        Metric.L2.toString(),
        settings.threads,
        machine,
        commit,
        comparison.python,
        comparison.contenders,
        comparison.missing,
        embedding);
  }

  /** Backend with an index, and its measurements, one for each batch size. */
  private record Entrant(String name, String backend, VectorIndex index, List<Measured> measured) {}

  /** Measurements that add up over rounds. Seconds are those of the timed batches alone. */
  private static final class Measured {
    final int batch;
    final List<Double> millis = new ArrayList<>();
    long[][] found = new long[0][];
    int answered;
    double wallSeconds;
    double cpuSeconds;

    Measured(int batch) {
      this.batch = batch;
    }
  }

  /**
   * Measures Kith in rounds, so that other work on the machine meets all contenders and not one
   * alone.
   */
  private void kith(String version, Consumer<String> progress) {
    var entrants = new ArrayList<Entrant>();
    for (var spec : INDEXES) {
      VectorIndex index = null;
      for (var backend : Backends.statuses()) {
        var name = KITH + backend.name() + " " + spec;
        if (!backend.usable()) {
          missing.add(new Missing(name, backend.reason()));
          continue;
        }
        index = index == null ? VectorIndex.over(rows, Metric.L2, spec) : index;
        var measured = Arrays.stream(batches).mapToObj(Measured::new).toList();
        entrants.add(new Entrant(name, backend.name(), index, measured));
      }
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (var entrant : entrants) {
        if (round == 0) {
          progress.accept(entrant.name);
        }
        var options =
            SearchOptions.nearest(settings.k)
                .withThreads(settings.threads)
                .onBackend(entrant.backend);
        for (var measured : entrant.measured) {
          time(entrant.index, options, measured);
        }
      }
    }
    for (var entrant : entrants) {
      String device = Backends.choose(entrant.backend).device();
      var runs = entrant.measured.stream().map(one -> judged(one, device)).toList();
      contenders.add(new Contender(entrant.name, version, device, runs));
    }
  }

  /** Times one round, as peer.py does. */
  private void time(VectorIndex index, SearchOptions options, Measured to) {
    int all = Math.toIntExact(queries.size());
    int batch = to.batch;
    if (to.millis.isEmpty()) {
      var found = new ArrayList<long[]>();
      for (int at = 0; at < all; at += batch) {
        index
            .search(queries.slice(at, Math.min(batch, all - at)), options)
            .neighbors()
            .forEach(neighbors -> found.add(neighbors.rows()));
      }
      to.found = found.toArray(long[][]::new);
    }
    double seconds = settings.seconds / ROUNDS;
    int least = (settings.leastRuns + ROUNDS - 1) / ROUNDS;
    long warm = clock.wallNanos() + (long) (seconds / 2 * NANOS);
    long begin = 0;
    long worked = 0;
    int runs = 0;
    for (int at = 0;
        begin == 0 || runs < least || clock.wallNanos() < begin + (long) (seconds * NANOS); ) {
      var part = queries.slice(at, Math.min(batch, all - at));
      long start = clock.wallNanos();
      index.search(part, options);
      double took = (clock.wallNanos() - start) / 1e6 / part.size();
      at = at + batch < all ? at + batch : 0;
      if (begin != 0) {
        to.millis.add(took);
        to.answered += Math.toIntExact(part.size());
        runs++;
      } else if (clock.wallNanos() >= warm) {
        begin = clock.wallNanos();
        worked = clock.processNanos();
      }
    }
    to.wallSeconds += (clock.wallNanos() - begin) / NANOS;
    to.cpuSeconds += (clock.processNanos() - worked) / NANOS;
  }

  private void peers(Consumer<String> progress) throws IOException {
    var folder = Files.createTempDirectory("kith-compare");
    var rowsFile = folder.resolve("rows.npy");
    var queriesFile = folder.resolve("queries.npy");
    try {
      VectorWriter.write(rowsFile, rows);
      VectorWriter.write(queriesFile, queries);
      var peers = new PythonPeers(settings.python, settings.limit);
      for (var name : PythonPeers.NAMES) {
        progress.accept(name);
        try {
          peer(peers, name, rowsFile, queriesFile);
        } catch (MissingPeerException e) {
          missing.add(new Missing(name, e.reason()));
        }
      }
    } finally {
      Files.deleteIfExists(rowsFile);
      Files.deleteIfExists(queriesFile);
      Files.delete(folder);
    }
  }

  private void peer(PythonPeers peers, String name, Path rowsFile, Path queriesFile)
      throws IOException, MissingPeerException {
    var blas = name.equals(FAISS) ? fastestBlas(peers, rowsFile, queriesFile) : "";
    var sizes = Arrays.stream(batches).mapToObj(String::valueOf).collect(Collectors.joining(","));
    var document =
        peers.run(
            name,
            settings.threads,
            blas,
            arguments(rowsFile, queriesFile, sizes, settings.seconds, settings.leastRuns));
    python = document.get("python").textValue();
    var runs = new ArrayList<Run>();
    for (var run : document.get("runs")) {
      var measured = new Measured(run.get("batch").intValue());
      measured.found =
          elements(run.get("rows"))
              .map(row -> elements(row).mapToLong(JsonNode::longValue).toArray())
              .toArray(long[][]::new);
      measured.millis.addAll(millis(run));
      measured.answered = run.path("answered").asInt(0);
      measured.wallSeconds = run.path("wall").asDouble(0);
      measured.cpuSeconds = run.path("cpu").asDouble(Double.NaN);
      runs.add(judged(measured, document.get("device").textValue()));
    }
    contenders.add(
        new Contender(
            name,
            document.get("version").textValue() + (blas.isEmpty() ? "" : " as " + blas),
            document.get("device").textValue(),
            runs));
  }

  private List<String> arguments(
      Path rowsFile, Path queriesFile, String sizes, double seconds, int leastRuns) {
    return List.of(
        rowsFile.toString(),
        queriesFile.toString(),
        String.valueOf(Math.min(settings.k, rows.size())),
        sizes,
        String.valueOf(seconds),
        String.valueOf(leastRuns),
        String.valueOf(settings.threads));
  }

  /**
   * Finds the setting of the BLAS in FAISS's wheel that is fastest for large batches. Its speed
   * depends on the processor that it takes this one for, at times a slow choice: each is tried.
   */
  private String fastestBlas(PythonPeers peers, Path rowsFile, Path queriesFile)
      throws IOException, MissingPeerException {
    var sizes = String.valueOf(batches[batches.length - 1]);
    String fastest = "";
    double best = Double.POSITIVE_INFINITY;
    for (var blas : BLAS) {
      var tried =
          peers.run(FAISS, settings.threads, blas, arguments(rowsFile, queriesFile, sizes, 0, 3));
      var times = new Times(millis(tried.get("runs").get(0)));
      if (times.least() < best) {
        best = times.least();
        fastest = blas;
      }
    }
    return fastest;
  }

  private static List<Double> millis(JsonNode run) {
    return elements(run.get("millis")).map(JsonNode::doubleValue).toList();
  }

  private static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private Run judged(Measured measured, String device) {
    var found = measured.found;
    if (found.length != truth.length) {
      throw new IllegalStateException(
          "one list of rows a query is needed: queries=%d, lists=%d"
              .formatted(truth.length, found.length));
    }
    long hits =
        IntStream.range(0, found.length)
            .mapToLong(
                q -> {
                  var query = queries.row(q);
                  return Arrays.stream(found[q])
                      .distinct()
                      .filter(row -> row >= 0 && row < rows.size())
                      .filter(row -> Metric.L2.key(query, rows.row(row)) <= limits[q])
                      .limit(truth[q].length)
                      .count();
                })
            .sum();
    long possible = Arrays.stream(truth).mapToLong(list -> list.length).sum();
    var times = new Times(measured.millis);
    double cpuSeconds = device.equals("cpu") ? measured.cpuSeconds : Double.NaN;
    return new Run(
        measured.batch,
        times.least(),
        times.spread(),
        times.each().size(),
        (double) hits / possible,
        Arrays.deepEquals(found, truth),
        times.median(),
        Double.isNaN(cpuSeconds) || measured.answered == 0
            ? null
            : cpuSeconds * 1e3 / measured.answered,
        Load.remark(measured.wallSeconds, cpuSeconds, times));
  }
}
