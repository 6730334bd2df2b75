package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.input.Defaults;
import dev.kith.cli.input.UserFiles;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Command that creates a collection. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a collection of vectors.",
      "Its vectors are told by --dim and --metric, which suit the default model if they are not"
          + " given, or all of it by --schema: a JSON file such as"
          + " {\"vectors\": {\"vector\": {\"dimension\": 384, \"metric\": \"cosine\"}}, \"fields\":"
          + " {\"lang\": \"keyword\"}}."
    })
public final class CreateCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  @Option(names = "--schema", paramLabel = "FILE", description = "the schema, as JSON")
  @Nullable Path schemaFile;

  @Option(
      names = "--dim",
      paramLabel = "D",
      description = "elements of a vector; default: " + Defaults.DIMENSION)
  @Nullable Integer dimension;

  @Option(
      names = "--metric",
      paramLabel = "l2|cosine|dot",
      description = "what is near; default: " + Defaults.METRIC)
  @Nullable Metric metric;

  @Option(
      names = "--type",
      paramLabel = "float32|float16|int8",
      description = "how elements are stored; default: float32")
  @Nullable ElementType type;

  @Option(
      names = "--index",
      paramLabel = "SPEC",
      description =
          "the index of large segments; default: auto(recall=0.99), a graph for those of 10,000"
              + " rows or more; flat(shadow=int8) is exact whatever their size")
  @Nullable String index;

  @Option(
      names = "--field",
      paramLabel = "PATH=TYPE",
      description =
          "a payload field for filters: keyword, text, integer, float, bool, datetime or geo; may"
              + " be repeated")
  Map<String, String> fields = new LinkedHashMap<>();

  /** Document printed with {@code --json}. */
  record Report(String name, String folder, Schema schema) {}

  @Override
  public Integer call() throws IOException {
    var schema = schema();
    try (var kith = database.make()) {
      kith.create(name, schema);
    }
    String folder = database.folder().resolve(name).toString();
    database.print(new Report(name, folder, schema), "%s: %s".formatted(folder, schema.toJson()));
    return ExitStatus.DONE;
  }

  private Schema schema() throws IOException {
    var file = schemaFile;
    if (file != null) {
      if (dimension != null || metric != null || type != null || index != null) {
        throw wrong("--schema says all about vectors: leave --dim, --metric, --type and --index");
      }
      UserFiles.requireReadable(file);
      try {
        return withFields(Schema.parse(Files.readAllBytes(file)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
      }
    }
    var vector =
        VectorField.of(
            dimension == null ? Integer.parseInt(Defaults.DIMENSION) : dimension,
            metric == null ? Metric.parse(Defaults.METRIC) : metric);
    if (type != null) {
      vector = vector.withType(type);
    }
    if (index != null) {
      vector = vector.withIndex(index);
    }
    return withFields(Schema.of(vector));
  }

  private Schema withFields(Schema schema) {
    var all = schema;
    for (var field : fields.entrySet()) {
      all = all.withField(field.getKey(), FieldType.parse(field.getValue()));
    }
    return all;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(database.spec.commandLine(), message);
  }
}
