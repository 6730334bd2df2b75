package dev.kith.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import dev.kith.embed.TextModel;
import dev.kith.embed.beir.BeirFolder;
import dev.kith.embed.beir.BeirText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Real texts in, the nearest ones out: the whole way, with what each step costs. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "The whole way on real texts, and what each step costs.",
      "Embeds some 5,000 bundled texts (WordNet), keeps the vectors, and searches them exactly:"
          + " a question, then a usage example whose right answer is known. With --beir, does the"
          + " same for one query of a BEIR folder, over the documents that some query is judged"
          + " against."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int SHOWN = 3;
  private static final int TIMED_RUNS = 25;
  private static final long WARM_UP_NANOS = 1_000_000_000;
  private static final String AGAIN = "; or delete that file and run kith demo again";

  @Spec CommandSpec spec;

  @Option(names = "--beir", paramLabel = "FOLDER", description = "another data set")
  @Nullable Path beir;

  @Option(names = "--query-id", paramLabel = "ID", description = "which query of that data set")
  @Nullable String queryId;

  @Option(
      names = "--db",
      paramLabel = "FOLDER",
      defaultValue = "kith-data",
      description = "the vectors are kept in its folder demo; default: ./${DEFAULT-VALUE}")
  Path db;

  @Mixin ModelOptions modelOptions;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** The document printed with {@code --json}. */
  record Report(List<Answer> queries, List<BackendRun> backends, Cost cost) {}

  /** One query's answer; {@code knownRank} is null if no relevant document is known. */
  record Answer(
      String query,
      String backend,
      String index,
      boolean proved,
      String scoreKind,
      List<Hit> hits,
      List<String> relevant,
      @Nullable Integer knownRank) {}

  /** One text of an answer. */
  record Hit(int rank, String id, double score, Payload payload) {}

  /** What is kept beside a vector. */
  record Payload(String title, String text) {}

  /** Median time of one search and whether its rows are those of the first backend. */
  record BackendRun(String name, double micros, boolean sameRows) {}

  /**
   * What it cost.
   *
   * @param textsPerSecond embedded, or 0 if the vectors were there already
   */
  record Cost(
      int texts,
      int dimension,
      double textsPerSecond,
      long bytes,
      String model,
      String vectors,
      boolean reused) {}

  @Override
  public Integer call() throws IOException {
    if ((beir == null) != (queryId == null)) {
      throw new ParameterException(
          spec.commandLine(), "--beir and --query-id go together: give both or neither");
    }
    var err = spec.commandLine().getErr();
    var data = beir == null ? DemoTexts.open() : BeirFolder.open(beir);
    var qrels = data.qrels("test");
    var documents = documents(data, qrels);
    var queries = queries(data);

    try (var model = modelOptions.load(err, json)) {
      var file = db.resolve("demo").resolve(fileName(data, model, documents));
      boolean reused = Files.exists(file);
      double rate = reused ? 0 : embed(model, documents, file, err);
      try (var rows = open(file, documents.size(), model.dimension());
          var asked = model.embed(modelOptions.contents(queries))) {
        var index = VectorIndex.over(rows, Metric.COSINE, "flat");
        var report =
            new Report(
                answers(index, asked, queries, documents, qrels),
                backends(index, asked),
                new Cost(
                    documents.size(),
                    rows.dimension(),
                    rate,
                    Files.size(file),
                    model.name(),
                    file.toString(),
                    reused));
        if (json) {
          Json.print(spec.commandLine().getOut(), report);
        } else {
          print(report, spec.commandLine().getOut());
        }
        return report.backends.stream().allMatch(BackendRun::sameRows)
            ? Main.DONE
            : Main.CHECK_FAILED;
      }
    }
  }

  /** All bundled texts; of another data set those that some query is judged against. */
  private List<BeirText> documents(BeirFolder data, Map<String, Map<String, Integer>> qrels) {
    var judged = new HashSet<String>();
    qrels.values().forEach(grades -> judged.addAll(grades.keySet()));
    try (var corpus = data.corpus()) {
      var documents = corpus.filter(text -> beir == null || judged.contains(text.id())).toList();
      if (documents.isEmpty()) {
        throw new IllegalArgumentException(
            "no document of the corpus is judged: folder=%s".formatted(beir));
      }
      return documents;
    }
  }

  private List<BeirText> queries(BeirFolder data) {
    try (var queries = data.queries()) {
      if (queryId == null) {
        return queries.limit(2).toList(); // the question, and the usage example
      }
      var found = queries.filter(query -> query.id().equals(queryId)).toList();
      if (found.isEmpty()) {
        throw new IllegalArgumentException(
            "no such query: folder=%s, query-id=%s".formatted(beir, queryId));
      }
      return found;
    }
  }

  /** Named after everything the vectors depend on, so that a file that is there fits. */
  private String fileName(BeirFolder data, TextModel model, List<BeirText> documents) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      var options = model.options().withThreads(1); // how many there are is no matter
      digest.update((modelOptions.model + "\n" + options + "\n").getBytes(UTF_8));
      for (var document : documents) {
        digest.update((modelOptions.content(document) + "\n").getBytes(UTF_8));
      }
      String hash = HexFormat.of().formatHex(digest.digest(), 0, 6);
      return "%s-%s-%s.npy".formatted(data.name(), model.name(), hash);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private double embed(TextModel model, List<BeirText> documents, Path file, PrintWriter err)
      throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    var bar = new Progress(err, "embedding", "texts", documents.size(), json);
    try (var vectors = bar.watch(() -> model.embed(modelOptions.contents(documents), bar))) {
      VectorWriter.write(file, vectors);
    } catch (IOException e) {
      throw UserFiles.about(file, e);
    }
    return bar.rate();
  }

  private static VectorSource open(Path file, int texts, int dimension) throws IOException {
    VectorSource rows;
    try {
      rows = UserFiles.vectors(file);
    } catch (VectorDataException e) {
      throw new VectorDataException(e.getMessage() + AGAIN);
    }
    try {
      rows.requireFinite();
      if (rows.size() != texts || rows.dimension() != dimension) {
        throw new VectorDataException(
            "the saved vectors must be one a text: file=%s, expected=%d x %d, found=%d x %d"
                .formatted(file, texts, dimension, rows.size(), rows.dimension()));
      }
      return rows;
    } catch (VectorDataException e) {
      rows.close();
      throw new VectorDataException(e.getMessage() + AGAIN);
    }
  }

  private List<Answer> answers(
      VectorIndex index,
      VectorSource asked,
      List<BeirText> queries,
      List<BeirText> documents,
      Map<String, Map<String, Integer>> qrels) {
    // All rows, so that the known answer has a rank wherever it is.
    int all = (int) index.rows().size();
    var result = index.search(asked, SearchOptions.nearest(all));
    var answers = new ArrayList<Answer>();
    for (int q = 0; q < queries.size(); q++) {
      answers.add(
          answer(
              queries.get(q),
              result.neighbors().get(q),
              documents,
              qrels.getOrDefault(queries.get(q).id(), Map.of()),
              result.report()));
    }
    return answers;
  }

  private static Answer answer(
      BeirText query,
      Neighbors neighbors,
      List<BeirText> documents,
      Map<String, Integer> grades,
      SearchReport report) {
    var relevant =
        grades.entrySet().stream()
            .filter(grade -> grade.getValue() > 0)
            .map(Map.Entry::getKey)
            .toList();
    var hits = new ArrayList<Hit>();
    Integer knownRank = null;
    int rank = 0;
    for (var neighbor : neighbors) {
      var document = documents.get((int) neighbor.row());
      if (document.id().equals(query.id())) {
        continue; // as in BEIR, a query's own document is no answer
      }
      rank++;
      if (rank <= SHOWN) {
        hits.add(
            new Hit(
                rank,
                document.id(),
                neighbor.score(),
                new Payload(document.title(), document.text())));
      }
      if (knownRank == null && relevant.contains(document.id())) {
        knownRank = rank;
      }
    }
    return new Answer(
        query.text(),
        report.backend(),
        report.index(),
        report.proved(),
        Metric.COSINE.scoreKind().name().toLowerCase(Locale.ROOT),
        hits,
        relevant,
        knownRank);
  }

  private static List<BackendRun> backends(VectorIndex index, VectorSource asked) {
    var runs = new ArrayList<BackendRun>();
    var first = asked.slice(0, 1);
    List<Neighbors> expected = null;
    for (var backend : Backends.statuses()) {
      if (!backend.usable()) {
        continue;
      }
      var options = SearchOptions.nearest(10).onBackend(backend.name());
      var found = index.search(asked, options).neighbors();
      if (expected == null) {
        expected = found;
      }
      for (long end = System.nanoTime() + WARM_UP_NANOS; System.nanoTime() < end; ) {
        index.search(first, options);
      }
      var nanos = new long[TIMED_RUNS];
      for (int run = 0; run < TIMED_RUNS; run++) {
        long start = System.nanoTime();
        index.search(first, options);
        nanos[run] = System.nanoTime() - start;
      }
      Arrays.sort(nanos);
      runs.add(new BackendRun(backend.name(), nanos[TIMED_RUNS / 2] / 1e3, found.equals(expected)));
    }
    return runs;
  }

  private static void print(Report report, PrintWriter out) {
    var cost = report.cost;
    out.printf(
        cost.reused
            ? "The vectors of %d texts are there already: %s%n"
            : "Embedded %d texts and saved the vectors: %s%n",
        cost.texts,
        cost.vectors);
    for (var answer : report.queries) {
      out.printf(
          "%n\"%s\"   (exact%s, backend %s)%n",
          shorten(answer.query), answer.proved ? ", proved" : "", answer.backend);
      for (var hit : answer.hits) {
        out.printf(Locale.ROOT, "  %d. %.4f  %s%n", hit.rank, hit.score, shorten(hit.payload.text));
      }
      if (answer.knownRank != null) {
        out.printf(
            "  The known answer, %s, has rank %d.%n",
            String.join(" or ", answer.relevant), answer.knownRank);
      }
    }
    out.printf("%nWhat it cost%n");
    out.printf("  model      %s%n", cost.model);
    out.printf(
        Locale.ROOT,
        "  texts      %d%s%n",
        cost.texts,
        cost.reused ? ", not embedded again" : ", %.1f a second".formatted(cost.textsPerSecond));
    out.printf("  vectors    %d x %d float32, %d bytes%n", cost.texts, cost.dimension, cost.bytes);
    for (var backend : report.backends) {
      out.printf(
          Locale.ROOT,
          "  search     %-7s %8.0f us a query, median of %d, %s%n",
          backend.name,
          backend.micros,
          TIMED_RUNS,
          backend.sameRows ? "same rows" : "OTHER ROWS");
    }
    out.flush();
  }

  /** One line of at most 160 characters; what could move a terminal's cursor becomes a blank. */
  private static String shorten(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return line.codePointCount(0, line.length()) <= 160
        ? line
        : line.substring(0, line.offsetByCodePoints(0, 157)) + "...";
  }
}
