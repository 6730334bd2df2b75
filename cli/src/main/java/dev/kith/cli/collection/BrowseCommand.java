package dev.kith.cli.collection;

import com.fasterxml.jackson.databind.util.RawValue;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.Point;
import dev.kith.db.point.Schema;
import dev.kith.db.transfer.PointJson;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that shows the points of a collection, a page at a time. */
@Command(
    name = "browse",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the points of a collection in the order of their ids, a page at a time.",
      "Below a page stands how to see the next; with --json its field next is the id to go on"
          + " after, or null behind the last page."
    })
public final class BrowseCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  @Option(names = "--filter", paramLabel = "F", description = "only points that pass")
  @Nullable String filter;

  @Option(names = "--after", paramLabel = "ID", description = "the page behind that point")
  @Nullable String after;

  @Option(
      names = {"-k", "--limit"},
      paramLabel = "K",
      defaultValue = "20",
      description = "points of a page; default: ${DEFAULT-VALUE}")
  int limit;

  @Option(names = "--vectors", description = "show the vectors, too")
  boolean withVectors;

  @Override
  public Integer call() {
    if (limit < 1) {
      throw database.wrong("--limit must be at least 1: " + limit);
    }
    var condition = filter == null ? null : Filter.parse(filter);
    var start = after == null ? null : Ids.parse(after);
    try (var opened = database.readable(name);
        var reader = opened.collection().reader()) {
      var page = reader.scroll(condition, start, limit);
      var points = withVectors ? page.points() : PointTable.bare(page.points());
      if (database.json) {
        var schema = reader.schema();
        var document = new LinkedHashMap<String, @Nullable Object>();
        document.put("points", points.stream().map(p -> text(p, schema)).toList());
        document.put("next", page.next());
        Json.print(database.out(), document);
        return ExitStatus.DONE;
      }
      var out = database.out();
      if (points.isEmpty()) {
        out.println(
            start != null
                ? "no more points"
                : filter != null ? Database.nonePasses(filter) : name + " has no points yet");
      } else {
        PointTable.lines(out, points, withVectors);
      }
      if (page.next() != null) {
        out.printf("more: --after %s%n", quoted(Ids.shown(page.next())));
      }
      out.flush();
      return ExitStatus.DONE;
    }
  }

  /** The point as export writes it. */
  private static RawValue text(Point point, Schema schema) {
    return new RawValue(PointJson.text(point, schema));
  }

  /** Text as a shell takes it for one word. */
  private static String quoted(String text) {
    return text.matches("[\\w.:/-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
