package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.WholeFile;
import dev.kith.db.log.Fence;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.NoLockFactory;

/**
 * The folder of a collection.
 *
 * <pre>
 * collection.json   the schema; there is a collection if there is this file
 * lock              locked by the process that writes, whose pid it holds
 * owner.TOKEN       empty; names the writer in charge, see {@link WriterLock}
 * segments/         Lucene's files
 * log/              the translog's generations
 * </pre>
 */
public final class CollectionFolder {
  private static final String DESCRIPTION = "collection.json";

  /** One segment of a file is one piece of memory up to here. */
  private static final long CHUNK = 1L << 42;

  private final Path path;

  /** At that path, which need not be there yet. */
  public CollectionFolder(Path path) {
    this.path = path;
  }

  /** Whether a collection is there. */
  public boolean exists() {
    return Files.isRegularFile(path.resolve(DESCRIPTION));
  }

  /** Whether a folder is in the database that this one is in. */
  boolean isBeside(Path folder) throws IOException {
    var database = path.toRealPath().getParent();
    var parent = path.toAbsolutePath().normalize().getParent();
    var real = real(folder);
    return (database != null && real.startsWith(database))
        || (parent != null && real.startsWith(parent.toRealPath()));
  }

  /** The path without symbolic links, as far as it is there. */
  private static Path real(Path folder) throws IOException {
    var there = folder.toAbsolutePath();
    while (!Files.exists(there)) {
      var parent = there.getParent();
      if (parent == null) {
        return folder.toAbsolutePath().normalize();
      }
      there = parent;
    }
    return there.toRealPath().resolve(there.relativize(folder.toAbsolutePath())).normalize();
  }

  /** Of the translog. */
  public Path log() {
    return path.resolve("log");
  }

  /** Of Lucene's files. */
  public Path segments() {
    return path.resolve("segments");
  }

  /** Lucene's view of the segments for the one who writes them. */
  Directory directory(WriterLock lock) throws IOException {
    return new FencedDirectory(directory(), lock);
  }

  /** Lucene's view of the segments: mapped where the file system is the machine's. */
  public Directory directory() throws IOException {
    // The folder's own lock keeps other writers out.
    return path.getFileSystem().equals(FileSystems.getDefault())
        ? Uninterrupted.directory(new MMapDirectory(segments(), NoLockFactory.INSTANCE, CHUNK))
        : new NIOFSDirectory(segments(), NoLockFactory.INSTANCE);
  }

  /** Writes the description, as a whole or not at all. */
  public void write(Description description) throws IOException {
    write(description, Fence.NONE);
  }

  /**
   * The same, if the fence lets it when all but the name is written.
   *
   * @param fence asked last
   */
  void write(Description description, Fence fence) throws IOException {
    var bytes = description.text().getBytes(UTF_8);
    try (var file = new WholeFile(path.resolve(DESCRIPTION))) {
      file.append(ByteBuffer.allocate(bytes.length).put(bytes));
      file.complete();
      fence.require();
      file.commit();
    }
  }

  /**
   * Reads the description.
   *
   * @throws VectorDataException if it is damaged
   */
  public Description read() throws IOException {
    var file = path.resolve(DESCRIPTION);
    try {
      return Description.read(Files.readAllBytes(file));
    } catch (IllegalArgumentException e) {
      throw new VectorDataException(
          "a collection's description must be whole: file=%s, found=%s; take it from a snapshot"
              .formatted(file, e.getMessage()));
    }
  }

  /**
   * Keeps other writers out until it is closed, or the process ends.
   *
   * @throws dev.kith.db.durability.CollectionLockedException naming the process that has it
   */
  public WriterLock lock() throws IOException {
    requireNoLinks();
    return WriterLock.of(path);
  }

  /**
   * Returns if nothing in the folder is a symbolic link: what is written or read here is here.
   *
   * @throws VectorDataException naming one
   */
  void requireNoLinks() throws IOException {
    for (var file : entries()) {
      if (Files.isSymbolicLink(file)) {
        throw new VectorDataException(
            "a collection's folder must hold no symbolic links: file=%s; put the file that it leads to in its place"
                .formatted(file));
      }
    }
  }

  /** All files and folders here, in {@code segments} and in {@code log}. */
  private List<Path> entries() throws IOException {
    var entries = new ArrayList<Path>();
    for (var folder : List.of(path, segments(), log())) {
      if (Files.isDirectory(folder)) {
        try (var files = Files.newDirectoryStream(folder)) {
          files.forEach(entries::add);
        }
      }
    }
    return entries;
  }

  /** Makes a folder, and those above it, if they are not there; their names are durable then. */
  public static void make(Path folder) throws IOException {
    var parent = folder.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      if (parent != null) {
        make(parent);
      }
      Files.createDirectory(folder);
    }
    if (parent != null) {
      WholeFile.forceFolder(parent);
    }
  }

  /** Removes a folder with all that is in it, or what another remover left of it. */
  public static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    var paths = new ArrayList<Path>();
    try (var all = Files.walk(folder)) {
      all.forEach(paths::addFirst);
    }
    for (var one : paths) {
      Files.deleteIfExists(one);
    }
  }

  /** Sizes of all files below, in bytes; those that go meanwhile count nothing. */
  public long bytes() throws IOException {
    long bytes = 0;
    for (var file : entries()) {
      bytes += size(file);
    }
    return bytes;
  }

  private static long size(Path file) throws IOException {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
