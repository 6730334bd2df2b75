package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Command that lists the collections of a database. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists the collections of a database.")
public final class ListCommand implements Callable<Integer> {
  @Mixin Database database;

  /** Document printed with {@code --json}. */
  record Report(List<String> collections) {}

  @Override
  public Integer call() {
    try (var kith = database.openReadOnly()) {
      var names = kith.list();
      if (database.json) {
        Json.print(database.out(), new Report(names));
      } else {
        names.forEach(database.out()::println);
        database.out().flush();
      }
      return ExitStatus.DONE;
    }
  }
}
