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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/**
 * A process that writes until it is killed: threads with ids of their own that upsert, alone and in
 * batches, delete and set payloads, and one that changes the schema, merges, copies and makes
 * checkpoints. Each write of an id has a higher version, from which the point can be told. What is
 * acknowledged goes to a file: a line {@code id version}, negative where the point was deleted.
 */
final class KilledWriter {
  static final String NAME = "points";
  static final int THREADS = 32;
  static final int IDS = 60;
  private static final int FIELDS = 3;

  private KilledWriter() {}

  static Schema schema() {
    return Schema.of(8, Metric.L2).withField("version", FieldType.INTEGER);
  }

  /** The point of an id whose payload is of one version, and its vector of an earlier one. */
  static Point point(long id, long version, long vectorVersion) {
    var vector = new float[8];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) ((id * 31 + vectorVersion * 17 + i) % 1000);
    }
    return Point.of(PointId.of(id), vector, payload(version, vectorVersion));
  }

  private static Payload payload(long version, long vectorVersion) {
    return Payload.of("version", version, "vector", vectorVersion, "extra1", "e" + version % 5);
  }

  static Path acknowledged(Path folder, int thread) {
    return folder.resolve("acknowledged-" + thread);
  }

  /** Arguments: the folder, the first version. */
  public static void main(String[] args) throws InterruptedException {
    var folder = Path.of(args[0]);
    long first = Long.parseLong(args[1]);
    var options = CollectionOptions.DEFAULT.withCheckpointBytes(50_000).withMemoryBytes(1 << 20);
    try (var kith = Kith.open(folder.resolve("db"))) {
      var collection =
          kith.list().contains(NAME)
              ? kith.collection(NAME, options)
              : kith.create(NAME, schema(), options);
      for (int t = 0; t < THREADS; t++) {
        int thread = t;
        Thread.ofPlatform().start(() -> write(collection, folder, thread, first));
      }
      Thread.ofPlatform().start(() -> keep(collection, folder, first));
      Thread.sleep(60_000); // the parent kills it long before
    }
  }

  private static void write(Collection collection, Path folder, int thread, long first) {
    var vectors = new HashMap<Long, Long>();
    try (var acknowledged =
        FileChannel.open(
            acknowledged(folder, thread), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (long version = first; ; version++) {
        long id = thread * 1_000_000L + version * 7 % IDS;
        var lines = new StringBuilder();
        if (version % 11 == 0) {
          collection.delete(PointId.of(id));
          vectors.remove(id);
          lines.append("%d %d\n".formatted(id, -version));
        } else if (version % 5 == 0 && vectors.containsKey(id)) {
          var payload = payload(version, vectors.get(id));
          if (collection.replacePayload(List.of(PointId.of(id)), payload) != 1) {
            throw new AssertionError("a point that was acknowledged is not there: " + id);
          }
          lines.append("%d %d\n".formatted(id, version));
        } else {
          var batch = new ArrayList<Point>();
          for (int i = 0; i < (version % 3 == 0 ? 4 : 1); i++) {
            long one = thread * 1_000_000L + (version * 7 + i) % IDS;
            batch.add(point(one, version, version));
            vectors.put(one, version);
            lines.append("%d %d\n".formatted(one, version));
          }
          collection.upsert(batch);
        }
        acknowledged.write(ByteBuffer.wrap(lines.toString().getBytes(UTF_8)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Does what is done to a collection as a whole, as fast as it goes. */
  private static void keep(Collection collection, Path folder, long first) {
    for (long round = first; ; round++) {
      int fields = collection.schema().fields().size();
      if (fields <= FIELDS) {
        collection.addField("extra" + fields, FieldType.KEYWORD);
      }
      collection.setIndex(Schema.VECTOR, round % 2 == 0 ? "flat" : "flat(shadow=int8)");
      collection.snapshot(folder.resolve("snapshot-" + round));
      var _ = collection.optimize(_ -> {}, () -> false);
      collection.checkpoint();
    }
  }
}
