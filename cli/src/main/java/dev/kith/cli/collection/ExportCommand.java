package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Progress;
import dev.kith.cli.input.UserFiles;
import dev.kith.db.filter.Filter;
import dev.kith.db.transfer.PointExport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that exports points to a file. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes the points of one moment to a file, whole or not at all.",
      ".jsonl holds all; .npy and .fvecs hold the vectors, with ids and payloads beside them in"
          + " NAME.ids.jsonl. import reads them again."
    })
public final class ExportCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1", paramLabel = "FILE", description = "ends in .jsonl, .npy or .fvecs")
  Path file;

  @Option(names = "--filter", paramLabel = "F", description = "only points that pass")
  @Nullable String filter;

  /** Document printed with {@code --json}. */
  record Report(String file, long points) {}

  @Override
  public Integer call() throws IOException {
    UserFiles.requireWritable(file, ".jsonl", ".npy", ".fvecs");
    var condition = filter == null ? null : Filter.parse(filter);
    try (var opened = database.readable(name);
        var points = opened.collection().reader()) {
      long total = points.count(condition);
      var bar = new Progress(database.err(), "writing", "points", total, database.json);
      long written =
          bar.watch(
              () -> {
                try {
                  return PointExport.run(points, condition, file, bar);
                } catch (IOException e) {
                  throw new UncheckedIOException(UserFiles.about(file, e));
                }
              });
      database.print(
          new Report(file.toString(), written), "%s: %s".formatted(file, Database.points(written)));
      return ExitStatus.DONE;
    }
  }
}
