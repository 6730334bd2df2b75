package dev.kith.cli.collection;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.input.ModelOptions;
import dev.kith.cli.input.UserFiles;
import dev.kith.db.CollectionReader;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import dev.kith.db.transfer.PointJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Command that searches for the nearest points. */
@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    description = {
      "Finds the points that are nearest to a text or a vector.",
      "A text is embedded by the model that made the collection's vectors: the one that the"
          + " collection remembers, else --model."
    })
public final class SearchCommand implements Callable<Integer> {

  /** Hits that each half of a hybrid search contributes. */
  private static final int HALF = 100;

  private static final int MAX_HALF = 1_000_000;

  private static final int SHOWN = 160;

  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1", arity = "0..1", paramLabel = "TEXT", description = "what to look for")
  @Nullable String text;

  @Option(
      names = "--vector",
      paramLabel = "FILE",
      description =
          "look for a vector: .json holds an array of numbers, .npy or .fvecs a first row")
  @Nullable Path vectorFile;

  @Option(
      names = "--vector-name",
      paramLabel = "NAME",
      description = "which vectors, where a collection has several")
  @Nullable String vectorName;

  @Option(
      names = {"-k", "--limit"},
      paramLabel = "K",
      defaultValue = "10",
      description = "how many hits; default: ${DEFAULT-VALUE}")
  int limit;

  @Option(
      names = "--filter",
      paramLabel = "F",
      description = "among points that pass: year >= 2020")
  @Nullable String filter;

  @Option(names = "--exact", description = "fail unless the answer is proved to be the exact one")
  boolean exact;

  @Option(
      names = "--backend",
      paramLabel = "B",
      description = "the backend that must search vectors; default: the best that this machine has")
  @Nullable String backend;

  @Option(
      names = "--threads",
      paramLabel = "T",
      defaultValue = "0",
      description = "the most threads of the search; default: 0, which is all cores")
  int threads;

  @Option(names = "--words", paramLabel = "FIELD", description = "look for the text's words (BM25)")
  @Nullable String words;

  @Option(
      names = "--hybrid",
      paramLabel = "FIELD",
      description = "look for the text's meaning and its words, fused")
  @Nullable String hybrid;

  @Option(names = "--with-vectors", description = "show the hits' vectors")
  boolean withVectors;

  @Option(
      names = "--group",
      paramLabel = "FIELD",
      description = "the best K groups of points that share a value")
  @Nullable String group;

  @Option(
      names = "--group-size",
      paramLabel = "N",
      defaultValue = "3",
      description = "the most hits of a group; default: ${DEFAULT-VALUE}")
  int groupSize;

  @Mixin ModelOptions modelOptions;

  /** Document printed with {@code --json}. */
  record Report(
      String query,
      String backend,
      String index,
      boolean proved,
      String scoreKind,
      Served served,
      List<Hit> hits) {}

  /**
   * How the search was served.
   *
   * @param bounds what excluded rows
   * @param segments that were searched
   * @param points with such a vector that pass the filter
   * @param rowsRead rows that were looked at, or their codes
   * @param keysComputed rows whose canonical key was computed
   * @param fallbacks searches for which a bound was too loose
   * @param stale whether acknowledged writes may be missing, because the disk failed
   */
  record Served(
      SortedSet<String> bounds,
      int segments,
      long points,
      long rowsRead,
      long keysComputed,
      long fallbacks,
      boolean stale) {
    static Served of(QueryReport report) {
      var work = report.work();
      return new Served(
          report.bounds(),
          report.segments(),
          report.passed(),
          work.rowsRead(),
          work.keysComputed(),
          work.fallbacks(),
          report.stale());
    }
  }

