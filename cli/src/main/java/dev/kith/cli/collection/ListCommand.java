package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Table;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.Kith;
import dev.kith.db.durability.NoCheckpointException;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Command that lists the collections of a database. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the collections of a database.",
      "Points as the last checkpoint left them: those of a process that writes now are not counted."
    })
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
      } else if (names.isEmpty()) {
        database.out().println("no collections yet: kith create makes one");
        database.out().flush();
      } else {
        print(kith, names);
      }
      return ExitStatus.DONE;
    }
  }

  private void print(Kith kith, List<String> names) {
    var table = new Table("collection", "points", "disk", "vectors");
    for (var name : names) {
      String disk = Table.bytes(bytes(database.folder().resolve(name)));
      try {
        var collection = kith.collection(name);
        String vectors =
            collection.schema().vectors().entrySet().stream()
                .map(ListCommand::text)
                .collect(Collectors.joining(", "));
        table.row(name, collection.count(), disk, vectors);
      } catch (NoCheckpointException | VectorDataException e) {
        table.row(name, "-", disk, "not readable as it is: kith stats " + name + " says more");
      }
    }
    table.print(database.out());
  }

  private static String text(Map.Entry<String, VectorField> vector) {
    var field = vector.getValue();
    return "%s: %d x %s, %s"
        .formatted(
            vector.getKey(),
            field.dimension(),
            field.type().name().toLowerCase(Locale.ROOT),
            field.metric());
  }

  /** Bytes of all files below the folder; those that go away meanwhile count nothing. */
  private static long bytes(Path folder) {
    try (var files = Files.walk(folder)) {
      return files.mapToLong(file -> file.toFile().isFile() ? file.toFile().length() : 0).sum();
    } catch (IOException | UncheckedIOException e) {
      return 0;
    }
  }
}
