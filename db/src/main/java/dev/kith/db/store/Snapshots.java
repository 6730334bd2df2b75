package dev.kith.db.store;

import dev.kith.core.vector.WholeFile;
import dev.kith.db.durability.Checks;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.apache.lucene.index.IndexCommit;

/**
 * Copies of collections: the files of one commit, which never change, and the description last, so
 * that a folder without one is no snapshot.
 */
public final class Snapshots {
  private static final long MEMORY_BYTES = 1 << 20;

  private Snapshots() {}

  /** Copies a collection as it is now into a folder that is not there or empty. */
  public static void take(WritableStorage storage, Path folder) throws IOException {
    var files = storage.files();
    if (files == null) {
      throw new IllegalStateException("what is in memory alone has no files to copy");
    }
    if (files.isBeside(folder)) {
      throw new IllegalArgumentException(
          "a snapshot needs a folder outside of the database: " + folder);
    }
    var target = begin(folder);
    var description = storage.description();
    var commit = commit(storage);
    while (!description.equals(
        storage.description())) { // which of them the commit is of, who knows
      storage.segments().release(commit);
      description = storage.description();
      commit = commit(storage);
    }
    try {
      for (var file : commit.getFileNames()) {
        copyFile(files.segments().resolve(file), target.segments().resolve(file));
      }
    } finally {
      storage.segments().release(commit);
    }
    WholeFile.forceFolder(target.segments());
    target.write(description);
  }

  private static IndexCommit commit(WritableStorage storage) throws IOException {
    storage.writes().checkpoint();
    return storage.segments().keepCommit();
  }

  /** Makes the folder of a collection of a snapshot: the same files, and no log before them. */
  public static void restore(Path snapshot, Path folder) throws IOException {
    var source = new CollectionFolder(snapshot);
    var target = begin(folder);
    try (var files = Files.newDirectoryStream(source.segments())) {
      for (var file : files) {
        copyFile(file, target.segments().resolve(file.getFileName()));
      }
    }
    WholeFile.forceFolder(target.segments());
    var description = source.read();
    try (var directory = target.directory();
        var segments =
            new Segments(directory, () -> description, MEMORY_BYTES, Duration.ZERO, Checks.OFF)) {
      segments.commit(0);
    }
    target.write(description);
  }

  private static CollectionFolder begin(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (var files = Files.newDirectoryStream(folder)) {
      if (files.iterator().hasNext()) {
        throw new FileAlreadyExistsException(
            folder.toString(), null, "a snapshot needs a folder that is new or empty");
      }
    }
    var target = new CollectionFolder(folder);
    Files.createDirectories(target.segments());
    return target;
  }

  private static void copyFile(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from);
    } catch (IOException | UnsupportedOperationException e) { // another disk, or one without links
      Files.copy(from, to);
      try (var file = FileChannel.open(to, StandardOpenOption.WRITE)) {
        file.force(true);
      }
    }
  }
}
