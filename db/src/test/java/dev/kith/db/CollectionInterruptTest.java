package dev.kith.db;

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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Threads are interrupted at any moment, again and again: the collection writes on. */
@ExtendWith(Seeded.class)
class CollectionInterruptTest {
  private static final int THREADS = 4;
  private static final int OPERATIONS = 250 * Seeded.effort();
  private static final Schema SCHEMA =
      Schema.of(8, Metric.L2)
          .withField("version", FieldType.INTEGER)
          .withField("text", FieldType.TEXT);

  /** What one thread wrote: its own ids, by the version that was acknowledged last. */
  private static final class Writer implements Runnable {
    final Map<Long, Long> versions = new ConcurrentHashMap<>();
    private final Collection collection;
    private final long first;
    private final SplittableRandom random;
    private final AtomicReference<Throwable> failure;

    Writer(
        Collection collection, int number, SplittableRandom random, AtomicReference<Throwable> to) {
      this.collection = collection;
      this.first = number * 1000L;
      this.random = random;
      this.failure = to;
    }

    @Override
    public void run() {
      try {
        for (long version = 1; version <= OPERATIONS; version++) {
          operation(version);
        }
      } catch (Throwable e) {
        failure.compareAndSet(null, e);
      }
    }

    private Point point(long id, long version) {
      var vector = new float[8];
      vector[0] = id;
      return Point.of(
          PointId.of(id), vector, Payload.of("version", version, "text", "word" + version % 7));
    }

    private void operation(long version) {
      long id = first + random.nextInt(100);
      switch (random.nextInt(20)) {
        case 0 -> {
          collection.delete(PointId.of(id));
          versions.remove(id);
        }
        case 1 -> {
          var payload = Payload.of("version", version, "text", "again");
          if (collection.replacePayload(List.of(PointId.of(id)), payload) == 1) {
            versions.put(id, version);
          }
        }
        case 2 -> collection.checkpoint();
        case 3 -> collection.query(Query.nearest(new float[8]));
        case 4 -> collection.query(Query.words("text", "word3"));
        case 5 -> collection.count(Filter.parse("version > 3"));
        case 6 -> {
          if (random.nextInt(10) == 0) {
            var _ = collection.optimize(_ -> {}, () -> false); // an interrupt may end it early
          }
        }
        default -> {
          var points = new ArrayList<Point>();
          for (int i = 0; i <= random.nextInt(20); i++) {
            points.add(point(first + random.nextInt(100), version));
          }
          collection.upsert(points);
          points.forEach(point -> versions.put(((PointId.Number) point.id()).value(), version));
        }
      }
    }
  }

  @Test
  void interrupts_atAnyMoment_endNoWritesAndLoseNothing(
      SplittableRandom random, @TempDir Path folder) throws Exception {
    var failure = new AtomicReference<Throwable>();
    var writers = new ArrayList<Writer>();
    int interrupts = 0;
    try (var kith = Kith.open(folder)) {
      var options = CollectionOptions.DEFAULT.withMemoryBytes(1 << 20).withCheckpointBytes(100_000);
      var collection = kith.create("points", SCHEMA, options);
      var threads = new ArrayList<Thread>();
      for (int i = 0; i < THREADS; i++) {
        var writer = new Writer(collection, i, random.split(), failure);
        writers.add(writer);
        threads.add(Thread.ofPlatform().start(writer));
      }
      while (threads.stream().anyMatch(Thread::isAlive)) {
        threads.get(random.nextInt(THREADS)).interrupt();
        interrupts++;
        LockSupport.parkNanos(random.nextInt(300_000));
      }
      assertThat(failure.get()).isNull();
      assertThat(interrupts).isGreaterThan(OPERATIONS / 10);
      collection.upsert(Point.of(PointId.of(1_000_000), new float[8])); // it writes on
      check(collection, writers);
    }
    try (var kith = Kith.open(folder)) {
      assertThat(kith.collection("points").verify()).isEmpty();
      check(kith.collection("points"), writers);
    }
  }

  private static void check(Collection collection, List<Writer> writers) {
    long count = 1;
    for (var writer : writers) {
      count += writer.versions.size();
      writer.versions.forEach(
          (id, version) ->
              assertThat(collection.get(PointId.of(id)))
                  .as("point %d", id)
                  .satisfies(
                      point ->
                          assertThat(point.payload().get("version"))
                              .isEqualTo(Long.toString(version))));
    }
    assertThat(collection.count()).isEqualTo(count);
  }

  /** Opening, changing the schema, copying and dropping are not ended by one either. */
  @Test
  void interruptedThread_doesAllElse_asAnyOther(@TempDir Path folder) {
    try {
      Thread.currentThread().interrupt();
      try (var kith = Kith.open(folder.resolve("db"))) {
        var points = kith.create("points", SCHEMA);
        points.upsert(Point.of(PointId.of(1), new float[8], Payload.of("color", "red")));
        points.addField("color", FieldType.KEYWORD);
        assertThat(points.count(Filter.parse("color == 'red'"))).isEqualTo(1);
        points.snapshot(folder.resolve("snapshot"));
        assertThat(points.verify()).isEmpty();
        points.close();
        assertThat(kith.collection("points").count()).isEqualTo(1);
        assertThat(kith.restore("again", folder.resolve("snapshot")).count()).isEqualTo(1);
        kith.drop("points");
        assertThat(kith.list()).containsExactly("again");
      }
      try (var reading = Kith.openReadOnly(folder.resolve("db"))) {
        assertThat(reading.collection("again").count()).isEqualTo(1);
      }
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      var _ = Thread.interrupted();
    }
  }
}
