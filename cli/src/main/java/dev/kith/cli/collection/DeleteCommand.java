package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.db.Collection;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.PointId;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Command that deletes points. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = {
      "Takes points away, by their ids or by a filter.",
      "Exit status 1 if there is none of the ids."
    })
public final class DeleteCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1..*", paramLabel = "ID", description = Ids.HELP)
  List<String> ids = List.of();

  @Option(names = "--filter", paramLabel = "F", description = "all points that pass, instead")
  @Nullable String filter;

  /** Document printed with {@code --json}. */
  record Report(long deleted) {}

  @Override
  public Integer call() {
    if ((filter == null) == ids.isEmpty()) {
      throw new ParameterException(
          database.spec.commandLine(), "say which points: ids, or --filter, not both");
    }
    var wanted = Ids.parse(ids);
    try (var opened = database.writable(name)) {
      if (filter == null) {
        return delete(opened.collection(), wanted);
      }
      tell(opened.collection().delete(Filter.parse(filter)));
      return ExitStatus.DONE;
    }
  }

  private int delete(Collection collection, List<PointId> wanted) {
    var named = NamedPoints.of(wanted, collection, name);
    collection.delete(wanted);
    tell(named.present());
    return named.tellMissing(database);
  }

  private void tell(long deleted) {
    database.print(new Report(deleted), Database.points(deleted) + " deleted");
  }
}
