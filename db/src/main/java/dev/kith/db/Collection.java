package dev.kith.db;

import dev.kith.db.durability.Durability;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Page;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryResult;
import dev.kith.db.store.CollectionFolder;
import dev.kith.db.store.CommittedStorage;
import dev.kith.db.store.RowFilters;
import dev.kith.db.store.SegmentStats;
import dev.kith.db.store.Snapshots;
import dev.kith.db.store.Storage;
import dev.kith.db.store.Uninterrupted;
import dev.kith.db.store.Verification;
import dev.kith.db.store.WritableStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.lucene.store.AlreadyClosedException;
import org.jspecify.annotations.Nullable;

/**
 * Points of one schema. Writes return when they are acknowledged at the collection's {@link
 * Durability} and are seen by the next query of this process. What reads sees one moment; {@link
 * #reader()} keeps it for several calls. Safe for many threads.
 */
public final class Collection implements AutoCloseable {
  private final String name;
  private final Storage storage;
  private final Runnable onClose;
  private final RowFilters filters = new RowFilters();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Object closing = new Object();
  private final CollectionBean bean;

  /** Takes over the storage; {@code place} is for messages and tools. */
  Collection(String name, String place, Storage storage, Runnable onClose) {
    this.name = name;
    this.storage = storage;
    this.onClose = onClose;
    this.bean = new CollectionBean(this, place);
    bean.register();
  }

  /** The collection's name. */
  public String name() {
    return name;
  }

  /** The schema of this moment. */
  public Schema schema() {
    return storage.description().schema();
  }

  private interface Work<T> {
    T call() throws IOException;
  }

