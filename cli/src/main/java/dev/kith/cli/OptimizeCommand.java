package dev.kith.cli;

import dev.kith.db.CollectionStats;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Merges the segments of a collection. */
@Command(
    name = "optimize",
    mixinStandardHelpOptions = true,
    description = {
      "Merges a collection's segments, which makes searches faster.",
      "It gives the room of deleted points back, too. May be stopped by Ctrl-C, which loses"
          + " nothing."
    })
final class OptimizeCommand implements Callable<Integer> {
  private static final long SHOWN_EVERY_NANOS = 1_000_000_000;

  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  /** The document printed with {@code --json}. */
  record Report(String name, boolean ended, int segments, long bytes) {}

  private long shown = System.nanoTime();

  @Override
  public Integer call() {
    Main.endsWhenAsked();
    try (var opened = database.writable(name)) {
      var collection = opened.collection();
      boolean ended =
          collection.optimize(now -> show(now.segments(), now.bytesWritten()), Main::isStopped);
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
      return Main.DONE;
    }
  }

  private void show(int segments, long bytes) {
    long now = System.nanoTime();
    if (database.json || now - shown < SHOWN_EVERY_NANOS) {
      return;
    }
    shown = now;
    String text = "merging: %d segments, %d MB written".formatted(segments, bytes / 1_000_000);
    if (Boolean.getBoolean("kith.terminal")) {
      database.err().print("\r" + text + "   ");
    } else {
      database.err().println(text);
    }
    database.err().flush();
  }
}
