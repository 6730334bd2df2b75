package dev.kith.db;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.db.durability.Durability;
import dev.kith.db.durability.WriterReplacedException;
import dev.kith.db.durability.WritesStoppedException;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that drops its own lock, as a backup inside the process would, and goes on writing
 * until it is told that it is not the writer any more. Prints the id of each point that was
 * acknowledged, then the message that ended it.
 */
final class LockedWriter {
  static final String NAME = "points";

  private LockedWriter() {}

  static Point point(long id) {
    return Point.of(PointId.of(id), new float[] {id});
  }

  /** Arguments: the database, a durability, the first id, and whether the lock is dropped. */
  public static void main(String[] args) throws IOException {
    var folder = Path.of(args[0]);
    var out = new PrintStream(System.out, true, UTF_8);
    var options =
        CollectionOptions.DEFAULT
            .withDurability(Durability.valueOf(args[1]))
            .withCheckpointBytes(20_000);
    try (var kith = Kith.open(folder)) {
      var collection = kith.collection(NAME, options);
      if (Boolean.parseBoolean(args[3])) {
        var _ = Files.readString(folder.resolve(NAME).resolve("lock"));
      }
      for (long id = Long.parseLong(args[2]); ; id++) {
        collection.upsert(point(id));
        out.println(id);
        if (id % 20 == 0) {
          var _ = collection.count(); // makes a segment
        }
      }
    } catch (WritesStoppedException e) {
      out.println(e.getMessage());
    } catch (UncheckedIOException e) { // a read met files that the other writer has removed
      if (!(e.getCause() instanceof WriterReplacedException replaced)) {
        throw e;
      }
      out.println(replaced.getMessage());
    }
  }
}
