package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Table;
import dev.kith.db.filter.Filter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that counts points by the values of a field. */
@Command(
    name = "facet",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the most frequent values of a field, and how many points have each.",
      "The field is of type keyword, bool or integer; a point with several values counts for each."
    })
public final class FacetCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1", paramLabel = "FIELD", description = "the field")
  String field;

  @Option(names = "--filter", paramLabel = "F", description = "only points that pass")
  @Nullable String filter;

  @Option(
      names = {"-k", "--limit"},
      paramLabel = "K",
      defaultValue = "10",
      description = "how many values; default: ${DEFAULT-VALUE}")
  int limit;

  /** Document printed with {@code --json}. */
  record Report(String field, List<Value> values) {}

  /** Value of the field, and the number of points that have it. */
  record Value(String value, long points) {}

  @Override
  public Integer call() {
    if (limit < 1) {
      throw database.wrong("--limit must be at least 1: " + limit);
    }
    var condition = filter == null ? null : Filter.parse(filter);
    try (var opened = database.readable(name)) {
      var values =
          opened.collection().facet(field, condition, limit).stream()
              .map(facet -> new Value(facet.value(), facet.points()))
              .toList();
      if (database.json) {
        Json.print(database.out(), new Report(field, values));
      } else {
        print(values);
      }
      return ExitStatus.DONE;
    }
  }

  private void print(List<Value> values) {
    if (values.isEmpty()) {
      database
          .out()
          .printf("no point%s has the field %s%n", filter == null ? "" : " that passes", field);
      database.out().flush();
      return;
    }
    var table = new Table(field, "points");
    values.forEach(value -> table.row(Table.shorten(value.value), value.points));
    table.print(database.out());
  }
}
