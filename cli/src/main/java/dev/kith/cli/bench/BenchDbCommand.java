package dev.kith.cli.bench;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Progress;
import dev.kith.cli.input.DemoTexts;
import dev.kith.cli.input.VectorOptions;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.Collection;
import dev.kith.db.CollectionOptions;
import dev.kith.db.CollectionStats;
import dev.kith.db.Kith;
import dev.kith.db.VectorSegment;
import dev.kith.db.durability.Durability;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Query;
import dev.kith.embed.beir.BeirText;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.IntConsumer;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Command that measures what a collection costs over the bare search: writing, opening, disk,
 * filters.
 */
@Command(
    name = "bench-db",
    mixinStandardHelpOptions = true,
    description = {
      "Measures what a collection costs over a bare search.",
      "Import, acknowledged writes, disk, opening, queries. Writes synthetic vectors with real"
          + " texts as payload into a new folder, which is removed at the end. Making them is part"
          + " of the import's time."
    })
public final class BenchDbCommand implements Callable<Integer> {
  private static final long ROUND_NANOS = 100_000_000;
  private static final int ROWS_AT_ONCE = 2000;

  @Spec CommandSpec spec;

  @Option(names = "--n", defaultValue = "100000", description = "points; ${DEFAULT-VALUE}")
  int n;

  @Option(names = "--dim", defaultValue = "384", description = "elements; ${DEFAULT-VALUE}")
  int dim;

  @Option(names = "--writers", defaultValue = "32", description = "threads; ${DEFAULT-VALUE}")
  int writers;

  @Option(
      names = "--upserts",
      defaultValue = "40000",
      description = "single upserts by all writers together; ${DEFAULT-VALUE}")
  int upserts;

  @Option(
      names = "--rounds",
      defaultValue = "15",
      description = "rounds of queries, whose median is told; ${DEFAULT-VALUE}")
  int rounds;

