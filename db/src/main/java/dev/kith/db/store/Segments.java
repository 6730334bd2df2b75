package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.core.backend.SegmentListeners;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.durability.Checks;
import dev.kith.db.format.CheckedReader;
import dev.kith.db.format.KithVectorsFormat;
import dev.kith.db.format.PartBuilders;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.IndexCommit;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.KeepOnlyLastCommitDeletionPolicy;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.SegmentCommitInfo;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.index.SnapshotDeletionPolicy;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.jspecify.annotations.Nullable;

/**
 * The segments of a collection, under a Lucene writer: points go in, readers come out, commits
 * carry the generation of the log that goes on after them. What is written is seen by the next
 * reader. Safe for many threads.
 */
public final class Segments implements Closeable {
  private static final System.Logger LOG = System.getLogger(Segments.class.getName());
  private static final SegmentListeners LISTENERS = SegmentListeners.installed();
  private static final String GENERATION = "kith.generation";
  private static final String DESCRIPTION = "kith.description";

  private final Supplier<Description> description;
  private final Duration refreshInterval;
  private final Merges merges;
  private final SnapshotDeletionPolicy commits =
      new SnapshotDeletionPolicy(new KeepOnlyLastCommitDeletionPolicy());
  private final IndexWriter writer;
  private final Set<Object> announced = ConcurrentHashMap.newKeySet();

  private final ReentrantLock merging = new ReentrantLock();
  private final Object refreshing = new Object();
  private final AtomicLong written = new AtomicLong();
  private volatile long refreshed;
  private volatile long refreshedAt = System.nanoTime();
  private volatile DirectoryReader current;
  private volatile boolean frozen;
  private volatile boolean findable;
  private volatile boolean closing;

  /**
   * Opens what the directory holds, or begins there.
   *
   * @param description the one of the moment, of which each commit gets a copy
   * @param ramBytes of points not yet in a segment
   * @param refreshInterval how old a reader may be; zero for not at all
   * @param checks what readers check before they read it
   */
  public Segments(
      Directory directory,
      Supplier<Description> description,
      long ramBytes,
      Duration refreshInterval,
      Checks checks)
      throws IOException {
    this(directory, description, ramBytes, refreshInterval, checks, PartBuilders.STANDARD);
  }

  /** The same with other builders of what segments hold beside rows. */
  Segments(
      Directory directory,
      Supplier<Description> description,
      long ramBytes,
      Duration refreshInterval,
      Checks checks,
      PartBuilders builders)
      throws IOException {
    this.description = description;
    this.refreshInterval = refreshInterval;
    this.merges = new Merges(this::isOutdated, this::lacksIndex, written::incrementAndGet);
    var config =
        new IndexWriterConfig(PayloadFields.ANALYZER)
            .setCodec(
                KithVectorsFormat.codec(
                    field -> schema().vector(Documents.vectorName(field)),
                    builders.withClosing(() -> closing)))
            .setRAMBufferSizeMB(ramBytes / (double) (1 << 20))
            .setMergePolicy(merges.policy)
            .setMergeScheduler(merges.scheduler)
            .setIndexDeletionPolicy(commits)
            .setCommitOnClose(false);
    forgetOlderCommits(directory);
    this.writer = new IndexWriter(directory, config);
    try {
      this.current = CheckedReader.of(DirectoryReader.open(writer), checks);
      announceOrClose(current);
    } catch (Throwable e) {
      writer.rollback();
      throw e;
    }
  }

  /**
   * A power cut may keep the file of an older commit and lose files that it names, since deleting
   * them was not forced. Lucene would read it and fail, though the last commit is whole.
   */
  private static void forgetOlderCommits(Directory directory) throws IOException {
    var files = directory.listAll();
    var last = SegmentInfos.getLastCommitSegmentsFileName(files);
    if (last == null) {
      return;
    }
    SegmentInfos.readCommit(directory, last); // throws if it is not whole
    boolean deleted = false;
    for (var file : files) {
      if (file.startsWith(IndexFileNames.SEGMENTS + "_") && !file.equals(last)) {
        directory.deleteFile(file);
        deleted = true;
      }
    }
    if (deleted) {
      directory.syncMetaData();
    }
  }

  private Schema schema() {
    return description.get().schema();
  }

  /** Whether vectors of it were built for another index than the schema names now. */
  private boolean isOutdated(SegmentCommitInfo info) {
    return isBuiltOtherwise(info, (_, _) -> true);
  }

  /**
   * Whether it is large enough for an index that takes long to build, and has another or none,
   * though no build of it failed.
   */
  private boolean lacksIndex(SegmentCommitInfo info) {
    return info.info.maxDoc() >= KithVectorsFormat.INDEX_ROWS
        && isBuiltOtherwise(
            info, (field, built) -> !field.index().exact() && !KithVectorsFormat.isFailed(built));
  }

  private boolean isBuiltOtherwise(
      SegmentCommitInfo info, BiPredicate<VectorField, String> concerned) {
    for (var vector : schema().vectors().entrySet()) {
      var field = vector.getValue();
      var built =
          info.info.getAttribute(
              KithVectorsFormat.specAttribute(Documents.vectorField(vector.getKey())));
      if (built != null
          && concerned.test(field, built)
          && !built.equals(KithVectorsFormat.stored(field.index()).toString())) {
        return true;
      }
    }
    return false;
  }

