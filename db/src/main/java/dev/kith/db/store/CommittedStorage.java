package dev.kith.db.store;

import dev.kith.db.durability.Checks;
import dev.kith.db.durability.NoCheckpointException;
import dev.kith.db.format.CheckedReader;
import dev.kith.db.log.Translog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;

/** The last checkpoint of a collection that another process may be writing. */
public final class CommittedStorage implements Storage {
  private static final long LOOK_EVERY_NANOS = 1_000_000_000;

  private final CollectionFolder files;
  private final Directory directory;
  private DirectoryReader current;
  private Description description;
  private long lookedAt = System.nanoTime();

  /**
   * Of the collection in that folder.
   *
   * @param checks what readers check before they read it
   */
  public CommittedStorage(CollectionFolder files, Checks checks) throws IOException {
    this.files = files;
    files.requireNoLinks();
    this.description = files.read();
    if (!Files.isDirectory(files.segments())) {
      throw noCheckpoint(files);
    }
    this.directory = files.directory();
    if (!DirectoryReader.indexExists(directory)) {
      directory.close();
      throw noCheckpoint(files);
    }
    try {
      this.current = CheckedReader.of(DirectoryReader.open(directory), checks);
      try {
        agree();
      } catch (Throwable e) {
        current.close();
        throw e;
      }
    } catch (Throwable e) {
      directory.close();
      throw Damage.explained(e, files);
    }
  }

  private static NoCheckpointException noCheckpoint(CollectionFolder files) {
    return new NoCheckpointException(
        "a collection must have a checkpoint to be read: %s has none yet; open it to write first"
            .formatted(files));
  }

  @Override
  public synchronized Description description() {
    try {
      look();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return description;
  }

  private void look() throws IOException {
    if (System.nanoTime() - lookedAt <= LOOK_EVERY_NANOS) {
      return;
    }
    lookedAt = System.nanoTime();
    // Before the reader, since what a description says of fields holds for all later commits; and
    // every time, since not every change of it comes with a commit.
    description = files.read();
    agree();
  }

  /** Brings reader and description together, whatever a writer does meanwhile. */
  private void agree() throws IOException {
    while (true) {
      var newer = DirectoryReader.openIfChanged(current);
      if (newer != null) {
        current.close();
        current = newer;
      }
      if (DescriptionCheck.problems(description, current).isEmpty()) {
        return;
      }
      var latest = files.read(); // it is always written before segments follow it
      if (latest.revision() <= description.revision()) {
        DescriptionCheck.require(files, description, current);
        return;
      }
      description = latest;
    }
  }

  @Override
  public synchronized DirectoryReader acquire() throws IOException {
    look();
    if (!current.tryIncRef()) {
      throw new AlreadyClosedException("the collection is closed");
    }
    return current;
  }

  /** Whether the log holds records that came after the checkpoint. */
  public synchronized boolean hasUnreadLog() throws IOException {
    look();
    return Translog.holdsRecords(files.log(), Segments.generation(current));
  }

  @Override
  public boolean isStale() {
    return false; // it shows the last checkpoint, as it says
  }

  @Override
  public long bytes() throws IOException {
    return files.bytes();
  }

  @Override
  public synchronized void close() throws IOException {
    current.close();
    directory.close();
  }
}
