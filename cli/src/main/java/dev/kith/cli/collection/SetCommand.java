package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.Payload;
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
    var wanted = Ids.parse(ids);
    var condition = filter == null ? null : Filter.parse(filter);
    var payload = payload();
    try (var opened = database.writable(name)) {
      var collection = opened.collection();
      if (condition == null) {
        var named = NamedPoints.of(wanted, collection, name);
        tell(
            replace
                ? collection.replacePayload(wanted, payload)
                : collection.mergePayload(wanted, payload));
        return named.tellMissing(database);
      }
      tell(
          replace
              ? collection.replacePayload(condition, payload)
              : collection.mergePayload(condition, payload));
      return ExitStatus.DONE;
    }
  }

  private void tell(long changed) {
    database.print(
        new Report(changed),
        filter != null && changed == 0
            ? Database.nonePasses(filter)
            : Database.points(changed) + " changed");
  }

  private Payload payload() {
    try {
      return Payload.parse(json);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--payload: " + e.getMessage(), e);
    }
  }
}
