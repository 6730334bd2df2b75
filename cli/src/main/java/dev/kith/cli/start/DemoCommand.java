package dev.kith.cli.start;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;

import dev.kith.cli.collection.Database;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Progress;
import dev.kith.cli.input.DemoTexts;
import dev.kith.cli.input.ModelOptions;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.Collection;
import dev.kith.db.Kith;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import dev.kith.embed.TextModel;
import dev.kith.embed.beir.BeirFolder;
import dev.kith.embed.beir.BeirText;
import java.io.IOException;
import java.io.PrintWriter;
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
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * Command that goes the whole way from real texts to the nearest ones, with what each step costs.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "The whole way on real texts, and what each step costs.",
      "Embeds some 5,000 bundled texts (WordNet), keeps them in a collection, and searches them"
          + " exactly: a question, then a usage example whose right answer is known; then the"
          + " question with a filter, and by meaning and words together. With --beir, does the same"
          + " for one query of a BEIR folder, over the documents that some query is judged against."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final int SHOWN = 3;
  private static final int TIMED_RUNS = 25;
  private static final long WARM_UP_NANOS = 1_000_000_000;
  private static final int EMBEDDED_AT_ONCE = 256;
  private static final String TEXT = "text";
  private static final String WORDS = "words";
  private static final String SHORT = "words <= 15";

  @Mixin Database database;

  @Option(names = "--beir", paramLabel = "FOLDER", description = "another data set")
  @Nullable Path beir;

  @Option(names = "--query-id", paramLabel = "ID", description = "which query of that data set")
  @Nullable String queryId;

  @Mixin ModelOptions modelOptions;

  /** Document printed with {@code --json}. */
  record Report(
      List<Answer> queries, Answer filtered, Answer hybrid, List<BackendRun> backends, Cost cost) {}

  /**
   * Answer to one query; {@code knownRank} is null if no relevant document is known.
   *
   * @param filter filter that hits had to pass, or null
   */
  record Answer(
      String query,
      @Nullable String filter,
      String backend,
      String index,
      boolean proved,
      String scoreKind,
      List<Shown> hits,
      List<String> relevant,
      @Nullable Integer knownRank) {}

  /** One text of an answer. */
  record Shown(int rank, String id, double score, Payload payload) {}

  /** Median time of one search and whether its hits are those of the first backend. */
  record BackendRun(String name, double micros, boolean sameRows) {}

  /**
   * Cost of the demo.
   *
   * @param textsPerSecond texts embedded a second, or 0 if all were there already
   * @param bytes bytes of the collection's files
   * @param embedded number of texts that were embedded, not being there yet
   */
  record Cost(
      int texts,
      int dimension,
      double textsPerSecond,
      long bytes,
      String model,
      String collection,
      String place,
      int embedded) {}

  @Override
  public Integer call() throws IOException {
    if ((beir == null) != (queryId == null)) {
      throw new ParameterException(
          database.commandLine(), "--beir and --query-id go together: give both or neither");
    }
    var data = beir == null ? DemoTexts.open() : BeirFolder.open(beir);
    var qrels = data.qrels("test");
    var documents = documents(data, qrels);
    var queries = queries(data);
    try (var model = modelOptions.load(database.err(), database.isJson());
        var kith = database.make()) {
      var collection = collection(kith, name(data, model), model.dimension());
      var missing = missing(collection, documents);
      double rate = missing.isEmpty() ? 0 : embed(model, missing, collection);
      try (var asked = model.embed(modelOptions.contents(queries))) {
        var report = report(collection, queries, asked, qrels, documents, model, rate, missing);
        if (database.isJson()) {
          Json.print(database.out(), report);
        } else {
          printCost(report, database.out());
        }
        return report.backends.stream().allMatch(BackendRun::sameRows)
            ? ExitStatus.DONE
            : ExitStatus.CHECK_FAILED;
      }
    }
  }

  private Report report(
      Collection collection,
      List<BeirText> queries,
      VectorSource asked,
      Map<String, Map<String, Integer>> qrels,
      List<BeirText> documents,
      TextModel model,
      double rate,
      List<BeirText> embedded) {
    var vectors = new ArrayList<float[]>();
    for (int q = 0; q < queries.size(); q++) {
      vectors.add(asked.row(q));
    }
    var answers = new ArrayList<Answer>();
    for (int q = 0; q < queries.size(); q++) {
      // k is the number of points, so that the known answer has a rank wherever it is.
      var all = Query.nearest(vectors.get(q)).limit(documents.size());
      answers.add(answer(collection, queries.get(q), all, null, qrels));
    }
    var question = queries.getFirst();
    var nearest = Query.nearest(vectors.getFirst());
    var words = Query.words(TEXT, question.text());
    var filtered = answer(collection, question, nearest.where(SHORT), SHORT, qrels);
    var hybrid =
        answer(collection, question, Query.fuse(Fusion.rrf(), nearest, words), null, qrels);
    var cost =
        new Cost(
            documents.size(),
            model.dimension(),
            rate,
            collection.stats().bytes(),
            model.name(),
            collection.name(),
            database.folder().resolve(collection.name()).toString(),
            embedded.size());
    if (!database.isJson()) {
      printAnswers(answers, filtered, hybrid, cost, database.out()); // before seconds of timing
    }
    return new Report(answers, filtered, hybrid, backends(collection, vectors), cost);
  }

  /**
   * Documents to search: all bundled texts, or, of another data set, the documents that a query is
   * judged against.
   */
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

  /**
   * Name of the collection, made of everything that the vectors depend on but the texts, which are
   * compared.
   */
  private String name(BeirFolder data, TextModel model) {
    var options = model.options().withThreads(1); // the number of threads does not change vectors
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(
          "%s\n%s\n%s\n%s"
              .formatted(beir, modelOptions.model(), options, modelOptions.titles())
              .getBytes(UTF_8));
      String hash = HexFormat.of().formatHex(digest.digest(), 0, 4);
      String plain = data.name().replaceAll("[^A-Za-z0-9_.-]", "_");
      return "demo-%s-%s".formatted(plain.substring(0, Math.min(plain.length(), 60)), hash);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static Collection collection(Kith kith, String name, int dimension) {
    return kith.list().contains(name)
        ? kith.collection(name)
        : kith.create(
            name,
            Schema.of(VectorField.of(dimension, Metric.COSINE).withIndex("flat(shadow=int8)"))
                .withField(TEXT, FieldType.TEXT)
                .withField(WORDS, FieldType.INTEGER));
  }

  private static Payload payload(BeirText document) {
    int words = document.text().strip().split("\\s+", -1).length;
    return Payload.of("title", document.title(), TEXT, document.text(), WORDS, words);
  }

  /**
   * Documents that the collection lacks or holds otherwise; deletes points of documents that are
   * gone.
   */
  private static List<BeirText> missing(Collection collection, List<BeirText> documents) {
    var wanted =
        documents.stream()
            .collect(toMap(document -> PointId.of(document.id()), document -> document));
    var there = new HashSet<PointId>();
    var gone = new ArrayList<PointId>();
    try (var reader = collection.reader()) {
      reader.forEach(
          null,
          point -> {
            var document = wanted.get(point.id());
            if (document != null && payload(document).equals(point.payload())) {
              there.add(point.id());
            } else if (document == null) {
              gone.add(point.id());
            }
          });
    }
    collection.delete(gone);
    return documents.stream()
        .filter(document -> !there.contains(PointId.of(document.id())))
        .toList();
  }

  /** Embeds and stores texts in rounds; rounds that were stored before an interruption stay. */
  private double embed(TextModel model, List<BeirText> missing, Collection collection) {
    var bar = new Progress(database.err(), "embedding", "texts", missing.size(), database.isJson());
    bar.watch(
        () -> {
          for (int from = 0; from < missing.size(); from += EMBEDDED_AT_ONCE) {
            int first = from;
            var some = missing.subList(from, Math.min(from + EMBEDDED_AT_ONCE, missing.size()));
            try (var vectors =
                model.embed(modelOptions.contents(some), done -> bar.accept(first + done))) {
              var points = new ArrayList<Point>();
              for (int i = 0; i < some.size(); i++) {
                var document = some.get(i);
                points.add(Point.of(PointId.of(document.id()), vectors.row(i), payload(document)));
              }
              collection.upsert(points);
            }
          }
          return true;
        });
    collection.optimize();
    return bar.rate();
  }

  private static Answer answer(
      Collection collection,
      BeirText query,
      Query asked,
      @Nullable String filter,
      Map<String, Map<String, Integer>> qrels) {
    var result = collection.query(asked);
    var relevant =
        qrels.getOrDefault(query.id(), Map.of()).entrySet().stream()
            .filter(grade -> grade.getValue() > 0)
            .map(Map.Entry::getKey)
            .toList();
    var shown = new ArrayList<Shown>();
    Integer knownRank = null;
    int rank = 0;
    for (var hit : result.hits()) {
      String id = hit.id().toString();
      if (id.equals(query.id())) {
        continue; // as in BEIR, a query's own document is no answer
      }
      rank++;
      if (rank <= SHOWN) {
        shown.add(new Shown(rank, id, hit.score(), payload(hit)));
      }
      if (knownRank == null && relevant.contains(id)) {
        knownRank = rank;
      }
    }
    QueryReport report = result.report();
    return new Answer(
        query.text(),
        filter,
        report.backend(),
        report.index(),
        report.proved(),
        report.scoreKind().name().toLowerCase(Locale.ROOT),
        shown,
        relevant,
        knownRank);
  }

  private static Payload payload(Hit hit) {
    var payload = hit.payload();
    return payload == null ? Payload.EMPTY : payload;
  }

  private static List<BackendRun> backends(Collection collection, List<float[]> asked) {
    var runs = new ArrayList<BackendRun>();
    List<List<Hit>> expected = null;
    for (var backend : Backends.statuses()) {
      if (!backend.usable()) {
        continue;
      }
      var queries =
          asked.stream()
              .map(vector -> Query.nearest(vector).withoutPayload().onBackend(backend.name()))
              .toList();
      var found = queries.stream().map(query -> collection.query(query).hits()).toList();
      if (expected == null) {
        expected = found;
      }
      var first = queries.getFirst();
      for (long end = System.nanoTime() + WARM_UP_NANOS; System.nanoTime() < end; ) {
        collection.query(first);
      }
      var nanos = new long[TIMED_RUNS];
      for (int run = 0; run < TIMED_RUNS; run++) {
        long start = System.nanoTime();
        collection.query(first);
        nanos[run] = System.nanoTime() - start;
      }
      Arrays.sort(nanos);
      runs.add(new BackendRun(backend.name(), nanos[TIMED_RUNS / 2] / 1e3, found.equals(expected)));
    }
    return runs;
  }

  private static void printAnswers(
      List<Answer> answers, Answer filtered, Answer hybrid, Cost cost, PrintWriter out) {
    out.printf(
        cost.embedded == 0
            ? "The %d texts are there already: collection %s in %s%n"
            : "Embedded texts and kept them, %d in all: collection %s in %s%n",
        cost.texts,
        cost.collection,
        cost.place);
    for (var answer : answers) {
      out.printf(
          "%n\"%s\"   (exact%s, backend %s)%n",
          shorten(answer.query), answer.proved ? ", proved" : "", answer.backend);
      printHits(answer, out);
      if (answer.knownRank != null) {
        out.printf(
            "  The known answer, %s, has rank %d.%n",
            String.join(" or ", answer.relevant), answer.knownRank);
      }
    }
    out.printf("%n\"%s\" among texts with %s%n", shorten(filtered.query), SHORT);
    printHits(filtered, out);
    out.printf("%n\"%s\" by meaning and by words, fused%n", shorten(hybrid.query));
    printHits(hybrid, out);
    out.flush();
  }

  private static void printCost(Report report, PrintWriter out) {
    var cost = report.cost;
    out.printf("%nWhat it cost%n");
    out.printf("  model      %s%n", cost.model);
    out.printf(
        Locale.ROOT,
        "  texts      %d%s%n",
        cost.texts,
        cost.embedded == 0
            ? ", not embedded again"
            : ", %d of them embedded, %.1f a second".formatted(cost.embedded, cost.textsPerSecond));
    out.printf(
        "  disk       %d bytes for %d x %d float32, their shadow and the texts%n",
        cost.bytes, cost.texts, cost.dimension);
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

  private static void printHits(Answer answer, PrintWriter out) {
    for (var hit : answer.hits) {
      out.printf(
          Locale.ROOT,
          "  %d. %.4f  %s%n",
          hit.rank,
          hit.score,
          shorten(Objects.requireNonNullElse(hit.payload.get(TEXT), "")));
    }
  }

  /** One line of at most 160 characters; what could move a terminal's cursor becomes a blank. */
  private static String shorten(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return line.codePointCount(0, line.length()) <= 160
        ? line
        : line.substring(0, line.offsetByCodePoints(0, 157)) + "...";
  }
}
