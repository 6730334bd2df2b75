package dev.kith.db;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.core.metric.Metric;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A process that writes until it is killed. Each thread has its own ids; each write of an id has a
 * higher version, from which the point can be told. What is acknowledged goes to a file: a line
 * {@code id version}, negative where the point was deleted.
 */
final class KilledWriter {
  static final String NAME = "points";
  static final int THREADS = 4;
  static final int IDS = 300;

  private KilledWriter() {}

  static Schema schema() {
    return Schema.of(8, Metric.L2).withField("version", FieldType.INTEGER);
  }

  static Point point(long id, long version) {
    var vector = new float[8];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) ((id * 31 + version * 17 + i) % 1000);
    }
    return Point.of(PointId.of(id), vector, Payload.of("version", version));
  }

  static Path acknowledged(Path folder, int thread) {
    return folder.resolve("acknowledged-" + thread);
  }

  /** Arguments: the folder, the first version. */
  public static void main(String[] args) throws InterruptedException {
    var folder = Path.of(args[0]);
    long first = Long.parseLong(args[1]);
    var options = CollectionOptions.DEFAULT.withCheckpointBytes(50_000);
    try (var kith = Kith.open(folder.resolve("db"))) {
      var collection =
          kith.list().contains(NAME)
              ? kith.collection(NAME, options)
              : kith.create(NAME, schema(), options);
      for (int t = 0; t < THREADS; t++) {
        int thread = t;
        Thread.ofPlatform().start(() -> write(collection, folder, thread, first));
      }
      Thread.sleep(60_000); // the parent kills it long before
    }
  }

  private static void write(Collection collection, Path folder, int thread, long first) {
    try (var acknowledged =
        FileChannel.open(
            acknowledged(folder, thread), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (long version = first; ; version++) {
        long id = thread * 1_000_000L + version * 7 % IDS;
        boolean delete = version % 11 == 0;
        if (delete) {
          collection.delete(PointId.of(id));
        } else {
          collection.upsert(point(id, version));
        }
        var line = "%d %d\n".formatted(id, delete ? -version : version).getBytes(UTF_8);
        acknowledged.write(ByteBuffer.wrap(line));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