  @Option(
      names = "--warm-up",
      defaultValue = "40000",
      description = "queries of a tiny collection before all else; ${DEFAULT-VALUE}")
  int warmUp;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      defaultValue = "kith-bench",
      description = "must not be there yet; default: ./${DEFAULT-VALUE}")
  Path folder;

  @Option(
      names = "--import-only",
      description = "import once, at durability request, and open; for large n and small heaps")
  boolean importOnly;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** Document printed with {@code --json}. */
  record Report(
      int n,
      int dim,
      String machine,
      String commit,
      long maxHeapBytes,
      List<Import> imports,
      List<Upserts> upserts,
      Disk disk,
      double openMillis,
      List<Overhead> overheads,
      List<Filtered> filtered) {}

  /** Measurements of an import of a stream of points. */
  record Import(String durability, double pointsPerSecond, double cpuSeconds) {}

  /** Single upserts, each acknowledged before the next of its thread. */
  record Upserts(String durability, int writers, double perSecond) {}

  /**
   * Bytes on disk after optimizing.
   *
   * @param ratio ratio of all bytes but shadows and log to the bytes of the vectors
   */
  record Disk(long bytes, long vectorBytes, long shadowBytes, long logBytes, double ratio) {}

  /** Times of a query and of the bare searches that it makes, medians of rounds. */
  record Overhead(int segments, double queryMicros, double bareMicros, double microsPerSegment) {}

  /**
   * Times of a query among a part of the points, and of a scan of a source that holds only that
   * part.
   */
  record Filtered(String filter, long passed, double queryMicros, double aloneMicros) {}

  private List<String> texts = List.of();

  @Override
  public Integer call() throws IOException {
    if (n < 1 || dim < 1 || writers < 1 || upserts < 1 || rounds < 1) {
      throw new IllegalArgumentException(
          "--n, --dim, --writers, --upserts and --rounds must be at least 1");
    }
    if (Files.exists(folder)) {
      throw new FileAlreadyExistsException(folder.toString(), null, "it must not be there yet");
    }
    try (var corpus = DemoTexts.open().corpus()) {
      texts = corpus.map(BeirText::text).toList();
    }
    try {
      var report = measure();
      if (json) {
        Json.print(spec.commandLine().getOut(), report);
      } else {
        print(report);
      }
    } finally {
      remove();
    }
    return ExitStatus.DONE;
  }

  private static Schema schema(int dim) {
    return Schema.of(VectorField.of(dim, Metric.L2).withIndex("flat(shadow=int8)"))
        .withField("part", FieldType.INTEGER)
        .withField("lang", FieldType.KEYWORD)
        .withField("text", FieldType.TEXT);
  }

  private Point point(long id, float[] vector) {
    return Point.of(
        PointId.of(id),
        vector,
        Payload.of(
            "part",
            id % 100,
            "lang",
            id % 3 == 0 ? "de" : "en",
            "text",
            texts.get((int) (id % texts.size()))));
  }

  private ClusteredVectors vectors() {
    return VectorOptions.clustered(dim, 1);
  }

  private Iterator<Point> points() {
    return LongStream.range(0, (n + ROWS_AT_ONCE - 1L) / ROWS_AT_ONCE)
        .boxed()
        .flatMap(
            chunk -> {
              long first = chunk * ROWS_AT_ONCE;
              int size = (int) Math.min(ROWS_AT_ONCE, n - first);
              var made = new ArrayList<Point>(size);
              try (var rows = vectors().generate(first, size)) {
                for (int i = 0; i < size; i++) {
                  made.add(point(first + i, rows.row(i)));
                }
              }
              return made.stream();
            })
        .iterator();
  }

  /** Runs queries on a tiny collection until the JIT compiler is done with their code. */
  private void warmUp() {
    try (var kith = Kith.inMemory();
        var rows = vectors().generate(0, 100)) {
      var small = kith.create("small", schema(dim));
      for (int i = 0; i < 100; i++) {
        small.upsert(point(i, rows.row(i)));
      }
      for (int i = 0; i < warmUp; i++) {
        var query = Query.nearest(rows.row(i % 100)).threads(1).withoutPayload();
        small.query(i % 2 == 0 ? query : query.where("part < 50"));
      }
    }
  }

  private Report measure() throws IOException {
    warmUp();
    var imports = new ArrayList<Import>();
    var writes = new ArrayList<Upserts>();
    try (var kith = Kith.open(folder)) {
      for (var durability : Durability.values()) {
        if (importOnly && durability != Durability.REQUEST) {
          continue;
        }
        imports.add(importAll(kith, durability));
      }
    }
    double openMillis = open();
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(name(Durability.REQUEST));
      if (importOnly) {
        var disk = disk(collection.stats());
        return report(imports, writes, disk, openMillis, List.of(), List.of());
      }
      var overheads = new ArrayList<Overhead>();
      overheads.add(overhead(collection));
      collection.optimize();
      var disk = disk(collection.stats());
      overheads.add(overhead(collection));
      var filtered = List.of(filtered(collection, "part == 7", 100, 7));
      for (int threads : new int[] {1, writers}) {
        writes.add(upsertSingly(collection, threads));
      }
      return report(imports, writes, disk, openMillis, overheads, filtered);
    }
  }

  private Report report(
      List<Import> imports,
      List<Upserts> writes,
      Disk disk,
      double openMillis,
      List<Overhead> overheads,
      List<Filtered> filtered) {
    return new Report(
        n,
        dim,
        Machine.describe(),
        Machine.commit(),
        Runtime.getRuntime().maxMemory(),
        imports,
        writes,
        disk,
        openMillis,
        overheads,
        filtered);
  }

  private static String name(Durability durability) {
    return durability.name().toLowerCase(Locale.ROOT);
  }

  private Import importAll(Kith kith, Durability durability) {
    var options = CollectionOptions.DEFAULT.withDurability(durability);
    var bar =
        new Progress(
            spec.commandLine().getErr(), "importing, " + name(durability), "points", n, json);
    long cpu = Machine.cpuNanos();
    long start = System.nanoTime();
    bar.watch(
        () -> {
          var collection = kith.create(name(durability), schema(dim), options);
          return collection.upsertAll(points(), (count, _) -> bar.accept(count));
        });
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Import(name(durability), n / seconds, (Machine.cpuNanos() - cpu) / 1e9);
  }

  private double open() {
    long start = System.nanoTime();
    try (var kith = Kith.open(folder)) {
      kith.collection(name(Durability.REQUEST));
      return (System.nanoTime() - start) / 1e6;
    }
  }

  private static Disk disk(CollectionStats stats) {
    var index = stats.indexes().getFirst();
    long rest = stats.bytes() - index.shadowBytes() - index.indexBytes() - stats.logBytes();
    return new Disk(
        stats.bytes(),
        index.rowBytes(),
        index.shadowBytes(),
        stats.logBytes(),
        rest / (double) index.rowBytes());
  }

  /**
   * Median times of the calls over rounds, taken in turn; a round of a call lasts a tenth of a
   * second.
   */
  private double[] medianMicros(IntConsumer... calls) {
    var micros = new double[calls.length][rounds];
    for (int round = -2; round < rounds; round++) { // the first two warm up
      for (int c = 0; c < calls.length; c++) {
        int count = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < ROUND_NANOS) {
          calls[c].accept(count++);
        }
        if (round >= 0) {
          micros[c][round] = (System.nanoTime() - start) / 1e3 / count;
        }
      }
    }
    return Arrays.stream(micros)
        .mapToDouble(
            times -> {
              Arrays.sort(times);
              return times[rounds / 2];
            })
        .toArray();
  }

  private Overhead overhead(Collection collection) throws IOException {
    try (var queries = vectors().generate(n, 50)) {
      var vectors = new ArrayList<float[]>();
      for (int i = 0; i < 50; i++) {
        vectors.add(queries.row(i));
      }
      var options = SearchOptions.nearest(Query.DEFAULT_LIMIT + 1).withThreads(1);
      try (var reader = collection.reader()) {
        var indexes = reader.segments(Schema.VECTOR).stream().map(VectorSegment::index).toList();
        var medians =
            medianMicros(
                i ->
                    collection.query(
                        Query.nearest(vectors.get(i % 50)).threads(1).withoutPayload()),
                i -> {
                  for (var index : indexes) {
                    index.search(VectorSource.single(vectors.get(i % 50)), options);
                  }
                });
        return new Overhead(
            indexes.size(), medians[0], medians[1], (medians[0] - medians[1]) / indexes.size());
      }
    }
  }

  private Filtered filtered(Collection collection, String filter, int parts, int part)
      throws IOException {
    int passing = (int) LongStream.range(0, n).filter(id -> id % parts == part).count();
    var rows = new float[passing][];
    try (var all = vectors().generate(0, n)) {
      int next = 0;
      for (int id = part; id < n; id += parts) {
        rows[next++] = all.row(id);
      }
    }
    var options = SearchOptions.nearest(Query.DEFAULT_LIMIT).withThreads(1);
    try (var queries = vectors().generate(n, 50);
        var alone = VectorSource.of(rows)) {
      var index = VectorIndex.over(alone, Metric.L2, "flat");
      var vectors = new ArrayList<float[]>();
      for (int i = 0; i < 50; i++) {
        vectors.add(queries.row(i));
      }
      var query = Query.nearest(vectors.getFirst()).where(filter).threads(1).withoutPayload();
      long passed = collection.query(query).report().passed();
      var medians =
          medianMicros(
              i ->
                  collection.query(
                      query.withSource(new Query.Nearest(Schema.VECTOR, vectors.get(i % 50)))),
              i -> index.search(VectorSource.single(vectors.get(i % 50)), options));
      return new Filtered(filter, passed, medians[0], medians[1]);
    }
  }

  private Upserts upsertSingly(Collection collection, int threads) {
    int each = Math.max(1, (threads == 1 ? upserts / 20 : upserts) / threads);
    try (var made = vectors().generate(n, 100)) {
      var rows = new float[100][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = made.row(i);
      }
      long start = System.nanoTime();
      var running = new ArrayList<Thread>();
      for (int t = 0; t < threads; t++) {
        long first = n + (long) t * each;
        running.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int i = 0; i < each; i++) {
                        collection.upsert(point(first + i, rows[i % rows.length]));
                      }
                    }));
      }
      for (var thread : running) {
        thread.join();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      return new Upserts("request", threads, threads * (double) each / seconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped before the end", e);
    }
  }

  private void print(Report report) {
    var out = spec.commandLine().getOut();
    out.printf("%d x %d; %s; commit %s%n", n, dim, report.machine, report.commit);
    for (var one : report.imports) {
      out.printf(
          "import, %-9s %8.0f points/s, %.0f us CPU each%n",
          one.durability, one.pointsPerSecond, one.cpuSeconds * 1e6 / n);
    }
    out.printf(
        "disk               %8d bytes: %.3f of the vectors' %d, shadows %d, log %d%n",
        report.disk.bytes,
        report.disk.ratio,
        report.disk.vectorBytes,
        report.disk.shadowBytes,
        report.disk.logBytes);
    out.printf("open               %8.1f ms%n", report.openMillis);
    for (var one : report.overheads) {
      out.printf(
          "query, %2d segments %8.1f us, bare %.1f us: %.1f us a segment%n",
          one.segments, one.queryMicros, one.bareMicros, one.microsPerSegment);
    }
    for (var one : report.filtered) {
      out.printf(
          "query, %s: %8.1f us, alone %.1f us (%d points)%n",
          one.filter, one.queryMicros, one.aloneMicros, one.passed);
    }
    for (var one : report.upserts) {
      out.printf("upserts, %2d writers %7.0f acknowledged/s%n", one.writers, one.perSecond);
    }
    out.flush();
  }

  private void remove() throws IOException {
    try (var all = Files.walk(folder)) {
      for (var path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
