package dev.kith.db.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.db.CollectionOptions;
import dev.kith.db.durability.Checks;
import dev.kith.db.durability.Durability;
import dev.kith.db.format.Build;
import dev.kith.db.format.PartBuilder;
import dev.kith.db.format.PartBuilders;
import dev.kith.db.format.PartOutput;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.lucene.index.SegmentInfos;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A collection is closed while a part of a segment is built that takes a minute. */
class ClosingTest {
  private static final Schema SCHEMA = Schema.of(2, Metric.L2);
  private static final Duration AT_MOST = Duration.ofSeconds(1);

  /** A segment of fewer rows gets no slow part. */
  private static final int MANY = 100;

  @TempDir Path folder;
  private CollectionFolder files;

  @BeforeEach
  void create() throws IOException {
    files = new CollectionFolder(folder.resolve("points"));
    CollectionFolder.make(folder.resolve("points"));
    try (var _ = files.lock()) {
      files.write(Description.first(SCHEMA));
    }
  }

  /** Writes half of its part, and takes a minute before it writes the other. */
  private static final class Slow implements PartBuilder {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch stopped = new CountDownLatch(1);

    @Override
    public String name() {
      return "slow";
    }

    @Override
    public String extension() {
      return "vel";
    }

    @Override
    public boolean isWanted(VectorField field, int rows) {
      return rows >= MANY;
    }

    @Override
    public boolean isQuick() {
      return false;
    }

    @Override
    public void build(Build build, PartOutput out) throws IOException {
      out.write(MemorySegment.ofArray(new byte[1 << 20]));
      begun.countDown();
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
      while (System.nanoTime() < end) {
        if (build.isStopped()) {
          stopped.countDown();
        }
        build.requireWanted();
        try {
          Thread.sleep(1);
        } catch (InterruptedException e) {
          throw new AssertionError("nobody interrupts builds", e);
        }
      }
      out.write(MemorySegment.ofArray(new byte[1 << 20]));
    }
  }

  private WritableStorage open(PartBuilders builders) throws IOException {
    var options =
        new CollectionOptions(
            Durability.REQUEST, AT_MOST, Duration.ZERO, 1 << 24, 1 << 28, Checks.QUERIED);
    return WritableStorage.open("points", files, options, builders);
  }

