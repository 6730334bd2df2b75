package dev.kith.cli.collection;

import dev.kith.db.point.PointId;
import dev.kith.db.query.Query;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that searches for points like given ones. */
@Command(
    name = "recommend",
    mixinStandardHelpOptions = true,
    description = {
      "Finds the points that are most like given ones, and unlike others.",
      "Looks for the mean of the vectors of the points that are liked, pushed away from the mean of"
          + " those that are not. None of these points is a hit."
    })
public final class RecommendCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(index = "0", paramLabel = "C", description = "the collection's name")
  String name;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "ID", description = Ids.HELP)
  List<String> like;

  @Option(names = "--unlike", paramLabel = "ID", description = "unlike that one; may be repeated")
  List<String> unlike = List.of();

  @Option(
      names = "--vector-name",
      paramLabel = "NAME",
      description = "by which vectors, where a collection has several")
  @Nullable String vectorName;

  @Mixin HitOptions hits;

  @Override
  public Integer call() {
    var liked = Ids.parse(like);
    var others = Ids.parse(unlike);
    try (var opened = database.readable(name);
        var reader = opened.collection().reader()) {
      hits.requireSense(database, reader);
      var given = Stream.concat(liked.stream(), others.stream()).distinct().toList();
      var there = reader.get(given).stream().map(point -> point.id()).toList();
      var missing = given.stream().filter(id -> !there.contains(id)).toList();
      if (!missing.isEmpty()) {
        throw new IllegalArgumentException(Ids.missing(missing, name, reader));
      }
      String vector = Database.vectorName(reader.schema(), vectorName);
      var asked = Query.by(new Query.Recommend(vector, liked, others));
      return hits.answer(database, reader, asked, about(liked, others));
    }
  }

  private static String about(List<PointId> liked, List<PointId> others) {
    String text = "like " + shown(liked);
    return others.isEmpty() ? text : text + "; unlike " + shown(others);
  }

  private static String shown(List<PointId> ids) {
    return ids.stream().map(Ids::shown).collect(Collectors.joining(", "));
  }
}
