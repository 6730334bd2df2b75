package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Table;
import dev.kith.db.CollectionStats;
import dev.kith.db.point.Schema;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Command that says what a collection holds. */
@Command(
    name = "stats",
    mixinStandardHelpOptions = true,
    description = "Shows what a collection holds, and its room on the disk.")
public final class StatsCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  /** Document printed with {@code --json}. */
  record Report(
      String name,
      long points,
      long deleted,
      int segments,
      long bytes,
      long logBytes,
      List<VectorStats> indexes,
      Schema schema) {}

  /**
   * Vectors of one name, and their index.
   *
   * @param vector the name
   * @param index the index of large segments
   * @param indexedRows rows of segments that have an index which is more than a scan
   * @param zeroVectors rows of zeros where the metric is cosine: they have no direction
   */
  record VectorStats(
      String vector,
      String index,
      long rows,
      long indexedRows,
      long rowBytes,
      long shadowBytes,
      long indexBytes,
      long zeroVectors) {
    static VectorStats of(CollectionStats.IndexStats stats) {
      return new VectorStats(
          stats.vector(),
          stats.index(),
          stats.rows(),
          stats.indexedRows(),
          stats.rowBytes(),
          stats.shadowBytes(),
          stats.indexBytes(),
          stats.zeroVectors());
    }
  }

  @Override
  public Integer call() {
    try (var opened = database.readable(name)) {
      var collection = opened.collection();
      var stats = collection.stats();
      if (database.json) {
        Json.print(
            database.out(),
            new Report(
                name,
                stats.points(),
                stats.deleted(),
                stats.segments(),
                stats.bytes(),
                stats.logBytes(),
                stats.indexes().stream().map(VectorStats::of).toList(),
                collection.schema()));
      } else {
        print(stats, collection.schema());
      }
      return ExitStatus.DONE;
    }
  }

  private void print(CollectionStats stats, Schema schema) {
    var out = database.out();
    out.printf(
        "points    %s, and %s deleted%n",
        Table.count(stats.points()), Table.count(stats.deleted()));
    out.printf("segments  %d%n", stats.segments());
    out.printf(
        "disk      %s, of them %s of log%n",
        Table.bytes(stats.bytes()), Table.bytes(stats.logBytes()));
    out.println();
    var vectors =
        new Table(
            "vector",
            "elements",
            "type",
            "metric",
            "rows",
            "size",
            "shadow",
            "indexed",
            "index size",
            "index");
    for (var index : stats.indexes()) {
      var field = schema.vector(index.vector());
      vectors.row(
          index.vector(),
          field.dimension(),
          field.type().name().toLowerCase(Locale.ROOT),
          field.metric(),
          index.rows(),
          Table.bytes(index.rowBytes()),
          Table.bytes(index.shadowBytes()),
          index.indexedRows(),
          Table.bytes(index.indexBytes()),
          index.index());
    }
    vectors.print(out);
    for (var index : stats.indexes()) {
      if (index.zeroVectors() > 0) {
        out.printf(
            "%s: %d rows of zeros, which have no direction%n", index.vector(), index.zeroVectors());
      }
    }
    if (!schema.fields().isEmpty()) {
      out.println();
      var fields = new Table("field", "type");
      schema.fields().forEach(fields::row);
      fields.print(out);
    }
    if (schema.strict()) {
      out.printf("%nstrict: payloads have these fields alone%n");
    }
    out.flush();
  }
}