  private static List<Point> points(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> Point.of(PointId.of(i), new float[] {i, 1}, Payload.of("i", i)))
        .toList();
  }

  /** Segments of fewer rows than the slow part wants. */
  private static void putInSegments(WritableStorage storage, int count, int each)
      throws IOException {
    for (int from = 0; from < count; from += each) {
      storage.writes().upsert(points(from, from + each));
      storage.acquireNewest().decRef();
    }
  }

  private static <T> FutureTask<T> aside(Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().start(task);
    return task;
  }

  private static void closeInTime(WritableStorage storage) throws IOException {
    long start = System.nanoTime();
    storage.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_MOST);
  }

  /** Nothing is in the folder but what the last commit names. */
  private void requireNoOtherFiles() throws IOException {
    try (var directory = files.directory()) {
      var expected = new TreeSet<>(SegmentInfos.readLatestCommit(directory).files(true));
      expected.add("write.lock");
      var found = new TreeSet<>(List.of(directory.listAll()));
      found.add("write.lock");
      assertThat(found).isEqualTo(expected);
    }
  }

  /** Opens it again, as anybody does. */
  private void requirePoints(int count) throws IOException {
    try (var storage = open(PartBuilders.STANDARD)) {
      requirePoints(storage, count);
      assertThat(Verification.of(storage)).isEmpty();
    }
  }

  private static void requirePoints(WritableStorage storage, int count) throws IOException {
    var ids = IntStream.range(0, count + 1).mapToObj(PointId::of).toList();
    assertThat(storage.points(ids)).usingRecursiveComparison().isEqualTo(points(0, count));
  }

  private static List<String> parts(WritableStorage storage) throws IOException {
    var parts = new ArrayList<String>();
    var reader = storage.acquireNewest();
    try {
      for (var leaf : reader.leaves()) {
        var vectors = requireNonNull(SegmentVectors.of(leaf.reader(), "v." + Schema.VECTOR));
        parts.addAll(vectors.parts().keySet());
      }
    } finally {
      reader.decRef();
    }
    return parts;
  }

  @Test
  void close_duringAMergesBuild_returnsAndKeepsTheSegments() throws Exception {
    var slow = new Slow();
    var storage = open(PartBuilders.STANDARD.with(slow));
    putInSegments(storage, 150, 50);
    storage.writes().checkpoint();
    var merging = aside(() -> storage.segments().merge(1, _ -> {}, () -> false));
    assertThat(slow.begun.await(20, TimeUnit.SECONDS)).isTrue();
    storage.writes().upsert(points(150, 200)); // acknowledged, in no segment yet

    closeInTime(storage);
    assertThat(slow.stopped.getCount()).as("the build was told").isZero();
    assertThat(merging.get(20, TimeUnit.SECONDS)).as("it came to its end").isFalse();
    requireNoOtherFiles();
    requirePoints(200);
  }

  @Test
  void stop_duringAMergesBuild_endsItAndAllGoesOn() throws Exception {
    var slow = new Slow();
    try (var storage = open(PartBuilders.STANDARD.with(slow))) {
      putInSegments(storage, 150, 50);
      var stop = new CountDownLatch(1);
      var merging = aside(() -> storage.segments().merge(1, _ -> {}, () -> stop.getCount() == 0));
      assertThat(slow.begun.await(20, TimeUnit.SECONDS)).isTrue();
      stop.countDown();
      assertThat(merging.get(20, TimeUnit.SECONDS)).isFalse();
      storage.writes().upsert(points(150, 200));
      requirePoints(storage, 200);
    }
    requireNoOtherFiles();
    requirePoints(200);
  }

  @Test
  void close_duringItsOwnFlushsBuild_leavesThePartOut() throws Exception {
    var slow = new Slow();
    var storage = open(PartBuilders.STANDARD.with(slow));
    storage.writes().upsert(points(0, 2 * MANY));
    closeInTime(storage);
    assertThat(slow.begun.getCount()).as("it was not even begun").isEqualTo(1);
    requireNoOtherFiles();
    requirePoints(2 * MANY);
  }

  @Test
  void close_duringAnothersFlushsBuild_leavesThePartOut() throws Exception {
    var slow = new Slow();
    var storage = open(PartBuilders.STANDARD.with(slow));
    storage.writes().upsert(points(0, 2 * MANY));
    var reading =
        aside(
            () -> {
              storage.acquireNewest().decRef();
              return true;
            });
    assertThat(slow.begun.await(20, TimeUnit.SECONDS)).isTrue();

    closeInTime(storage);
    assertThat(slow.stopped.getCount()).isZero();
    try {
      assertThat(reading.get(20, TimeUnit.SECONDS)).isTrue();
    } catch (ExecutionException e) {
      assertThat(e.getCause()).hasMessageContaining("closed"); // it was late
    }
    requireNoOtherFiles();
    requirePoints(2 * MANY);
  }

  /** What a close left out is built by the next optimize. */
  @Test
  void optimize_segmentWithoutAPart_buildsIt() throws Exception {
    var storage = open(PartBuilders.STANDARD.with(new Slow()));
    storage.writes().upsert(points(0, 2 * MANY));
    closeInTime(storage);

    var quick =
        new PartBuilder() {
          private final Slow slow = new Slow();

          @Override
          public String name() {
            return slow.name();
          }

          @Override
          public String extension() {
            return slow.extension();
          }

          @Override
          public boolean isWanted(VectorField field, int rows) {
            return slow.isWanted(field, rows);
          }

          @Override
          public boolean isQuick() {
            return true;
          }

          @Override
          public void build(Build build, PartOutput out) throws IOException {
            out.writeInt((int) build.rows().size());
          }
        };
    try (var reopened = open(PartBuilders.STANDARD.with(quick))) {
      assertThat(parts(reopened)).isEmpty();
      assertThat(reopened.segments().merge(1, _ -> {}, () -> false)).isTrue();
      assertThat(parts(reopened)).containsExactly("slow");
      requirePoints(reopened, 2 * MANY);
    }
    requirePoints(2 * MANY);
  }

  @Test
  void build_failsInAMerge_isLeftOutAndWritesGoOn() throws Exception {
    var builds = new AtomicInteger();
    var works = new AtomicBoolean();
    var failing =
        new PartBuilder() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public String extension() {
            return "veb";
          }

          @Override
          public boolean isWanted(VectorField field, int rows) {
            return rows >= MANY;
          }

          @Override
          public boolean isQuick() {
            return false;
          }

          @Override
          public void build(Build build, PartOutput out) throws IOException {
            builds.incrementAndGet();
            out.writeLong(1);
            if (!works.get()) {
              throw new IllegalStateException("no device");
            }
          }
        };
    try (var storage = open(PartBuilders.STANDARD.with(failing))) {
      putInSegments(storage, 150, 50);
      assertThat(storage.segments().merge(1, _ -> {}, () -> false)).isTrue();
      assertThat(builds).hasValue(1);
      assertThat(parts(storage)).isEmpty();
      assertThat(storage.segments().merge(1, _ -> {}, () -> false)).isTrue(); // once more
      assertThat(builds).hasValue(2);
      storage.writes().upsert(points(150, 180));
      requirePoints(storage, 180);
      works.set(true);
      assertThat(storage.segments().merge(1, _ -> {}, () -> false)).isTrue();
      assertThat(parts(storage)).containsExactly("broken");
    }
    requirePoints(180);
    requireNoOtherFiles();
  }
}
