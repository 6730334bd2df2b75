package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that drops a collection. */
@Command(
    name = "drop",
    mixinStandardHelpOptions = true,
    description = "Removes a collection and all its points.")
public final class DropCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  @Option(names = "--yes", description = "do it: there is no way back")
  boolean yes;

  /** Document printed with {@code --json}. */
  record Report(String dropped) {}

  @Override
  public Integer call() {
    if (!yes) {
      try (var opened = database.readable(name)) {
        throw new IllegalArgumentException(
            "dropping removes the collection for good: %s has %s; say --yes to do it"
                .formatted(name, Database.points(opened.collection().count())));
      }
    }
    try (var kith = database.open()) {
      kith.drop(name);
    }
    database.print(new Report(name), "dropped " + name);
    return ExitStatus.DONE;
  }
}