  private <T> T call(Work<T> work) {
    if (closed.get()) {
      throw closedException();
    }
    try {
      return work.call();
    } catch (AlreadyClosedException e) {
      if (closed.get()) {
        throw closedException();
      }
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Task {
    void run() throws IOException;
  }

  private void run(Task task) {
    boolean _ =
        call(
            () -> {
              task.run();
              return true;
            });
  }

  private IllegalStateException closedException() {
    return new IllegalStateException("collection %s is closed; open it again".formatted(name));
  }

  private WritableStorage writable() {
    if (storage instanceof WritableStorage writable) {
      return writable;
    }
    throw new IllegalStateException("collection %s was opened read-only".formatted(name));
  }

  // ---- writing ----

  /** Puts points, each in the place of the one with its id; of several with one id the last. */
  public void upsert(Point... points) {
    upsert(List.of(points));
  }

  /**
   * Puts points, each in the place of the one with its id; of several with one id the last. The
   * call's points become durable together.
   *
   * @throws IllegalArgumentException if one does not fit the schema; then none was put
   * @throws dev.kith.db.durability.WritesStoppedException if they could not be made durable
   */
  public void upsert(List<Point> points) {
    run(
        () -> {
          writable().writes().upsert(points);
        });
    bean.wrote(points.size());
  }

  /**
   * Puts the points of a stream, on all cores, no faster than they can be kept and with no more
   * than some thousands of them in memory.
   *
   * @param acknowledged told how many points from the start are durable, and the last one's id
   * @return how many there were
   */
  public long upsertAll(Iterator<Point> points, Importer.Acknowledged acknowledged) {
    return new Importer(this::upsert).run(points, acknowledged);
  }

  /** The same for a stream of points. */
  public long upsertAll(Stream<Point> points) {
    return upsertAll(points.iterator(), (_, _) -> {});
  }

  /** Takes points away; ids that there are not are passed over. */
  public void delete(PointId... ids) {
    delete(List.of(ids));
  }

  /** Takes points away; ids that there are not are passed over. */
  public void delete(List<PointId> ids) {
    run(
        () -> {
          writable().writes().delete(ids);
        });
  }

  /**
   * Takes away the points that pass as it begins.
   *
   * @return how many there were
   */
  public long delete(Filter filter) {
    var ids = new ArrayList<PointId>();
    try (var reader = newestReader()) {
      reader.forEachId(filter, ids::add);
    }
    for (int from = 0; from < ids.size(); from += Importer.BATCH) {
      delete(ids.subList(from, Math.min(from + Importer.BATCH, ids.size())));
    }
    return ids.size();
  }

  /**
   * Gives points other payloads and leaves their vectors.
   *
   * @return how many of them there were
   */
  public int setPayload(List<PointId> ids, Payload payload) {
    return call(
        () -> {
          var writable = writable();
          return writable
              .writes()
              .rewrite(
                  ids, writable::points, point -> new Point(point.id(), point.vectors(), payload));
        });
  }

  // ---- reading ----

  /** The collection as it is now, for several calls; to be closed. */
  public CollectionReader reader() {
    return call(
        () -> {
          var description = storage.description(); // first: its fields are in every later reader
          return new CollectionReader(
              name, description, storage.acquire(), storage.isStale(), filters);
        });
  }

  /** Sees all that was written, whatever the refresh interval is. */
  private CollectionReader newestReader() {
    return call(
        () -> {
          var description = storage.description();
          return new CollectionReader(
              name, description, storage.acquireNewest(), storage.isStale(), filters);
        });
  }

  /** Answers a query; see {@link CollectionReader#query}. */
  public QueryResult query(Query query) {
    return queryBatch(List.of(query)).getFirst();
  }

  /** Answers several queries; see {@link CollectionReader#queryBatch}. */
  public List<QueryResult> queryBatch(List<Query> queries) {
    bean.queried(queries.size());
    try (var reader = reader()) {
      return reader.queryBatch(queries);
    }
  }

  /** The best groups of points; see {@link CollectionReader#queryGrouped}. */
  public Grouped queryGrouped(Query query, String field, int groups, int size) {
    bean.queried(1);
    try (var reader = reader()) {
      return reader.queryGrouped(query, field, groups, size);
    }
  }

  /** The point of that id, or null if there is none. */
  public @Nullable Point get(PointId id) {
    try (var reader = reader()) {
      return reader.get(id);
    }
  }

  /** Those points that there are, in the order of the ids. */
  public List<Point> get(List<PointId> ids) {
    try (var reader = reader()) {
      return reader.get(ids);
    }
  }

  /** Points in the order of their ids; see {@link CollectionReader#scroll}. */
  public Page scroll(@Nullable Filter filter, @Nullable PointId after, int limit) {
    try (var reader = reader()) {
      return reader.scroll(filter, after, limit);
    }
  }

  /** How many points there are. */
  public long count() {
    return count(null);
  }

  /** How many points pass; null for all. */
  public long count(@Nullable Filter filter) {
    try (var reader = reader()) {
      return reader.count(filter);
    }
  }

  /** The most frequent values of a field; see {@link CollectionReader#facet}. */
  public List<Facet> facet(String field, @Nullable Filter filter, int limit) {
    try (var reader = reader()) {
      return reader.facet(field, filter, limit);
    }
  }

  /**
   * What the collection holds, and how much of the disk it takes. Where the metric is cosine, the
   * first call in a process reads the beginning of each row, to count those of zeros.
   */
  public CollectionStats stats() {
    return call(
        () -> {
          var reader = storage.acquire();
          try {
            return new CollectionStats(
                reader.numDocs(),
                reader.numDeletedDocs(),
                reader.leaves().size(),
                storage.bytes(),
                storage instanceof WritableStorage writable ? writable.writes().logBytes() : 0,
                SegmentStats.of(reader, schema()).stream()
                    .map(
                        stats ->
                            new CollectionStats.IndexStats(
                                stats.vector(),
                                schema().vector(stats.vector()).index().toString(),
                                stats.rows(),
                                stats.rowBytes(),
                                stats.shadowBytes(),
                                stats.zeroRows()))
                    .toList());
          } finally {
            reader.decRef();
          }
        });
  }

  /**
   * Whether the log holds more than what this collection shows: always false for one that was
   * opened to write, which takes the log in.
   */
  public boolean hasUnreadLog() {
    return call(() -> storage instanceof CommittedStorage committed && committed.hasUnreadLog());
  }

  // ---- schema ----

  /**
   * Indexes a payload field, of the points that there are too: they are written anew, while reads
   * and writes go on. Filters see the field when this returns; if it is cut off, the next opening
   * goes on with it.
   *
   * @throws IllegalArgumentException if a point has a value there that is not of that type; then
   *     nothing changed. While this looks, such points are refused.
   */
  public void addField(String path, FieldType type) {
    run(
        () -> {
          var writable = writable();
          Uninterrupted.runApart(
              () -> writable.addField(path, schema -> schema.withField(path, type)));
        });
  }

  /** Lets points have one more vector. */
  public void addVector(String vector, VectorField field) {
    run(
        () -> {
          writable().change(schema -> schema.withVector(vector, field));
        });
  }

  /** Indexes vectors otherwise: new segments at once, those there are when they are merged. */
  public void setIndex(String vector, String spec) {
    run(
        () -> {
          writable().change(schema -> schema.withIndex(vector, spec));
        });
  }

  // ---- keeping ----

  /** Makes the segments durable, which lets the log begin anew; closing does so too. */
  public void checkpoint() {
    run(
        () -> {
          checkpoint(writable());
        });
  }

  private static void checkpoint(WritableStorage writable) throws IOException {
    Uninterrupted.runApart(() -> writable.writes().checkpoint());
  }

  /** Merges all segments into one; see {@link #optimize(Consumer, BooleanSupplier)}. */
  public void optimize() {
    optimize(_ -> {}, () -> false);
  }

  /**
   * Merges all segments into one, which makes searches faster and gives the room of deleted points
   * back, and indexes as {@link #setIndex} wants it. Reads and writes go on meanwhile.
   *
   * @param progress told ten times a second
   * @param stopped asked as often; when it says true, merging ends and loses nothing
   * @return whether it came to its end
   */
  public boolean optimize(Consumer<OptimizeProgress> progress, BooleanSupplier stopped) {
    return call(
        () -> {
          var segments = writable().segments();
          boolean ended =
              segments.merge(
                  1,
                  now -> progress.accept(new OptimizeProgress(now.segments(), now.bytesWritten())),
                  () -> stopped.getAsBoolean() || closed.get());
          if (!closed.get()) {
            writable().writes().touch();
            checkpoint(writable());
          }
          return ended;
        });
  }

  /**
   * How far {@link #optimize(Consumer, BooleanSupplier)} is.
   *
   * @param segments that there are now
   * @param bytesWritten by merges since it began
   */
  public record OptimizeProgress(int segments, long bytesWritten) {}

  /**
   * Reads all files and says what is wrong with them: checksums, shadows against their rows, ids
   * that are there twice.
   *
   * @return a line for each problem; none if all is well
   */
  public List<String> verify() {
    return call(
        () -> {
          if (storage instanceof WritableStorage writable && writable.files() == null) {
            return Verification.of(storage);
          }
          if (storage instanceof WritableStorage writable) {
            checkpoint(writable);
          }
          return Verification.of(storage);
        });
  }

  /**
   * Copies the collection as it is now into a new folder, by hard links where the disk allows it;
   * {@link Kith#restore} makes a collection of it.
   */
  public void snapshot(Path folder) {
    run(
        () -> {
          var writable = writable();
          if (writable.files() == null) {
            throw new IllegalStateException(
                "collection %s is in memory: export it instead".formatted(name));
          }
          Uninterrupted.runApart(() -> Snapshots.take(writable, folder));
        });
  }

  /** Makes what was written durable and lets the files go; searches under way come to their end. */
  @Override
  public void close() {
    try {
      synchronized (closing) { // who comes second waits until the files are let go
        if (closed.compareAndSet(false, true)) {
          bean.unregister();
          Uninterrupted.runApart(storage::close);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      onClose.run();
    }
  }

  boolean isClosed() {
    return closed.get();
  }

  /** In memory. */
  static Collection inMemory(
      String name, Schema schema, CollectionOptions options, Runnable onClose) throws IOException {
    var storage = WritableStorage.inMemory(name, schema, options.settings());
    return new Collection(name, "memory", storage, onClose);
  }

  /** In a folder, to write. */
  static Collection open(
      String name, CollectionFolder files, CollectionOptions options, Runnable onClose)
      throws IOException {
    var storage = WritableStorage.open(name, files, options.settings());
    return new Collection(name, files.toString(), storage, onClose);
  }

  /** In a folder, to read. */
  static Collection readOnly(
      String name, CollectionFolder files, CollectionOptions options, Runnable onClose)
      throws IOException {
    var storage = new CommittedStorage(files, options.checks());
    return new Collection(name, files.toString(), storage, onClose);
  }
}
