package dev.kith.db.store;

import dev.kith.core.vector.VectorDataException;
import dev.kith.db.CollectionOptions;
import dev.kith.db.durability.Checks;
import dev.kith.db.durability.Durability;
import dev.kith.db.durability.WriterReplacedException;
import dev.kith.db.format.PartBuilders;
import dev.kith.db.log.Fence;
import dev.kith.db.log.Translog;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.jspecify.annotations.Nullable;

/**
 * A collection that this process writes: its lock, segments, log and schema. Opening it puts what
 * the log holds beyond the last commit into the segments again.
 */
public final class WritableStorage implements Storage {
  private static final System.Logger LOG = System.getLogger(WritableStorage.class.getName());
  private static final int REINDEXED_AT_ONCE = 500;

  private final @Nullable CollectionFolder files;
  private final @Nullable WriterLock lock;
  private final Directory directory;
  private final Segments segments;
  private final Writes writes;
  private volatile Description description;

  private WritableStorage(
      String name,
      @Nullable CollectionFolder files,
      @Nullable WriterLock lock,
      Directory directory,
      Description description,
      CollectionOptions options,
      PartBuilders builders)
      throws IOException {
    this.files = files;
    this.lock = lock;
    this.directory = directory;
    this.description = description;
    this.segments =
        new Segments(
            directory,
            this::description,
            options.memoryBytes(),
            options.refreshInterval(),
            files == null ? Checks.OFF : options.checks(),
            builders);
    try {
      if (files != null) {
        requireAgreement(files);
      }
      var log = files == null ? null : recover(files, options);
      this.writes =
          new Writes(
              name,
              segments,
              log,
              options.durability(),
              lock == null ? Fence.NONE : lock,
              this::description,
              options.checkpointBytes());
    } catch (Throwable e) {
      segments.close();
      throw e;
    }
  }

  /** In memory alone: nothing is durable. */
  public static WritableStorage inMemory(String name, Schema schema, CollectionOptions options)
      throws IOException {
    return new WritableStorage(
        name,
        null,
        null,
        new ByteBuffersDirectory(),
        Description.first(schema),
        options,
        PartBuilders.STANDARD);
  }

  /** The collection in that folder. */
  public static WritableStorage open(String name, CollectionFolder files, CollectionOptions options)
      throws IOException {
    return open(name, files, options, PartBuilders.STANDARD);
  }

  /** The same with other builders of what segments hold beside rows. */
  static WritableStorage open(
      String name, CollectionFolder files, CollectionOptions options, PartBuilders builders)
      throws IOException {
    var lock = files.lock();
    Directory directory = null;
    try {
      var description = files.read();
      CollectionFolder.make(files.segments());
      directory = files.directory(lock);
      var storage =
          new WritableStorage(name, files, lock, directory, description, options, builders);
      storage.finish();
      return storage;
    } catch (Throwable e) {
      try {
        if (directory != null) {
          directory.close();
        }
      } finally {
        lock.close();
      }
      throw Damage.explained(e, files);
    }
  }

  private void requireAgreement(CollectionFolder folder) throws IOException {
    var reader = segments.acquire();
    try {
      DescriptionCheck.require(folder, description, reader);
    } finally {
      reader.decRef();
    }
  }

  private Translog recover(CollectionFolder folder, CollectionOptions options) throws IOException {
    // Points older than a field that is being indexed need not fit it.
    var known = schema().withoutFields(description.pending());
    var then = new Schema(known.vectors(), known.fields(), false);
    var payloadFields = new PayloadFields(then);
    var replayed = new long[1];
    long start = System.nanoTime();
    var log =
        Translog.open(
            folder.log(),
            Math.max(segments.generation(), Translog.FIRST_GENERATION),
            // Without durability nothing is appended, but what is there is read.
            options.durability() == Durability.NONE ? Durability.REQUEST : options.durability(),
            options.flushInterval(),
            lock == null ? Fence.NONE : lock,
            (generation, offset, record) -> {
              try {
                replay(PointCodec.read(record), then, payloadFields);
              } catch (IllegalArgumentException e) {
                throw new VectorDataException(
                    "a record of the log must hold points of the schema: log=%s, generation=%d, offset=%d, found=%s; restore a snapshot"
                        .formatted(folder.log(), generation, offset, e.getMessage()));
              }
              replayed[0]++;
            });
    if (replayed[0] > 0) {
      LOG.log(
          Level.INFO,
          "the log of {0} was not in its last checkpoint and is replayed: records={1}, ms={2}",
          folder,
          replayed[0],
          (System.nanoTime() - start) / 1_000_000);
    }
    return log;
  }

  private void replay(PointCodec.Change change, Schema then, PayloadFields payloadFields)
      throws IOException {
    segments.requireFindable();
    for (var point : change.upserts()) {
      segments.upsert(Documents.of(point, then, payloadFields), point.id());
    }
    for (var id : change.deletes()) {
      segments.delete(id);
    }
  }

  /** What an opening has left to do: a commit to begin with, fields whose indexing was cut off. */
  private void finish() throws IOException {
    try {
      if (description.revision() == 0) { // of an older format
        describe(description.nextPending(description.pending()));
      }
      if (segments.generation() == 0 || writes.logBytes() > 0) {
        writes.touch();
      }
      writes.checkpoint();
      goOnIndexing();
    } catch (Throwable e) {
      try {
        writes.abandon();
      } finally {
        segments.close();
      }
      throw e;
    }
  }

  /** With fields that an end of the process cut off. */
  private void goOnIndexing() throws IOException {
    var paths = description.pending();
    if (!paths.isEmpty()) {
      try {
        reindex(paths);
      } catch (IllegalArgumentException e) {
        forget(paths);
        LOG.log(
            Level.WARNING,
            "fields that were being indexed are given up, since a point does not fit: fields={0},"
                + " {1}",
            paths,
            e.getMessage());
      }
    }
  }

