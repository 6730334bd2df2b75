package dev.kith.cli.collection;

import com.fasterxml.jackson.databind.util.RawValue;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.db.point.Point;
import dev.kith.db.point.Schema;
import dev.kith.db.transfer.PointJson;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that shows points by their ids. */
@Command(
    name = "get",
    mixinStandardHelpOptions = true,
    description = {
      "Prints points by their ids.",
      "A line for each key of a payload; with --json as one array, as export writes them, vectors"
          + " included. Exit status 1 if one is missing."
    })
public final class GetCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "ID", description = Ids.HELP)
  List<String> ids;

  @Option(names = "--vectors", description = "show the vectors' elements, not only their number")
  boolean withVectors;

  @Override
  public Integer call() {
    var wanted = Ids.parse(ids);
    try (var opened = database.readable(name);
        var reader = opened.collection().reader()) {
      var schema = reader.schema();
      var found = reader.get(wanted).stream().collect(Collectors.toMap(Point::id, point -> point));
      print(wanted.stream().filter(found::containsKey).map(found::get).toList(), schema);
      var missing = wanted.stream().filter(id -> !found.containsKey(id)).toList();
      if (missing.isEmpty()) {
        return ExitStatus.DONE;
      }
      database.err().println("kith: " + Ids.missing(missing, name, reader));
      database.err().flush();
      return ExitStatus.CHECK_FAILED;
    }
  }

  private void print(List<Point> points, Schema schema) {
    if (database.json) {
      Json.print(
          database.out(),
          points.stream().map(point -> new RawValue(PointJson.text(point, schema))).toList());
    } else {
      PointTable.blocks(database.out(), points, schema, withVectors);
    }
  }
}
