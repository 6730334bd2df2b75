package dev.kith.cli;

import dev.kith.db.filter.Filter;
import dev.kith.db.point.PointId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Points, away. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = "Takes points away, by their ids or by a filter.")
final class DeleteCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1..*", paramLabel = "ID", description = "a number, a UUID or a string")
  List<String> ids = List.of();

  @Option(names = "--filter", paramLabel = "F", description = "all points that pass, instead")
  @Nullable String filter;

  @Override
  public Integer call() {
    if ((filter == null) == ids.isEmpty()) {
      throw new ParameterException(
          database.spec.commandLine(), "say which points: ids, or --filter, not both");
    }
    try (var opened = database.writable(name)) {
      long deleted = delete(opened);
      database.print(Map.of("deleted", deleted), Database.points(deleted) + " deleted");
      return Main.DONE;
    }
  }

  private long delete(Database.Opened opened) {
    var collection = opened.collection();
    if (filter != null) {
      return collection.delete(Filter.parse(filter));
    }
    var wanted = ids.stream().map(PointId::parse).distinct().toList();
    int there = collection.get(wanted).size();
    collection.delete(wanted);
    return there;
  }
}