  /** Point of the answer; {@code group} is set only with {@code --group}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Hit(
      int rank,
      PointId id,
      double score,
      Payload payload,
      @Nullable String group,
      @Nullable Map<String, float[]> vectors) {}

  @Override
  public Integer call() throws IOException {
    requireSense();
    try (var opened = database.readable(name);
        var reader = opened.collection().reader()) {
      var report = answer(reader, query(reader.schema()));
      if (database.json) {
        Json.print(database.out(), report);
      } else {
        print(report);
      }
      if (exact && !report.proved) {
        database.err().println("kith: the answer is not proved to be the exact one");
        database.err().flush();
        return ExitStatus.CHECK_FAILED;
      }
      return ExitStatus.DONE;
    }
  }

  private void requireSense() {
    String wrong =
        (text == null) == (vectorFile == null) && hybrid == null
            ? "say what to look for: a text, or --vector FILE, not both"
            : text == null && (words != null || hybrid != null)
                ? "--words and --hybrid take a text"
                : words != null && hybrid != null
                    ? "--words and --hybrid are two ways: choose one"
                    : exact && (words != null || hybrid != null)
                        ? "--exact is for vectors: nothing is proved of words"
                        : null;
    if (wrong != null) {
      throw new ParameterException(database.spec.commandLine(), wrong);
    }
  }

  private Query query(Schema schema) throws IOException {
    var query = source(schema).limit(limit).threads(threads);
    if (backend != null) {
      query = query.onBackend(backend);
    }
    if (filter != null) {
      query = query.where(filter);
    }
    return withVectors
        ? query.withVectors(schema.vectors().keySet().toArray(String[]::new))
        : query;
  }

  private Query source(Schema schema) throws IOException {
    var asked = text;
    if (asked != null && words != null) {
      return Query.words(words, asked);
    }
    String vector = Database.vectorName(schema, vectorName);
    var nearest =
        Query.nearest(vector, vectorFile != null ? vector(vectorFile) : embedded(schema, vector));
    return asked != null && hybrid != null
        ? Query.fuse(Fusion.rrf(), nearest.limit(half()), Query.words(hybrid, asked).limit(half()))
        : nearest;
  }

  /** Hits to ask of each half; a group gets no hit that neither half has. */
  private int half() {
    long wanted = group == null ? limit : (long) limit * groupSize;
    return Math.clamp(wanted, Math.max(HALF, limit), Math.max(limit, MAX_HALF));
  }

  private float[] embedded(Schema schema, String vector) {
    var known = schema.vector(vector).embedding();
    String place = Database.place(vector, name);
    try (var model = modelOptions.loadAs(known, place, database.err(), database.json)) {
      Database.requireDimension(schema, vector, model.name(), model.dimension(), name);
      return model.embedQuery(String.valueOf(text));
    }
  }

  /** Reads the array of numbers in a JSON file, or the first row of a file of vectors. */
  private static float[] vector(Path file) throws IOException {
    if (!file.toString().toLowerCase(Locale.ROOT).endsWith(".json")) {
      try (var rows = UserFiles.vectors(file)) {
        if (rows.size() == 0) {
          throw new IllegalArgumentException("there must be a row: file=" + file);
        }
        return rows.row(0);
      }
    }
    UserFiles.requireReadable(file);
    try {
      var vector = PointJson.vector(Files.readAllBytes(file));
      if (vector.length == 0) {
        throw new IllegalArgumentException("a vector must have an element");
      }
      return vector;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private Report answer(CollectionReader reader, Query query) {
    var hits = new ArrayList<Hit>();
    if (group == null) {
      var result = reader.query(query);
      result.hits().forEach(hit -> hits.add(hit(hits.size() + 1, hit, null)));
      return report(result.report(), hits);
    }
    var result = reader.queryGrouped(query, group, limit, groupSize);
    for (var one : result.groups()) {
      one.hits().forEach(hit -> hits.add(hit(hits.size() + 1, hit, one.value())));
    }
    return report(result.report(), hits);
  }

  private Hit hit(int rank, dev.kith.db.query.Hit hit, @Nullable String value) {
    var payload = hit.payload();
    return new Hit(
        rank,
        hit.id(),
        hit.score(),
        payload == null ? Payload.EMPTY : payload,
        value,
        withVectors ? hit.vectors() : null);
  }

  private Report report(QueryReport report, List<Hit> hits) {
    return new Report(
        text != null ? text : String.valueOf(vectorFile),
        report.backend(),
        report.index(),
        report.proved(),
        report.scoreKind().name().toLowerCase(Locale.ROOT),
        Served.of(report),
        hits);
  }

  private void print(Report report) {
    var out = database.out();
    out.printf(
        "%d %s by %s   (backend %s, index %s%s%s)%n",
        report.hits.size(),
        report.hits.size() == 1 ? "hit" : "hits",
        report.scoreKind,
        report.backend,
        report.index,
        report.proved ? ", proved exact" : "",
        report.served.stale ? ", acknowledged writes may be missing" : "");
    for (var hit : report.hits) {
      out.printf(
          Locale.ROOT,
          "%3d. %.6g  %s%s  %s%n",
          hit.rank,
          hit.score,
          Ids.shown(hit.id),
          hit.group == null ? "" : "  [" + shorten(hit.group) + "]",
          shorten(hit.payload.toString()));
      if (hit.vectors != null) {
        hit.vectors.forEach(
            (vector, row) -> out.printf("       %s %s%n", vector, Arrays.toString(row)));
      }
    }
    out.flush();
  }

  /**
   * Shortens a payload to one line; characters that could move a terminal's cursor become blanks.
   */
  private static String shorten(String payload) {
    String line = payload.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return line.codePointCount(0, line.length()) <= SHOWN
        ? line
        : line.substring(0, line.offsetByCodePoints(0, SHOWN - 3)) + "...";
  }
}
