package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.core.metric.Metric;
import dev.kith.db.Collection;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that changes a collection's schema. */
@Command(
    name = "alter",
    mixinStandardHelpOptions = true,
    description = {
      "Adds fields or vectors to a collection's schema, or changes an index.",
      "A field is indexed for the points that are there, too, which writes them anew. A"
          + " graph or lists are built here for all large segments; a shadow serves new segments at"
          + " once and the others when kith optimize merges them."
    })
public final class AlterCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  @Option(
      names = "--field",
      paramLabel = "PATH=TYPE",
      description =
          "index a payload field: keyword, text, integer, float, bool, datetime or geo; may be"
              + " repeated")
  Map<String, String> fields = new LinkedHashMap<>();

  @Option(
      names = "--add-vector",
      paramLabel = "NAME=D:METRIC",
      description =
          "let points have one more vector, of D elements and the metric l2, cosine or dot, such"
              + " as image=512:cosine; may be repeated")
  Map<String, String> vectors = new LinkedHashMap<>();

  @Option(
      names = "--index",
      paramLabel = "NAME=SPEC",
      description = "index vectors otherwise: vector=flat; may be repeated")
  Map<String, String> indexes = new LinkedHashMap<>();

  /** Document printed with {@code --json}. */
  record Report(String name, Schema schema) {}

  @Override
  public Integer call() {
    if (fields.isEmpty() && vectors.isEmpty() && indexes.isEmpty()) {
      throw database.wrong("say what to change: --field, --add-vector or --index");
    }
    var typed = new LinkedHashMap<String, FieldType>();
    fields.forEach((path, type) -> typed.put(path, FieldType.parse(type)));
    var added = new LinkedHashMap<String, VectorField>();
    vectors.forEach((vector, text) -> added.put(vector, vectorField(vector, text)));
    try (var opened = database.writable(name)) {
      var collection = opened.collection();
      requireAll(collection.schema(), typed, added);
      change(collection, typed, added);
      var schema = collection.schema();
      database.print(new Report(name, schema), "%s: %s".formatted(name, schema.toJson()));
      return ExitStatus.DONE;
    }
  }

  /** Refuses what cannot be changed before anything is. */
  private void requireAll(
      Schema schema, Map<String, FieldType> typed, Map<String, VectorField> added) {
    var all = schema;
    for (var vector : added.entrySet()) {
      all = all.withVector(vector.getKey(), vector.getValue());
    }
    for (var field : typed.entrySet()) {
      all = all.withField(field.getKey(), field.getValue());
    }
    for (var index : indexes.entrySet()) {
      all = all.withIndex(index.getKey(), index.getValue());
    }
  }

  private void change(
      Collection collection, Map<String, FieldType> typed, Map<String, VectorField> added) {
    added.forEach(collection::addVector);
    indexes.forEach(collection::setIndex);
    typed.forEach(collection::addField);
    if (!indexes.isEmpty()) {
      database.buildIndexes(collection);
    }
  }

  private VectorField vectorField(String vector, String text) {
    int colon = text.indexOf(':');
    String digits = colon < 0 ? text : text.substring(0, colon);
    if (colon < 0 || !digits.matches("\\d{1,9}")) {
      throw database.wrong(
          "--add-vector must be NAME=D:METRIC, such as image=512:cosine: %s=%s"
              .formatted(vector, text));
    }
    return VectorField.of(Integer.parseInt(digits), Metric.parse(text.substring(colon + 1)));
  }
}
