package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.db.filter.Filter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that counts points. */
@Command(
    name = "count",
    mixinStandardHelpOptions = true,
    description = "Counts the points of a collection, or those that pass a filter.")
public final class CountCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  @Option(names = "--filter", paramLabel = "F", description = "only points that pass")
  @Nullable String filter;

  /** Document printed with {@code --json}. */
  record Report(long points) {}

  @Override
  public Integer call() {
    var condition = filter == null ? null : Filter.parse(filter);
    try (var opened = database.readable(name)) {
      long points = opened.collection().count(condition);
      database.print(new Report(points), String.valueOf(points));
      return ExitStatus.DONE;
    }
  }
}