  /** Lets segments that lack their index get it, in the background. */
  void buildIndexes() throws IOException {
    writer.maybeMerge();
  }

  /** The generation of the log that begins where the last commit ends; 0 without a commit. */
  public long generation() {
    var data = writer.getLiveCommitData();
    if (data != null) {
      for (var entry : data) {
        if (entry.getKey().equals(GENERATION)) {
          return Long.parseLong(entry.getValue());
        }
      }
    }
    return 0;
  }

  /** The generation of the log that begins where a commit ends; 0 if it is none of Kith's. */
  static long generation(DirectoryReader committed) throws IOException {
    return Long.parseLong(committed.getIndexCommit().getUserData().getOrDefault(GENERATION, "0"));
  }

  /**
   * The description that a commit holds a copy of, or null if it was made before there were copies.
   *
   * @throws VectorDataException if the copy is damaged
   */
  static @Nullable Description description(DirectoryReader committed) throws IOException {
    var text = committed.getIndexCommit().getUserData().get(DESCRIPTION);
    try {
      return text == null ? null : Description.read(text.getBytes(UTF_8));
    } catch (IllegalArgumentException e) {
      throw new VectorDataException(
          "a checkpoint's copy of the description must be whole: file=%s, found=%s; restore a snapshot"
              .formatted(committed.getIndexCommit().getSegmentsFileName(), e.getMessage()));
    }
  }

  /**
   * Returns if the terms of all segments that were here at opening are as they were written: Lucene
   * finds by them what an upsert or a deletion replaces, and would pass over what it does not find.
   * Segments that came later are this process's own.
   *
   * @throws VectorDataException naming a file that is damaged
   */
  void requireFindable() throws IOException {
    if (findable) {
      return;
    }
    synchronized (this) {
      if (!findable) {
        var reader = acquire(false);
        try {
          for (var leaf : reader.leaves()) {
            var _ = leaf.reader().terms(Documents.ID); // checked by its reader
          }
        } catch (IOException e) {
          throw Damage.explained(e, reader);
        } finally {
          reader.decRef();
        }
        findable = true;
      }
    }
  }

  /** Puts a point in the place of the one with its id, if there is one. */
  void upsert(List<IndexableField> document, PointId id) throws IOException {
    Uninterrupted.run(() -> writer.updateDocument(Documents.term(id), document));
    written.incrementAndGet();
  }

  /** Takes a point away, if there is one of that id. */
  public void delete(PointId id) throws IOException {
    Uninterrupted.run(() -> writer.deleteDocuments(Documents.term(id)));
    written.incrementAndGet();
  }

  /**
   * A reader that sees all that was written before this call, but for what the refresh interval
   * lets it miss; to be given back by {@link IndexReader#decRef}.
   */
  public DirectoryReader acquire() throws IOException {
    return acquire(isDue());
  }

  /** A reader that sees all that was written before this call, whatever the refresh interval is. */
  public DirectoryReader acquireNewest() throws IOException {
    return acquire(true);
  }

  private DirectoryReader acquire(boolean newest) throws IOException {
    long seen = written.get();
    if (newest && seen > refreshed && !frozen) {
      synchronized (refreshing) {
        if (seen > refreshed && !frozen) {
          refresh();
        }
      }
    }
    while (true) {
      var reader = current;
      if (reader.tryIncRef()) {
        return reader;
      }
      if (reader.equals(current)) {
        throw new AlreadyClosedException("the collection is closed");
      }
    }
  }

  private boolean isDue() {
    return refreshInterval.isZero() || System.nanoTime() - refreshedAt >= refreshInterval.toNanos();
  }

  private void refresh() throws IOException {
    var event = new Events.Refresh();
    event.begin();
    long upTo = written.get();
    refreshedAt = System.nanoTime();
    DirectoryReader newer;
    try {
      // Apart, since a flush that an interrupt ended cannot be begun anew: the writer is closed.
      newer = Uninterrupted.apart(() -> DirectoryReader.openIfChanged(current, writer));
    } catch (IOException | RuntimeException e) {
      var failed = writer.getTragicException();
      if (failed == null) {
        throw e;
      }
      LOG.log(
          Level.ERROR,
          "new segments cannot be made, so searches see the collection as it was before: {0}",
          failed.toString());
      frozen = true;
      return;
    }
    if (newer != null && tragedy() != null) { // it may lack what the writer dropped as it failed
      newer.decRef();
      frozen = true;
      return;
    }
    if (newer != null) {
      announceOrClose(newer);
      var older = current;
      current = newer;
      older.decRef();
    }
    refreshed = upTo;
    event.segments = current.leaves().size();
    event.commit();
  }

  /**
   * Whether acknowledged writes may be missing from readers, since Lucene's writer is gone: it may
   * have dropped some just before it called a reader the newest.
   */
  public boolean isStale() {
    return frozen || tragedy() != null;
  }

