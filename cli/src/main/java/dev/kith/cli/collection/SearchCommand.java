package dev.kith.cli.collection;

import dev.kith.cli.input.ModelOptions;
import dev.kith.cli.input.UserFiles;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Query;
import dev.kith.db.transfer.PointJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
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

  @Option(names = "--words", paramLabel = "FIELD", description = "look for the text's words (BM25)")
  @Nullable String words;

  @Option(
      names = "--hybrid",
      paramLabel = "FIELD",
      description = "look for the text's meaning and its words, fused")
  @Nullable String hybrid;

  @Mixin HitOptions hits;

  @Mixin ModelOptions modelOptions;

  @Override
  public Integer call() throws IOException {
    requireSense();
    try (var opened = database.readable(name);
        var reader = opened.collection().reader()) {
      hits.requireSense(database, reader);
      return hits.answer(database, reader, source(reader.schema()), about());
    }
  }

  private String about() {
    return text != null ? text : String.valueOf(vectorFile);
  }

  private void requireSense() {
    String wrong =
        (text == null) == (vectorFile == null) && hybrid == null
            ? "say what to look for: a text, or --vector FILE, not both"
            : text == null && (words != null || hybrid != null)
                ? "--words and --hybrid take a text"
                : words != null && hybrid != null
                    ? "--words and --hybrid are two ways: choose one"
                    : hits.exact && (words != null || hybrid != null)
                        ? "--exact is for vectors: nothing is proved of words"
                        : null;
    if (wrong != null) {
      throw new ParameterException(database.spec.commandLine(), wrong);
    }
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
    long wanted = hits.wanted();
    int least = Math.max(HALF, hits.limit);
    return Math.clamp(wanted, least, Math.max(least, MAX_HALF));
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
}
