package dev.kith.db.store;

import dev.kith.db.durability.Durability;
import dev.kith.db.durability.WriterReplacedException;
import dev.kith.db.durability.WritesStoppedException;
import dev.kith.db.log.Fence;
import dev.kith.db.log.LogFailedException;
import dev.kith.db.log.Translog;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.store.AlreadyClosedException;
import org.jspecify.annotations.Nullable;

/**
 * The way of a write: under the locks of its ids it is appended to the log and put into the
 * segments, so that both have the writes of an id in one order; then, without locks, it waits until
 * its record is durable, together with others that wait. The first failure of log or segments ends
 * all writes for good, until the collection is opened again. Safe for many threads.
 */
public final class Writes implements Closeable {
  private static final System.Logger LOG = System.getLogger(Writes.class.getName());
  private final Segments segments;
  private final @Nullable Translog log;
  private final boolean logging;
  private final boolean requested;
  private final Fence fence;
  private final Supplier<Description> description;
  private final String name;
  private final long checkpointBytes;
  private final IdLocks locks = new IdLocks();

  /** Shared by writers, held alone while the log begins a new generation. */
  private final ReentrantReadWriteLock rolling = new ReentrantReadWriteLock();

  private final ReentrantLock checkpointing = new ReentrantLock();
  private final AtomicBoolean checkpointStarted = new AtomicBoolean();
  private final AtomicLong uncommitted = new AtomicLong();
  private volatile @Nullable Schema proposed;
  private volatile @Nullable Throwable failure;
  private volatile boolean closed;

  /**
   * Of a collection.
   *
   * @param log null in memory
   * @param durability whether writes are logged; those before may have been
   * @param fence asked before a write is acknowledged, by the log where it is on disk by then
   * @param checkpointBytes of log after which a checkpoint is made
   */
  public Writes(
      String name,
      Segments segments,
      @Nullable Translog log,
      Durability durability,
      Fence fence,
      Supplier<Description> description,
      long checkpointBytes) {
    this.name = name;
    this.segments = segments;
    this.log = log;
    this.logging = log != null && durability != Durability.NONE;
    this.requested = logging && durability == Durability.REQUEST;
    this.fence = fence;
    this.description = description;
    this.checkpointBytes = checkpointBytes;
  }

  /** Puts points; of several with one id the last. Returns when they are acknowledged. */
  public void upsert(List<Point> points) {
    if (points.isEmpty()) {
      return;
    }
    var event = new Events.Upsert();
    event.begin();
    var ids = points.stream().map(Point::id).toList();
    acknowledge(locked(ids, () -> put(points)));
    event.points = points.size();
    event.commit();
  }

  /** Takes points away; ids that there are not are passed over. */
  public void delete(List<PointId> ids) {
    if (ids.isEmpty()) {
      return;
    }
    acknowledge(
        locked(
            ids,
            () -> {
              var record = record(() -> PointCodec.delete(ids));
              return () -> {
                long position = append(record);
                for (var id : ids) {
                  segments.delete(id);
                }
                return position;
              };
            }));
  }

  /**
   * Reads points and puts what becomes of them; nobody else writes them meanwhile.
   *
   * @param read the points of these ids that there are
   * @return how many there were
   */
  public int rewrite(List<PointId> ids, Read<List<Point>> read, UnaryOperator<Point> change) {
    return modify(ids, read, there -> there.stream().map(change).toList());
  }

  /**
   * Reads what is known of some ids and puts the points that come of it, all together; nobody else
   * writes these ids meanwhile.
   *
   * @param change gives the points to put, whose ids are among these
   * @return how many were put
   */
  public <T> int modify(List<PointId> ids, Read<T> read, Function<T, List<Point>> change) {
    var count = new int[1];
    acknowledge(
        locked(
            ids,
            () -> {
              var changed = change.apply(read.of(ids));
              requireSeen();
              count[0] = changed.size();
              return changed.isEmpty() ? () -> 0 : put(changed);
            }));
    return count[0];
  }

  /**
   * Returns if what was read last held all that was written; else a write that depends on it would
   * pass over points.
   */
  void requireSeen() {
    if (segments.isStale()) {
      throw stop(segments.failure());
    }
  }

  /** Prepares points whose ids are locked, to be logged and put. */
  private Change put(List<Point> points) {
    var described = description.get();
    var now = described.schema();
    var payloadFields = new PayloadFields(now, described.pending());
    var next = proposed;
    var check = next == null ? null : new PointCheck(next);
    var documents = new ArrayList<List<IndexableField>>(points.size());
    for (var point : points) {
      documents.add(Documents.of(point, now, payloadFields));
      Documents.requireNew(point, now);
      if (check != null) {
        check.require(point);
      }
    }
    var record = record(() -> PointCodec.upsert(points));
    return () -> {
      long position = append(record);
      for (int i = 0; i < documents.size(); i++) {
        segments.upsert(documents.get(i), points.get(i).id());
      }
      return position;
    };
  }

  /** Gives what is known of some ids, such as their points as they are now. */
  @FunctionalInterface
  public interface Read<T> {
    /** Reads it. */
    T of(List<PointId> ids) throws IOException;
  }

  private @Nullable ByteBuffer record(Supplier<ByteBuffer> record) {
    return logging ? record.get() : null;
  }

  private long append(@Nullable ByteBuffer record) {
    return log == null || record == null ? 0 : log.append(record);
  }

