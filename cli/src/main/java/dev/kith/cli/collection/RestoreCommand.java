package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Command that makes a collection of a snapshot. */
@Command(
    name = "restore",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a collection of a snapshot.",
      "Its checksums are checked first. There must be no collection of that name."
    })
public final class RestoreCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the new collection's name")
  String name;

  @Parameters(index = "1", paramLabel = "FOLDER", description = "what kith snapshot made")
  Path folder;

  /** Document printed with {@code --json}. */
  record Report(String name, String folder, long points) {}

  @Override
  public Integer call() {
    try (var kith = database.make()) {
      long points = kith.restore(name, folder).count();
      String made = database.folder().resolve(name).toString();
      database.print(
          new Report(name, made, points), "%s: %s".formatted(made, Database.points(points)));
      return ExitStatus.DONE;
    }
  }
}
