package dev.kith.db.store;

import dev.kith.core.work.Workers;
import dev.kith.db.Collection;
import dev.kith.db.memory.HeapShare;
import dev.kith.db.point.Point;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * Writes a stream of points in rounds. While one is written, the next is read. Within a round the
 * points are shared out to threads by their ids, so that of several with one id the last stays.
 */
final class Importer {
  /** Points that one thread writes together. */
  static final int BATCH = 500;

  private static final int THREADS = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4);
  private static final long ROUND_BYTES = HeapShare.bytes(32, 16L << 20);

  private final Consumer<List<Point>> upsert;

  Importer(Consumer<List<Point>> upsert) {
    this.upsert = upsert;
  }

  /** Writes all; at the first failure a round that is being written ends unacknowledged. */
  long run(Iterator<Point> points, Collection.Acknowledged acknowledged) {
    long done = 0;
    CompletableFuture<?> writing = CompletableFuture.completedFuture(true);
    List<Point> written = List.of();
    boolean more = true;
    try {
      while (more) {
        var round = round(points);
        more = points.hasNext();
        done += end(writing, written, done, acknowledged);
        writing = write(round);
        written = round;
      }
    } catch (Throwable e) {
      await(writing); // nothing is written once this has returned
      throw e;
    }
    return done + end(writing, written, done, acknowledged);
  }

  private static List<Point> round(Iterator<Point> points) {
    var round = new ArrayList<Point>();
    long bytes = 0;
    while (round.size() < THREADS * BATCH && bytes < ROUND_BYTES && points.hasNext()) {
      var point = points.next();
      round.add(point);
      bytes += point.payload().bytes();
      for (var vector : point.vectors().values()) {
        bytes += Float.BYTES * (long) vector.length;
      }
    }
    return round;
  }

  private CompletableFuture<?> write(List<Point> round) {
    var parts = new ArrayList<List<Point>>();
    for (int i = 0; i < THREADS; i++) {
      parts.add(new ArrayList<>());
    }
    for (var point : round) {
      parts.get(Math.floorMod(point.id().hashCode(), THREADS)).add(point);
    }
    var all =
        parts.stream()
            .map(part -> Workers.async(() -> upsert.accept(part)))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(all);
  }

  /** Waits for a round whose failure does not matter any more. */
  private static void await(CompletableFuture<?> writing) {
    try {
      writing.join();
    } catch (CompletionException e) {
      // another failure is being thrown
    }
  }

  private static long end(
      CompletableFuture<?> writing,
      List<Point> round,
      long before,
      Collection.Acknowledged acknowledged) {
    try {
      writing.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
    if (!round.isEmpty()) {
      acknowledged.accept(before + round.size(), round.getLast().id());
    }
    return round.size();
  }
}
