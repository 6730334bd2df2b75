package dev.kith.cli.collection;

import com.fasterxml.jackson.databind.util.RawValue;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.db.point.Point;
import dev.kith.db.transfer.PointJson;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Command that shows points by their ids. */
@Command(
    name = "get",
    mixinStandardHelpOptions = true,
    description = {
      "Prints points by their ids.",
      "One a line, as export writes them; with --json as one array. Exit status 1 if one is"
          + " missing."
    })
public final class GetCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "ID", description = Ids.HELP)
  List<String> ids;

  @Override
  public Integer call() {
    var wanted = Ids.parse(ids);
    try (var opened = database.readable(name);
        var reader = opened.collection().reader()) {
      var schema = reader.schema();
      var found =
          reader.get(wanted).stream()
              .collect(Collectors.toMap(Point::id, point -> PointJson.text(point, schema)));
      var points = wanted.stream().filter(found::containsKey).map(found::get).toList();
      print(points);
      var missing = wanted.stream().filter(id -> !found.containsKey(id)).toList();
      if (missing.isEmpty()) {
        return ExitStatus.DONE;
      }
      database.err().println("kith: " + Ids.missing(missing, name, reader));
      database.err().flush();
      return ExitStatus.CHECK_FAILED;
    }
  }

  private void print(List<String> points) {
    if (database.json) {
      Json.print(database.out(), points.stream().map(RawValue::new).toList());
    } else {
      points.forEach(database.out()::println);
      database.out().flush();
    }
  }
}
