package dev.kith.db.store;

import static java.util.Objects.requireNonNull;

import dev.kith.core.text.TextEmbedder;
import dev.kith.core.text.TextEmbedding;
import dev.kith.db.Collection;
import dev.kith.db.CollectionOptions;
import dev.kith.db.CollectionReader;
import dev.kith.db.CollectionStats;
import dev.kith.db.Texts;
import dev.kith.db.filter.Filter;
import dev.kith.db.format.SegmentVectors;
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
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
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
  private final Audits audits;

  /** Takes over the storage; {@code place} is for messages and tools. */
  private LocalCollection(
      String name, String place, Storage storage, long auditEvery, Runnable onClose) {
    this.name = name;
    this.storage = storage;
    this.onClose = onClose;
    this.audits = new Audits(name, auditEvery);
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
  public int insertIfAbsent(List<Point> points) {
    var byId = new LinkedHashMap<PointId, Point>();
    points.forEach(point -> byId.putIfAbsent(point.id(), point));
    int inserted =
        call(
            () -> {
              var writable = writable();
              return writable
                  .writes()
                  .modify(
                      List.copyOf(byId.keySet()),
                      writable::present,
                      there ->
                          byId.values().stream()
                              .filter(point -> !there.contains(point.id()))
                              .toList());
            });
    bean.wrote(inserted);
    return inserted;
  }

  private static UnaryOperator<Point> payloads(UnaryOperator<Payload> change) {
    return point -> new Point(point.id(), point.vectors(), change.apply(point.payload()));
  }

  private static Point with(Point point, String vector, float[] row) {
    var vectors = new HashMap<>(point.vectors());
    vectors.put(vector, row);
    return new Point(point.id(), vectors, point.payload());
  }

  @Override
  public int replacePayload(List<PointId> ids, Payload payload) {
    return rewrite(ids, payloads(_ -> payload));
  }

  @Override
  public long replacePayload(Filter filter, Payload payload) {
    return rewrite(filter, payloads(_ -> payload));
  }

  @Override
  public int mergePayload(List<PointId> ids, Payload values) {
    return rewrite(ids, payloads(payload -> payload.mergedWith(values)));
  }

  @Override
  public long mergePayload(Filter filter, Payload values) {
    return rewrite(filter, payloads(payload -> payload.mergedWith(values)));
  }

  @Override
  public int removeKeys(List<PointId> ids, List<String> paths) {
    return rewrite(ids, payloads(payload -> payload.without(paths)));
  }

  @Override
  public long removeKeys(Filter filter, List<String> paths) {
    return rewrite(filter, payloads(payload -> payload.without(paths)));
  }

  @Override
  public int updateVectors(String vector, Map<PointId, float[]> rows) {
    requireRows(vector, rows);
    return rewrite(
        List.copyOf(rows.keySet()),
        point -> with(point, vector, requireNonNull(rows.get(point.id()))));
  }

  /** Refuses rows that no point can have, also where there is no such point. */
  private void requireRows(String vector, Map<PointId, float[]> rows) {
    var check = new PointCheck(new Schema(schema().vectors(), Map.of(), false));
    rows.forEach((id, row) -> check.require(new Point(id, Map.of(vector, row), Payload.EMPTY)));
  }

  @Override
  public long updateVectors(String vector, Filter filter, VectorOf vectorOf) {
    schema().vector(vector);
    var count = new long[1];
    try (var reader = newestReader()) {
      var batch = new Batch(points -> count[0] += updateVectors(vector, points, vectorOf));
      reader.forEach(filter, batch::add);
      batch.end();
    }
    return count[0];
  }

  /** Computes vectors without locks, and again only of points that were changed meanwhile. */
  private int updateVectors(String vector, List<Point> points, VectorOf vectorOf) {
    var seen = new HashMap<PointId, Point>();
    var rows = new HashMap<PointId, float[]>();
    for (var point : points) {
      seen.put(point.id(), point);
      var row = vectorOf.point(point);
      if (row != null) {
        rows.put(point.id(), row);
      }
    }
    return call(
        () -> {
          var writable = writable();
          return writable
              .writes()
              .modify(
                  List.copyOf(seen.keySet()),
                  writable::points,
                  there -> {
                    var changed = new ArrayList<Point>();
                    for (var point : there) {
                      var row =
                          isSame(point, requireNonNull(seen.get(point.id())))
                              ? rows.get(point.id())
                              : vectorOf.point(point);
                      if (row != null) {
                        changed.add(with(point, vector, row));
                      }
                    }
                    return changed;
                  });
        });
  }

  private static boolean isSame(Point one, Point other) {
    return one.payload().equals(other.payload())
        && one.vectors().keySet().equals(other.vectors().keySet())
        && one.vectors().entrySet().stream()
            .allMatch(vector -> Arrays.equals(vector.getValue(), other.vector(vector.getKey())));
  }

  private int rewrite(List<PointId> ids, UnaryOperator<Point> change) {
    return call(
        () -> {
          var writable = writable();
          var each = List.copyOf(new LinkedHashSet<>(ids));
          return writable.writes().rewrite(each, writable::points, change);
        });
  }

  /** Looks at all points before it writes the first, so that one that is refused changes none. */
  private long rewrite(Filter filter, UnaryOperator<Point> change) {
    var batches = new ArrayList<List<PointId>>();
    try (var reader = newestReader()) {
      var check = new PointCheck(schema());
      var batch = new Batch(points -> batches.add(points.stream().map(Point::id).toList()));
      reader.forEach(
          filter,
          point -> {
            var changed = change.apply(point);
            check.require(changed);
            batch.add(changed);
          });
      batch.end();
    }
    long count = 0;
    for (var ids : batches) {
      count += rewrite(ids, change);
    }
    return count;
  }

  /** Points that are written together: some hundred, or fewer if they are large. */
  private static final class Batch {
    private static final long MAX_BYTES = 64L << 20;
    private final Consumer<List<Point>> write;
    private List<Point> points = new ArrayList<>();
    private long bytes;

    Batch(Consumer<List<Point>> write) {
      this.write = write;
    }

    void add(Point point) {
      points.add(point);
      bytes += point.payload().bytes();
      for (var vector : point.vectors().values()) {
        bytes += Float.BYTES * (long) vector.length;
      }
      if (points.size() == Importer.BATCH || bytes >= MAX_BYTES) {
        end();
      }
    }

    void end() {
      if (!points.isEmpty()) {
        var full = points;
        points = new ArrayList<>();
        bytes = 0;
        write.accept(full);
      }
    }
  }

  // ---- reading ----

  @Override
  public CollectionReader reader() {
    return call(
        () -> {
          var description = storage.description(); // first: its fields are in every later reader
          return new LocalReader(
              new Moment(name, description, storage.acquire(), storage.isStale(), filters, audits));
        });
  }

  /**
   * Sees all that was written, whatever the refresh interval is, for writes to the points that it
   * finds.
   */
  private CollectionReader newestReader() {
    return call(
        () -> {
          var writable = writable();
          var description = writable.description();
          var moment =
              new Moment(
                  name, description, writable.acquireNewest(), writable.isStale(), filters, audits);
          try {
            writable.writes().requireSeen();
          } catch (RuntimeException e) {
            moment.close();
            throw e;
          }
          return new LocalReader(moment);
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
                                stats.indexedRows(),
                                stats.rowBytes(),
                                stats.shadowBytes(),
                                stats.indexBytes(),
                                stats.zeroRows(),
                                audits.lastHour(stats.vector())))
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
  public void addFields(Map<String, FieldType> fields) {
    if (fields.isEmpty()) {
      return;
    }
    run(
        () -> {
          var writable = writable();
          Uninterrupted.runApart(
              () -> writable.addFields(fields.keySet(), schema -> with(schema, fields)));
        });
  }

  private static Schema with(Schema schema, Map<String, FieldType> fields) {
    var next = schema;
    for (var field : fields.entrySet()) {
      next = next.withField(field.getKey(), field.getValue());
    }
    return next;
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
          var writable = writable();
          writable.change(schema -> schema.withIndex(vector, spec));
          writable.segments().buildIndexes();
        });
  }

  @Override
  public void setEmbedding(String vector, TextEmbedding embedding) {
    run(
        () -> {
          var writable = writable();
          var known = schema().vector(vector).embedding();
          if (known != null && hasVectors(vector)) {
            known.requireSame(embedding, place(vector));
          } else if (!embedding.equals(known)) {
            writable.change(schema -> schema.withEmbedding(vector, embedding));
          }
        });
  }

  private String place(String vector) {
    return "vector %s of collection %s".formatted(vector, name);
  }

  private boolean hasVectors(String vector) throws IOException {
    var reader = storage.acquireNewest();
    try {
      for (var leaf : reader.leaves()) {
        var rows = SegmentVectors.of(leaf.reader(), Documents.vectorField(vector));
        if (rows != null && rows.rows().size() > 0) {
          return true;
        }
      }
      return false;
    } finally {
      reader.decRef();
    }
  }

  @Override
  public Texts texts(String vector, TextEmbedder embedder) {
    return call(
        () -> {
          var field = schema().vector(vector);
          if (field.dimension() != embedder.dimension()) {
            throw new IllegalArgumentException(
                "a model's vectors must have the collection's dimension: model %s gives %d, %s has %d"
                    .formatted(
                        embedder.embedding().model(),
                        embedder.dimension(),
                        place(vector),
                        field.dimension()));
          }
          var known = field.embedding();
          if (known != null) {
            known.requireSame(embedder.embedding(), place(vector));
          } else if (hasVectors(vector)) {
            throw new IllegalArgumentException(
                "%s does not say which model made what is there: say it once by setEmbedding(\"%s\", model.embedding())"
                    .formatted(place(vector), vector));
          } else if (storage instanceof WritableStorage) {
            setEmbedding(vector, embedder.embedding());
          }
          return Texts.of(this, vector, embedder);
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
    return merge(1, progress, stopped);
  }

  @Override
  public boolean buildIndexes(Consumer<OptimizeProgress> progress, BooleanSupplier stopped) {
    return merge(Integer.MAX_VALUE, progress, stopped);
  }

  /** Merges into at most {@code most} segments, each with its index; durable when it returns. */
  private boolean merge(int most, Consumer<OptimizeProgress> progress, BooleanSupplier stopped) {
    return call(
        () -> {
          var segments = writable().segments();
          boolean ended =
              segments.merge(
                  most,
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
          audits.close();
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
    return new LocalCollection(name, "memory", storage, options.auditEvery(), onClose);
  }

  /** In a folder, to write. */
  static LocalCollection open(
      String name, CollectionFolder files, CollectionOptions options, Runnable onClose)
      throws IOException {
    var storage = WritableStorage.open(name, files, options);
    return new LocalCollection(name, files.toString(), storage, options.auditEvery(), onClose);
  }

  /** In a folder, to read. */
  static LocalCollection readOnly(
      String name, CollectionFolder files, CollectionOptions options, Runnable onClose)
      throws IOException {
    var storage = new CommittedStorage(files, options.checks());
    return new LocalCollection(name, files.toString(), storage, options.auditEvery(), onClose);
  }
}
