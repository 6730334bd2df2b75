package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Shutdown;
import dev.kith.cli.input.ModelOptions;
import dev.kith.cli.input.UserFiles;
import dev.kith.db.Collection;
import dev.kith.db.CollectionOptions;
import dev.kith.db.durability.Durability;
import dev.kith.db.point.PointId;
import dev.kith.db.transfer.PointImport;
import dev.kith.db.transfer.PointReader;
import dev.kith.embed.TextModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Command that imports points from files. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = {
      "Puts the points of files into a collection.",
      "Each takes the place of the one with its id. Files: .jsonl (also .gz) with {\"id\","
          + " \"vector\", \"payload\"} a line, .parquet with such columns, .npy, .fvecs and .bvecs"
          + " with ids and payloads in NAME.ids.jsonl beside them, or numbered. With --model, or"
          + " --texts, .jsonl files hold texts to embed: {\"_id\", \"title\", \"text\"}. An empty"
          + " collection remembers how it was embedded, and refuses other models from then on."
    })
public final class ImportCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "FILE", description = "read in turn")
  List<Path> files;

  @Option(
      names = "--durability",
      paramLabel = "request|interval|none",
      defaultValue = "request",
      description =
          "what acknowledged points survive: power loss, power loss but for the last 200 ms, or,"
              + " until the end, nothing; default: ${DEFAULT-VALUE}")
  Durability durability;

  @Option(
      names = "--first-id",
      paramLabel = "N",
      description = "number the rows of .npy, .fvecs and .bvecs from here, whatever is beside them")
  @Nullable Long firstId;

  @Option(
      names = "--vector-name",
      paramLabel = "NAME",
      description = "which vectors texts become, where a collection has several")
  @Nullable String vectorName;

  @Option(
      names = "--texts",
      description =
          ".jsonl files hold texts, embedded by the model that the collection remembers, else"
              + " --model")
  boolean texts;

  @Mixin ModelOptions modelOptions;

  /**
   * Line printed with {@code --json}.
   *
   * @param acknowledged number of points, from the start of the first file, that are durable
   */
  record Acknowledged(long acknowledged, PointId lastId) {}

  private long before;
  private long acknowledged;
  private @Nullable PointId lastId;
  private long start;

  @Override
  public Integer call() throws IOException {
    var line = database.spec.commandLine();
    if (firstId != null && firstId < 0) {
      throw new ParameterException(line, "--first-id must be 0 or more: " + firstId);
    }
    for (var file : files) {
      UserFiles.requireReadable(file);
    }
    Shutdown.endsWhenAsked();
    start = System.nanoTime();
    boolean embeds = texts || line.getParseResult().hasMatchedOption("--model");
    var options = CollectionOptions.DEFAULT.withDurability(durability);
    try (var opened = database.writable(name, options)) {
      try {
        if (embeds) {
          embedAll(opened.collection());
        } else {
          all(opened.collection(), null);
        }
      } finally {
        database.endShow();
        checkpoint(opened.collection());
      }
      if (!Shutdown.isStopped()) {
        database.buildIndexes(opened.collection());
      }
    }
    return end();
  }

  private void embedAll(Collection collection) throws IOException {
    String vector = Database.vectorName(collection.schema(), vectorName);
    var known = collection.schema().vector(vector).embedding();
    String place = Database.place(vector, name);
    try (var model = modelOptions.loadAs(known, place, database.err(), database.json)) {
      Database.requireDimension(collection.schema(), vector, model.name(), model.dimension(), name);
      if (known == null && collection.count() == 0) {
        collection.setEmbedding(vector, model.embedding());
      }
      all(collection, model);
    }
  }

  private void all(Collection collection, @Nullable TextModel model) throws IOException {
    for (var file : files) {
      if (Shutdown.isStopped()) {
        return;
      }
      try (var points = reader(file, collection, model)) {
        before += PointImport.run(collection, points, this::acknowledge, Shutdown::isStopped);
      }
    }
  }

  private PointReader reader(Path file, Collection collection, @Nullable TextModel model)
      throws IOException {
    var schema = collection.schema();
    if (model == null) {
      return PointReader.open(
          file, schema, firstId == null ? OptionalLong.empty() : OptionalLong.of(firstId + before));
    }
    return new TextPoints(file, model, modelOptions, Database.vectorName(schema, vectorName));
  }

  private void acknowledge(long points, PointId last) {
    acknowledged = before + points;
    lastId = last;
    if (durability != Durability.NONE) {
      tell();
    }
  }

  private void tell() {
    var last = lastId;
    if (database.json && last != null) {
      Json.printLine(database.out(), new Acknowledged(acknowledged, last));
    } else {
      long now = System.nanoTime();
      database.show(
          () ->
              "importing: %d points, %.0f/s".formatted(acknowledged, acknowledged / seconds(now)));
    }
  }

  private double seconds(long now) {
    return Math.max(1e-9, (now - start) / 1e9);
  }

  /** Commits, where there is no log: without one points become durable only here. */
  private void checkpoint(Collection collection) {
    if (durability == Durability.NONE) {
      collection.checkpoint();
      if (database.json) {
        tell();
      }
    }
  }

  private int end() {
    if (Shutdown.isStopped()) {
      throw new IllegalStateException("stopped");
    }
    if (!database.json) {
      database
          .out()
          .printf(
              "%s: %s imported, %.0f/s%n",
              name, Database.points(acknowledged), acknowledged / seconds(System.nanoTime()));
      database.out().flush();
    }
    return ExitStatus.DONE;
  }
}
