package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.WholeFile;
import dev.kith.db.durability.CollectionLockedException;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
 * segments/         Lucene's files
 * log/              the translog's generations
 * </pre>
 */
public final class CollectionFolder {
  private static final String DESCRIPTION = "collection.json";
  private static final int FORMAT = 1;

  /** One segment of a file is one piece of memory up to here. */
  private static final long CHUNK = 1L << 42;

  private static final JsonMapper MAPPER = new JsonMapper();

  /**
   * Folders that this process writes. Asked before the lock file is opened: where locks are
   * POSIX's, closing a file lets go all locks that the process has on it, those of other channels
   * too.
   */
  private static final Set<Path> WRITTEN = ConcurrentHashMap.newKeySet();

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
  boolean isBeside(Path folder) {
    var database = path.toAbsolutePath().normalize().getParent();
    return database != null && folder.toAbsolutePath().normalize().startsWith(database);
  }

  /** Of the translog. */
  public Path log() {
    return path.resolve("log");
  }

  /** Of Lucene's files. */
  public Path segments() {
    return path.resolve("segments");
  }

  /** Lucene's view of the segments: mapped where the file system is the machine's. */
  public Directory directory() throws IOException {
    // The folder's own lock keeps other writers out.
    return path.getFileSystem().equals(FileSystems.getDefault())
        ? Uninterrupted.directory(new MMapDirectory(segments(), NoLockFactory.INSTANCE, CHUNK))
        : new NIOFSDirectory(segments(), NoLockFactory.INSTANCE);
  }

  /**
   * What the file says.
   *
   * @param schema of the collection
   * @param pending fields that the points written before them are not yet indexed by
   */
  public record Description(Schema schema, Set<String> pending) {
    /** Copies the set. */
    public Description {
      pending = Set.copyOf(pending);
    }
  }

  /** Writes the description, as a whole or not at all. */
  public void write(Description description) throws IOException {
    var json = MAPPER.createObjectNode().put("format", FORMAT);
    json.set("schema", description.schema().tree());
    description.pending().stream().sorted().forEach(json.putArray("pending")::add);
    var bytes = json.toPrettyString().getBytes(UTF_8);
    try (var file = new WholeFile(path.resolve(DESCRIPTION))) {
      file.append(ByteBuffer.allocate(bytes.length).put(bytes));
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
      if (!(MAPPER.readTree(Files.readAllBytes(file)) instanceof ObjectNode json)) {
        throw new IllegalArgumentException("a description must be a JSON object");
      }
      if (json.path("format").asInt() != FORMAT) {
        throw new IllegalArgumentException(
            "the format must be %d: %s".formatted(FORMAT, json.path("format")));
      }
      var pending = new LinkedHashSet<String>();
      json.path("pending").forEach(field -> pending.add(field.asText()));
      return new Description(Schema.read(json.path("schema")), pending);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new VectorDataException(
          "a collection's description must be whole: file=%s, found=%s; take it from a snapshot"
              .formatted(file, e.getMessage()));
    }
  }

  /** Held by the one that writes. */
  public static final class Lock implements AutoCloseable {
    private final Path folder;
    private final FileChannel channel;

    private Lock(Path folder, FileChannel channel) {
      this.folder = folder;
      this.channel = channel;
    }

    @Override
    public void close() throws IOException {
      try {
        channel.close();
      } finally {
        WRITTEN.remove(folder);
      }
    }
  }

  /**
   * Keeps other writers out until it is closed, or the process ends.
   *
   * @throws CollectionLockedException naming the process that has it
   */
  public Lock lock() throws IOException {
    var file = path.resolve("lock");
    var folder = path.toRealPath();
    if (!WRITTEN.add(folder)) {
      throw locked(file, "this process");
    }
    try {
      return new Lock(folder, lock(file));
    } catch (Throwable e) {
      WRITTEN.remove(folder);
      throw e;
    }
  }

  private static FileChannel lock(Path file) throws IOException {
    var channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw locked(file, "process " + owner(channel));
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(UTF_8)));
      return channel;
    } catch (OverlappingFileLockException e) { // by another class loader's copy of this class
      channel.close();
      throw locked(file, "this process");
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  private static String owner(FileChannel channel) throws IOException {
    var bytes = ByteBuffer.allocate(32);
    channel.read(bytes, 0);
    return new String(bytes.array(), 0, bytes.position(), UTF_8);
  }

  private static CollectionLockedException locked(Path file, String owner) {
    return new CollectionLockedException(
        "a collection has one writer: %s has it open already (lock=%s); close it there, or open it read-only here"
            .formatted(owner, file));
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
    for (var folder : List.of(path, segments(), log())) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      try (var files = Files.newDirectoryStream(folder)) {
        for (var file : files) {
          bytes += size(file);
        }
      }
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
