package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Command that copies a collection as it is now. */
@Command(
    name = "snapshot",
    mixinStandardHelpOptions = true,
    description = {
      "Copies a collection as it is now into a new folder.",
      "By hard links where the disk allows it, which cost no room. kith restore makes a collection"
          + " of it."
    })
public final class SnapshotCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1", paramLabel = "FOLDER", description = "the new folder")
  Path folder;

  /** Document printed with {@code --json}. */
  record Report(String name, String folder, long points) {}

  @Override
  public Integer call() {
    try (var opened = database.writable(name)) {
      opened.collection().snapshot(folder);
      long points = opened.collection().count();
      database.print(
          new Report(name, folder.toString(), points),
          "%s: %s of %s".formatted(folder, Database.points(points), name));
      return ExitStatus.DONE;
    }
  }
}
