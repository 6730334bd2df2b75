package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.db.Collection;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that changes payloads. */
@Command(
    name = "set",
    mixinStandardHelpOptions = true,
    description = {
      "Changes the payload of points, by their ids or by a filter; vectors stay.",
      "The keys of --payload take the place of those of the same name, and others stay, unless"
          + " --replace is given. Exit status 1 if there is none of the ids."
    })
public final class SetCommand implements Callable<Integer> {
  private static final int AT_ONCE = 1000;

  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1..*", paramLabel = "ID", description = Ids.HELP)
  List<String> ids = List.of();

  @Option(
      names = "--payload",
      required = true,
      paramLabel = "JSON",
      description = "a JSON object: '{\"lang\": \"en\"}'")
  String json;

  @Option(names = "--replace", description = "keep no other key of the payloads")
  boolean replace;

  @Option(names = "--filter", paramLabel = "F", description = "all points that pass, instead")
  @Nullable String filter;

  /** Document printed with {@code --json}. */
  record Report(long changed) {}

  @Override
  public Integer call() {
    if ((filter == null) == ids.isEmpty()) {
      throw database.wrong("say which points: ids, or --filter, not both");
    }
    var wanted = new ArrayList<>(Ids.parse(ids));
    var condition = filter == null ? null : Filter.parse(filter);
    var payload = payload();
    try (var opened = database.writable(name)) {
      var collection = opened.collection();
      var missing = new ArrayList<>(wanted);
      long changed = 0;
      String none = "";
      try (var reader = collection.reader()) {
        if (condition != null) {
          reader.forEachId(condition, wanted::add);
        }
        for (int from = 0; from < wanted.size(); from += AT_ONCE) {
          var points = reader.get(wanted.subList(from, Math.min(from + AT_ONCE, wanted.size())));
          changed += change(collection, points, payload);
          points.forEach(point -> missing.remove(point.id()));
        }
        none = missing.isEmpty() ? "" : Ids.missing(missing, name, reader);
      }
      return told(changed, none, missing);
    }
  }

  private int told(long changed, String none, List<PointId> missing) {
    database.print(
        new Report(changed),
        filter != null && changed == 0
            ? Database.nonePasses(filter)
            : Database.points(changed) + " changed");
    if (missing.isEmpty()) {
      return ExitStatus.DONE;
    }
    database.err().println("kith: " + none);
    database.err().flush();
    return changed > 0 ? ExitStatus.DONE : ExitStatus.CHECK_FAILED;
  }

  private int change(Collection collection, List<Point> points, Payload payload) {
    var ids = points.stream().map(Point::id).toList();
    return replace
        ? collection.replacePayload(ids, payload)
        : collection.mergePayload(ids, payload);
  }

  private Payload payload() {
    try {
      return Payload.parse(json);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--payload: " + e.getMessage(), e);
    }
  }
}
