package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.db.CollectionStats;
import dev.kith.db.point.Schema;
import java.util.List;
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
   * @param zeroVectors rows of zeros where the metric is cosine: they have no direction
   */
  record VectorStats(
      String vector, String index, long rows, long rowBytes, long shadowBytes, long zeroVectors) {
    static VectorStats of(CollectionStats.IndexStats stats) {
      return new VectorStats(
          stats.vector(),
          stats.index(),
          stats.rows(),
          stats.rowBytes(),
          stats.shadowBytes(),
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
        print(stats, collection.schema().toJson());
      }
      return ExitStatus.DONE;
    }
  }

  private void print(CollectionStats stats, String schema) {
    var out = database.out();
    out.printf("points    %d, and %d deleted%n", stats.points(), stats.deleted());
    out.printf("segments  %d%n", stats.segments());
    out.printf("bytes     %d, of them %d of log%n", stats.bytes(), stats.logBytes());
    for (var index : stats.indexes()) {
      out.printf(
          "vectors   %s: %d rows, %d bytes; index %s, shadow %d bytes%s%n",
          index.vector(),
          index.rows(),
          index.rowBytes(),
          index.index(),
          index.shadowBytes(),
          index.zeroVectors() == 0
              ? ""
              : "; %d rows of zeros, which have no direction".formatted(index.zeroVectors()));
    }
    out.printf("schema    %s%n", schema);
    out.flush();
  }
}
