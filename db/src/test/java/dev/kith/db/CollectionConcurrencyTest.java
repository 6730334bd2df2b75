package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Query;
import dev.kith.db.testing.Trees;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Eight writers and eight readers at once, with merges and checkpoints between them. */
@ExtendWith(Seeded.class)
class CollectionConcurrencyTest {
  private static final int WRITERS = 8;
  private static final int READERS = 8;
  private static final int IDS = 40;
  private static final Duration LASTS =
      Duration.ofSeconds(Seeded.effort() == 1 ? 3 : 9L * Seeded.effort());

  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicLong reads = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();

  private interface Work {
    void run(SplittableRandom random) throws InterruptedException;
  }

  private void start(SplittableRandom random, Work work) {
    var own = random.split();
    threads.add(
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    while (!ended.get() && failures.isEmpty()) {
                      work.run(own);
                    }
                  } catch (Throwable e) {
                    failures.add(e);
                  }
                }));
  }

  /** All elements of the vector are the version. */
  private static Point point(long id, long version) {
    var vector = new float[4];
    Arrays.fill(vector, (float) version);
    return Point.of(PointId.of(id), vector, Payload.of("version", version, "writer", id / IDS));
  }

  private static long version(Point point) {
    long version = Trees.of(point.payload()).get("version").asLong();
    for (float element : requireNonNull(point.vector(Schema.VECTOR))) {
      assertThat(element).isEqualTo((float) version);
    }
    return version;
  }

  @Test
  void writersAndReaders_everyReadIsOfOneMoment(SplittableRandom random, @TempDir Path folder)
      throws InterruptedException {
    var options = CollectionOptions.DEFAULT.withCheckpointBytes(200_000);
    try (var kith = Kith.open(folder.resolve("db"))) {
      var schema =
          Schema.of(4, Metric.L2)
              .withField("version", FieldType.INTEGER)
              .withField("writer", FieldType.INTEGER);
      var collection = kith.create("points", schema, options);
      for (int writer = 0; writer < WRITERS; writer++) {
        var versions = new AtomicLong();
        long first = (long) writer * IDS;
        start(random, own -> write(collection, own, first, versions));
      }
      for (int reader = 0; reader < READERS; reader++) {
        var seen = new HashMap<PointId, Long>();
        start(random, own -> read(collection, own, seen));
      }
      start(
          random,
          own -> {
            collection.optimize();
            Thread.sleep(own.nextInt(200));
          });
      Thread.sleep(LASTS.toMillis());
      ended.set(true);
      join();
      assertThat(reads.get()).isPositive();
      assertThat(collection.verify()).isEmpty();
    }
  }

  private void join() throws InterruptedException {
    for (var thread : threads) {
      thread.join();
    }
    for (var failure : failures) {
      throw new AssertionError("a thread failed", failure);
    }
  }

  /** Two points of one version at once; then it sees what it wrote. */
  private static void write(
      Collection collection, SplittableRandom random, long first, AtomicLong versions) {
    long version = versions.incrementAndGet();
    long id = first + random.nextInt(IDS);
    if (random.nextInt(10) == 0) {
      collection.delete(PointId.of(id));
      assertThat(collection.get(PointId.of(id))).isNull();
      return;
    }
    collection.upsert(point(id, version));
    var found = requireNonNull(collection.get(PointId.of(id)));
    assertThat(version(found)).isEqualTo(version);
    if (random.nextInt(20) == 0) {
      var filter = Filter.parse("writer == %d && version == %d".formatted(first / IDS, version));
      assertThat(collection.count(filter)).isEqualTo(1);
    }
  }

  private void read(Collection collection, SplittableRandom random, Map<PointId, Long> seen) {
    reads.incrementAndGet();
    try (var reader = collection.reader()) {
      long count = reader.count(null);
      var query =
          Query.nearest(new float[] {random.nextInt(1000), 0, 0, 0})
              .limit(1000)
              .withVectors(Schema.VECTOR);
      var hits = reader.query(query).hits();
      assertThat(hits).hasSize((int) count);
      double before = 0;
      for (var hit : hits) {
        assertThat(hit.score()).isGreaterThanOrEqualTo(before);
        before = hit.score();
        var payload = requireNonNull(hit.payload());
        long version = version(new Point(hit.id(), hit.vectors(), payload));
        assertThat(version)
            .as("later readers see later versions of %s", hit.id())
            .isGreaterThanOrEqualTo(seen.getOrDefault(hit.id(), 0L));
        seen.put(hit.id(), version);
      }
      assertThat(reader.count(null)).isEqualTo(count);
    }
  }

  @Test
  void close_duringSearchesAndWrites_endsThemCleanly(SplittableRandom random, @TempDir Path folder)
      throws InterruptedException {
    for (int round = 0; round < 5; round++) {
      try (var kith = Kith.open(folder.resolve("db" + round))) {
        var collection = kith.create("points", Schema.of(4, Metric.L2));
        ended.set(false);
        threads.clear();
        var closed = new AtomicLong();
        for (int i = 0; i < 4; i++) {
          start(
              random,
              own -> {
                try {
                  collection.upsert(point(own.nextInt(1000), 1));
                  collection.query(Query.nearest(new float[4]));
                } catch (IllegalStateException e) {
                  assertThat(e).hasMessage("collection points is closed; open it again");
                  closed.incrementAndGet();
                  ended.set(true);
                }
              });
        }
        Thread.sleep(50 + random.nextInt(100));
        collection.close();
        join();
        assertThat(closed.get()).isPositive();
        var again = kith.collection("points");
        assertThat(again.verify()).isEmpty();
      }
    }
  }
}
