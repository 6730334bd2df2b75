package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Shutdown;
import dev.kith.db.CollectionStats;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Command that merges the segments of a collection. */
@Command(
    name = "optimize",
    mixinStandardHelpOptions = true,
    description = {
      "Merges a collection's segments, which makes searches faster.",
      "It gives the room of deleted points back, too. May be stopped by Ctrl-C, which loses"
          + " nothing."
    })
public final class OptimizeCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  /** Document printed with {@code --json}. */
  record Report(String name, boolean ended, int segments, long bytes) {}

  @Override
  public Integer call() {
    Shutdown.endsWhenAsked();
    try (var opened = database.writable(name)) {
      var collection = opened.collection();
      boolean ended =
          collection.optimize(
              now ->
                  database.show(
                      () ->
                          "merging: %d segments, %d MB written"
                              .formatted(now.segments(), now.bytesWritten() / 1_000_000)),
              Shutdown::isStopped);
      CollectionStats stats = collection.stats();
      var report = new Report(name, ended, stats.segments(), stats.bytes());
      database.print(
          report,
          "%s%s: %d %s, %d bytes"
              .formatted(
                  name,
                  ended ? "" : " (stopped before the end, nothing is lost)",
                  report.segments,
                  report.segments == 1 ? "segment" : "segments",
                  report.bytes));
      return ExitStatus.DONE;
    }
  }
}