  /** What comes before a change: it reads and checks, writes nothing, and may refuse. */
  @FunctionalInterface
  private interface Preparation {
    Change prepare() throws IOException;
  }

  /** Once it is begun, anything that goes wrong ends all writes. */
  @FunctionalInterface
  private interface Change {
    /** Returns the position in the log to wait for. */
    long apply() throws IOException;
  }

  private long locked(Collection<PointId> ids, Preparation preparation) {
    rolling.readLock().lock();
    try (var _ = locks.lock(ids)) {
      requireWritable();
      segments.requireFindable();
      var change = preparation.prepare();
      uncommitted.incrementAndGet();
      return applied(change);
    } catch (IOException e) {
      throw stop(e);
    } finally {
      rolling.readLock().unlock();
    }
  }

  private long applied(Change change) {
    try {
      return change.apply();
    } catch (IOException | UncheckedIOException e) {
      throw stop(e);
    } catch (AlreadyClosedException e) {
      throw stop(segments.failure());
    } catch (RuntimeException | Error e) {
      stop(e);
      throw e;
    }
  }

  /** From now on points must fit this schema too, which is to come; null for the one alone. */
  public void propose(@Nullable Schema next) {
    between(() -> proposed = next);
  }

  /** Does something between two writes, such as giving those after it another schema. */
  public void between(Runnable change) {
    rolling.writeLock().lock();
    try {
      change.run();
    } finally {
      rolling.writeLock().unlock();
    }
  }

  private void acknowledge(long position) {
    if (log == null) {
      return;
    }
    if (logging) {
      try {
        log.awaitDurable(position);
      } catch (LogFailedException e) {
        throw stop(e);
      }
    }
    if (!requested) {
      requireOwn();
    }
    if (log.bytes() > checkpointBytes && checkpointStarted.compareAndSet(false, true)) {
      Thread.ofPlatform().daemon().name("kith-checkpoint").start(this::checkpointInBackground);
    }
  }

  private void requireOwn() {
    try {
      fence.require();
    } catch (IOException e) {
      throw stop(e);
    }
  }

  /** The write that caused it is acknowledged already, so a failure is the next one's. */
  private void checkpointInBackground() {
    try {
      checkpoint();
    } catch (WritesStoppedException e) {
      LOG.log(Level.ERROR, e.getMessage());
    } catch (IllegalStateException e) {
      LOG.log(Level.DEBUG, "closed before its checkpoint: {0}", name);
    } finally {
      checkpointStarted.set(false);
    }
  }

  /** Makes the segments durable and lets the log go that they replace. */
  public void checkpoint() {
    checkpointing.lock();
    try {
      requireWritable();
      commitAll();
    } finally {
      checkpointing.unlock();
    }
  }

  private void commitAll() {
    try {
      if (uncommitted.get() == 0) {
        return;
      }
      var event = new Events.Checkpoint();
      event.begin();
      long generation = 0;
      event.logBytes = log == null ? 0 : log.bytes();
      rolling.writeLock().lock();
      try {
        uncommitted.set(0);
        if (log != null) {
          generation = log.roll();
        }
      } finally {
        rolling.writeLock().unlock();
      }
      segments.commit(generation);
      if (log != null) {
        log.deleteBefore(generation);
      }
      event.commit();
    } catch (IOException | LogFailedException | AlreadyClosedException e) {
      throw stop(e);
    }
  }

  /** Returns if neither a failure nor closing has ended writes. */
  void requireWritable() {
    var cause = failure == null ? segments.tragedy() : failure;
    if (cause != null) {
      throw new WritesStoppedException(name, rootOf(cause));
    }
    if (closed) {
      throw new IllegalStateException("collection %s is closed; open it again".formatted(name));
    }
  }

  /** Ends all writes; what was read stays readable. */
  private WritesStoppedException stop(Throwable failed) {
    var cause = rootOf(failed);
    synchronized (this) {
      if (failure == null) {
        failure = cause;
      }
    }
    return new WritesStoppedException(name, cause);
  }

  /** Files that are gone or new are no news where another writer has taken them over. */
  private Throwable rootOf(Throwable cause) {
    try {
      fence.require();
      return cause;
    } catch (WriterReplacedException replaced) {
      return replaced;
    } catch (IOException e) {
      return cause; // the disk fails, which it says itself
    }
  }

  /** Marks that there is something to commit, such as what was replayed from the log. */
  public void touch() {
    uncommitted.incrementAndGet();
  }

  /** Bytes of log that no commit has replaced. */
  public long logBytes() {
    return log == null ? 0 : log.bytes();
  }

  /** Makes all durable that can be, and ends. */
  @Override
  public void close() throws IOException {
    checkpointing.lock(); // waits for one that runs
    try {
      between(() -> closed = true); // what is written before this is in the checkpoint
      if (failure == null) {
        commitAll();
      }
    } finally {
      checkpointing.unlock();
      closeLog();
    }
  }

  /** Ends without making anything durable, after an opening that failed. */
  void abandon() {
    stop(new IOException("the opening of the collection failed"));
    closeLog();
  }

  private void closeLog() {
    try {
      if (log != null) {
        log.close();
      }
    } catch (LogFailedException e) {
      if (failure == null) { // else the writer was told already
        throw stop(e);
      }
    }
  }
}
