package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.db.durability.Checks;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.junit.jupiter.api.Test;

/**
 * A refresh waits for a segment that another thread is writing, and is interrupted meanwhile.
 * Lucene's writer would leave the wait, close a queue that still holds deletions, and take that for
 * its end.
 */
class RefreshInterruptTest {
  private static final Schema SCHEMA = Schema.of(2, Metric.L2);

  /** Holds up the segment that is written next, at the names of its fields. */
  private static final class Held extends FilterDirectory {
    final AtomicBoolean hold = new AtomicBoolean();
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);

    Held() {
      super(new ByteBuffersDirectory());
    }

    @Override
    public IndexOutput createOutput(String name, IOContext context) throws IOException {
      if (name.endsWith(".fnm") && hold.compareAndSet(true, false)) {
        begun.countDown();
        try {
          assertThat(released.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
          throw new AssertionError("the thread that writes the segment is not interrupted", e);
        }
      }
      return super.createOutput(name, context);
    }
  }

  private static void upsert(Segments segments, long id) throws IOException {
    var payload = Payload.of("text", "word".repeat(1000) + id);
    var point = Point.of(PointId.of(id), new float[] {id, 1}, payload);
    segments.upsert(Documents.of(point, SCHEMA, new PayloadFields(SCHEMA)), point.id());
  }

  private static int count(Segments segments) throws IOException {
    var reader = segments.acquireNewest();
    try {
      return reader.numDocs();
    } finally {
      reader.decRef();
    }
  }

  private static <T> FutureTask<T> task(Callable<T> work) {
    return new FutureTask<>(work);
  }

  @Test
  void refresh_interruptedWhileItWaits_seesAllPoints() throws Exception {
    var directory = new Held();
    var description = Description.first(SCHEMA);
    try (var segments =
        new Segments(directory, () -> description, 1 << 20, Duration.ZERO, Checks.OFF)) {
      directory.hold.set(true);
      // A thread writes until its points have filled the memory and make a segment, which is held.
      var written = new AtomicLong();
      var writing =
          task(
              () -> {
                while (directory.hold.get()) {
                  upsert(segments, written.incrementAndGet());
                }
                return true;
              });
      Thread.ofPlatform().start(writing);
      assertThat(directory.begun.await(1, TimeUnit.MINUTES)).isTrue();

      segments.delete(PointId.of(1)); // not in a segment yet, and told to none
      var interrupted = new AtomicBoolean();
      var refreshing =
          task(
              () -> {
                int count = count(segments);
                interrupted.set(Thread.currentThread().isInterrupted());
                return count;
              });
      var thread = Thread.ofPlatform().start(refreshing);
      for (int i = 0; i < 50; i++) {
        thread.interrupt();
        Thread.sleep(2);
      }
      assertThat(refreshing.isDone()).isFalse();
      directory.released.countDown();

      assertThat(writing.get()).isTrue();
      assertThat(refreshing.get()).isEqualTo((int) written.get() - 1);
      assertThat(interrupted).isTrue();
      assertThat(segments.tragedy()).isNull();
      upsert(segments, 2_000_000); // it writes on
      assertThat(count(segments)).isEqualTo((int) written.get());
    }
  }
}
