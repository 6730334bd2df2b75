package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.db.Collection;
import dev.kith.db.point.PointId;
import java.util.ArrayList;
import java.util.List;

/**
 * Points that a command names by their ids.
 *
 * @param ids all that were named
 * @param missing those that there are not
 * @param none line that says so; empty if there are all
 */
record NamedPoints(List<PointId> ids, List<PointId> missing, String none) {

  /** Looks which of the points are in the collection of that name. */
  static NamedPoints of(List<PointId> ids, Collection collection, String name) {
    var missing = new ArrayList<>(ids);
    try (var reader = collection.reader()) {
      reader.get(ids).forEach(point -> missing.remove(point.id()));
      return new NamedPoints(
          ids, missing, missing.isEmpty() ? "" : Ids.missing(missing, name, reader));
    }
  }

  /** Number of points that there are. */
  int present() {
    return ids.size() - missing.size();
  }

  /** Says which points there are not, and gives the exit status: 1 if there is none of them. */
  int tellMissing(Database database) {
    if (missing.isEmpty()) {
      return ExitStatus.DONE;
    }
    database.err().println("kith: " + none);
    database.err().flush();
    return present() > 0 ? ExitStatus.DONE : ExitStatus.CHECK_FAILED;
  }
}