  private Schema schema() {
    return description.schema();
  }

  @Override
  public Description description() {
    return description;
  }

  /** The way for writes. */
  public Writes writes() {
    return writes;
  }

  /** The segments. */
  public Segments segments() {
    return segments;
  }

  /** The folder, or null in memory. */
  public @Nullable CollectionFolder files() {
    return files;
  }

  @Override
  public DirectoryReader acquire() throws IOException {
    try {
      return segments.acquire();
    } catch (IOException e) {
      throw explained(e);
    }
  }

  @Override
  public DirectoryReader acquireNewest() throws IOException {
    try {
      return segments.acquireNewest();
    } catch (IOException e) {
      throw explained(e);
    }
  }

  /** Files that are gone are no news where another writer has taken them over. */
  private IOException explained(IOException failed) {
    try {
      if (lock != null) {
        lock.require();
      }
      return failed;
    } catch (WriterReplacedException replaced) {
      replaced.addSuppressed(failed);
      return replaced;
    } catch (IOException e) {
      return failed; // the disk fails, which it says itself
    }
  }

  /** Gives the writes after this another schema, which is durable before it is used. */
  public synchronized void change(UnaryOperator<Schema> change) throws IOException {
    describe(description.next(change.apply(schema()), description.pending()));
  }

  /**
   * The same, with fields by which the points there are must be indexed first.
   *
   * @throws IllegalArgumentException if one of them does not fit a field; then nothing changed
   */
  public synchronized void addFields(Set<String> paths, UnaryOperator<Schema> change)
      throws IOException {
    var next = change.apply(schema());
    writes.propose(next);
    try {
      writes.checkpoint(); // a log of points that do not fit could not be replayed
      requireAll(next);
      var pending = new HashSet<>(description.pending());
      pending.addAll(paths);
      describe(description.next(next, pending));
    } finally {
      writes.propose(null);
    }
    reindex(paths);
  }

  /** Gives up fields that were to be indexed; what is indexed already is never looked at. */
  private void forget(Set<String> paths) throws IOException {
    var pending = new HashSet<>(description.pending());
    pending.removeAll(paths);
    describe(description.next(schema().withoutFields(paths), pending));
  }

  private void requireAll(Schema next) throws IOException {
    var check = new PointCheck(next);
    var reader = acquireNewest();
    try {
      Lookup.inOrder(
          new IndexSearcher(reader),
          new RowFilters(),
          null,
          null,
          at -> {
            writes.requireWritable();
            check.require(Lookup.point(at, schema()));
            return true;
          });
    } finally {
      reader.decRef();
    }
  }

  private void describe(Description next) throws IOException {
    writes.requireWritable(); // closing waits for this object before it lets the lock go
    if (files != null && lock != null) {
      Uninterrupted.runApart(() -> files.write(next, lock));
      lock.require(); // else the other writer's description may have come after this one
    }
    writes.between(() -> description = next);
  }

  /** Writes every point anew that may have one of the fields, as the schema indexes it now. */
  private synchronized void reindex(Set<String> paths) throws IOException {
    PointId after = null;
    do {
      var ids = new ArrayList<PointId>();
      var last = new PointId[1];
      var seen = new int[1];
      var reader = acquireNewest();
      try {
        Lookup.inOrder(
            new IndexSearcher(reader),
            new RowFilters(),
            after,
            null,
            at -> {
              last[0] = at.id();
              var payload = Documents.payload(at.leaf().reader(), at.document());
              if (paths.stream().anyMatch(path -> PayloadFields.mayHave(payload, path))) {
                ids.add(last[0]);
              }
              return ++seen[0] < REINDEXED_AT_ONCE;
            });
      } finally {
        reader.decRef();
      }
      after = seen[0] < REINDEXED_AT_ONCE ? null : last[0];
      if (!ids.isEmpty()) {
        writes.rewrite(ids, this::points, point -> point);
      }
    } while (after != null);
    writes.checkpoint();
    acquireNewest().decRef(); // searches that know the field are to see all points by it
    var pending = new HashSet<>(description.pending());
    pending.removeAll(paths);
    describe(description.nextPending(pending));
  }

  /** Those points that there are, with all that was written to them. */
  public List<Point> points(List<PointId> ids) throws IOException {
    var reader = acquireNewest();
    try {
      return Lookup.points(reader, ids, schema());
    } finally {
      reader.decRef();
    }
  }

  /** Those ids that there are points of, whatever was written last. */
  public Set<PointId> present(List<PointId> ids) throws IOException {
    var present = new HashSet<PointId>();
    var reader = acquireNewest();
    try {
      for (var id : ids) {
        if (Lookup.find(reader, id) != null) {
          present.add(id);
        }
      }
    } finally {
      reader.decRef();
    }
    return present;
  }

  @Override
  public boolean isStale() {
    return segments.isStale();
  }

  @Override
  public long bytes() throws IOException {
    if (files != null) {
      return files.bytes();
    }
    long bytes = 0;
    for (var file : directory.listAll()) {
      bytes += directory.fileLength(file);
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    segments.beginClosing(); // the checkpoint is to wait for nothing that takes long
    try {
      writes.close();
    } finally {
      letGo();
    }
  }

  /** After a change of the schema that is under way, which ends soon since writes have. */
  private synchronized void letGo() throws IOException {
    try {
      segments.close();
    } finally {
      try {
        directory.close();
      } finally {
        if (lock != null) {
          lock.close();
        }
      }
    }
  }
}
