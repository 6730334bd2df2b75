package dev.kith.db.store;

import dev.kith.db.Collection;
import dev.kith.db.CollectionOptions;
import dev.kith.db.CollectionReader;
import dev.kith.db.CollectionStats;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.lucene.store.AlreadyClosedException;

/** A collection of this process, over its storage; a read sees one {@link Moment}. */
final class LocalCollection implements Collection {
  private final String name;
  private final Storage storage;
  private final Runnable onClose;
  private final RowFilters filters = new RowFilters();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Object closing = new Object();
  private final CollectionBean bean;

  /** Takes over the storage; {@code place} is for messages and tools. */
  private LocalCollection(String name, String place, Storage storage, Runnable onClose) {
    this.name = name;
    this.storage = storage;
    this.onClose = onClose;
    this.bean = new CollectionBean(this, place);
    bean.register();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
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

  @Override
  public void upsert(List<Point> points) {
    run(
        () -> {
          writable().writes().upsert(points);
        });
    bean.wrote(points.size());
  }

  @Override
  public long upsertAll(Iterator<Point> points, Acknowledged acknowledged) {
    return new Importer(this::upsert).run(points, acknowledged);
  }

  @Override
  public void delete(List<PointId> ids) {
    run(
        () -> {
          writable().writes().delete(ids);
        });
  }

  @Override
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

  @Override
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

  @Override
  public CollectionReader reader() {
    return call(
        () -> {
          var description = storage.description(); // first: its fields are in every later reader
          return new LocalReader(
              new Moment(name, description, storage.acquire(), storage.isStale(), filters));
        });
  }

  /** Sees all that was written, whatever the refresh interval is. */
  private CollectionReader newestReader() {
    return call(
        () -> {
          var description = storage.description();
          return new LocalReader(
              new Moment(name, description, storage.acquireNewest(), storage.isStale(), filters));
        });
  }

  @Override
  public List<QueryResult> queryBatch(List<Query> queries) {
    bean.queried(queries.size());
    try (var reader = reader()) {
      return reader.queryBatch(queries);
    }
  }

  @Override
  public Grouped queryGrouped(Query query, String field, int groups, int size) {
    bean.queried(1);
    try (var reader = reader()) {
      return reader.queryGrouped(query, field, groups, size);
    }
  }

  @Override
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

  @Override
  public boolean hasUnreadLog() {
    return call(() -> storage instanceof CommittedStorage committed && committed.hasUnreadLog());
  }

  // ---- schema ----

  @Override
  public void addField(String path, FieldType type) {
    run(
        () -> {
          var writable = writable();
          Uninterrupted.runApart(
              () -> writable.addField(path, schema -> schema.withField(path, type)));
        });
  }

  @Override
  public void addVector(String vector, VectorField field) {
    run(
        () -> {
          writable().change(schema -> schema.withVector(vector, field));
        });
  }

  @Override
  public void setIndex(String vector, String spec) {
    run(
        () -> {
          writable().change(schema -> schema.withIndex(vector, spec));
        });
  }

  // ---- keeping ----

  @Override
  public void checkpoint() {
    run(
        () -> {
          checkpoint(writable());
        });
  }

  private static void checkpoint(WritableStorage writable) throws IOException {
    Uninterrupted.runApart(() -> writable.writes().checkpoint());
  }

  @Override
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

  @Override
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

  @Override
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

  @Override
  public void close() {
    try {
      synchronized (closing) { // a second caller waits until the files are let go
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
  static LocalCollection inMemory(
      String name, Schema schema, CollectionOptions options, Runnable onClose) throws IOException {
    var storage = WritableStorage.inMemory(name, schema, options);
    return new LocalCollection(name, "memory", storage, onClose);
  }

  /** In a folder, to write. */
  static LocalCollection open(
      String name, CollectionFolder files, CollectionOptions options, Runnable onClose)
      throws IOException {
    var storage = WritableStorage.open(name, files, options);
    return new LocalCollection(name, files.toString(), storage, onClose);
  }

  /** In a folder, to read. */
  static LocalCollection readOnly(
      String name, CollectionFolder files, CollectionOptions options, Runnable onClose)
      throws IOException {
    var storage = new CommittedStorage(files, options.checks());
    return new LocalCollection(name, files.toString(), storage, onClose);
  }
}