  /** What ended the writer for good, or null. */
  @Nullable Throwable tragedy() {
    return writer.getTragicException();
  }

  /** Why the writer takes nothing more. */
  Throwable failure() {
    var tragedy = tragedy();
    return tragedy == null ? new IOException("its segments are closed") : tragedy;
  }

  private void announceOrClose(DirectoryReader reader) throws IOException {
    try {
      announce(reader);
    } catch (Throwable e) {
      reader.close();
      throw e;
    }
  }

  /** Tells listeners of new segments, and later that they are gone. */
  private void announce(DirectoryReader reader) throws IOException {
    for (LeafReaderContext leaf : reader.leaves()) {
      var core = leaf.reader().getCoreCacheHelper();
      if (core != null && announced.add(core.getKey())) {
        for (var vector : schema().vectors().entrySet()) {
          var rows =
              SegmentVectors.of(
                  FilterLeafReader.unwrap(leaf.reader()), // none of their bytes is read here
                  Documents.vectorField(vector.getKey()));
          if (rows != null) {
            Metric metric = vector.getValue().metric();
            LISTENERS.appeared(core.getKey(), vector.getKey(), rows.rows(), metric);
          }
        }
        core.addClosedListener(
            key -> { // called under Lucene's locks: it must wait for nothing
              LISTENERS.gone(key);
              announced.remove(key);
            });
      }
    }
  }

  /** Makes all that was written so far durable, and says where the log goes on. */
  public void commit(long generation) throws IOException {
    var data = Map.of(GENERATION, Long.toString(generation), DESCRIPTION, description.get().text());
    writer.setLiveCommitData(data.entrySet());
    Uninterrupted.runApart(writer::commit); // for the reason of a refresh
  }

  /** The last commit, kept until it is released. */
  public IndexCommit keepCommit() throws IOException {
    return commits.snapshot();
  }

  /** Lets a commit go. */
  public void release(IndexCommit commit) throws IOException {
    commits.release(commit);
    writer.deleteUnusedFiles();
  }

  /**
   * How far a merge is.
   *
   * @param segments that there are now
   * @param bytesWritten by merges since it began
   */
  public record MergeProgress(int segments, long bytesWritten) {}

  /**
   * Merges into at most {@code count} segments and writes anew those that were built for another
   * index. Reads and writes go on meanwhile.
   *
   * @param progress told ten times a second
   * @param stopped asked as often; when it says true, merging ends and all is as it was
   * @return whether it came to its end
   */
  public boolean merge(int maxSegments, Consumer<MergeProgress> progress, BooleanSupplier stopped)
      throws IOException {
    merging.lock(); // stopping one of two would stop both
    try {
      return mergeAlone(maxSegments, progress, stopped);
    } catch (RuntimeException | Error e) {
      merges.stop();
      throw e;
    } finally {
      merging.unlock();
    }
  }

  private boolean mergeAlone(
      int maxSegments, Consumer<MergeProgress> progress, BooleanSupplier stopped)
      throws IOException {
    long before = merges.bytesWritten();
    merges.allow();
    var outcome = new CompletableFuture<Void>();
    Thread.ofPlatform()
        .daemon()
        .name("kith-optimize")
        .start(() -> forceMerge(maxSegments, outcome));
    boolean goesOn = true;
    while (true) {
      try {
        progress.accept(new MergeProgress(segmentCount(), merges.bytesWritten() - before));
        outcome.get(100, TimeUnit.MILLISECONDS);
        break;
      } catch (TimeoutException e) {
        goesOn &= !stopped.getAsBoolean();
      } catch (InterruptedException e) {
        goesOn = false;
        Thread.currentThread().interrupt();
        break;
      } catch (ExecutionException e) {
        if (goesOn && !closing) {
          throw new IOException("merging failed: " + e.getCause(), e);
        }
        break; // it says that it was stopped
      } finally {
        if (!goesOn) {
          merges.stop();
        }
      }
    }
    if (closing) {
      return false;
    }
    written.incrementAndGet();
    acquireNewest().decRef(); // searches are to have the merged segments
    progress.accept(new MergeProgress(segmentCount(), merges.bytesWritten() - before));
    return goesOn;
  }

  private int segmentCount() throws IOException {
    var reader = acquire();
    try {
      return reader.leaves().size();
    } finally {
      reader.decRef();
    }
  }

  private void forceMerge(int maxSegments, CompletableFuture<Void> outcome) {
    try {
      writer.forceMerge(maxSegments, true);
      outcome.complete(null);
    } catch (Throwable e) {
      outcome.completeExceptionally(e);
    }
  }

  /**
   * Ends what takes long, since the segments are to be closed: merges, whose segments stay as they
   * were, and long builds in flushes, whose segments do without the part. Writes go on.
   */
  void beginClosing() {
    closing = true;
    merges.end();
  }

  /** Ends without a commit: what was not committed stays in the log alone. */
  @Override
  public void close() throws IOException {
    beginClosing();
    frozen = true;
    try {
      synchronized (refreshing) {
        current.decRef();
      }
    } finally {
      Uninterrupted.runApart(writer::rollback); // waits for merges to end
    }
  }
}
