package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.db.durability.CollectionLockedException;
import dev.kith.db.durability.WriterReplacedException;
import dev.kith.db.log.Fence;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The right to write a collection's folder, held by one object on the machine.
 *
 * <h2>Implementation notes</h2>
 *
 * Three walls stand behind each other.
 *
 * <ol>
 *   <li>A system property named after the folder's device and inode keeps all but one object of
 *       this process out: it is the same through every path and bind mount, and for every class
 *       loader. It is asked before {@code lock} is opened, because POSIX lets go all locks that a
 *       process has on a file as soon as the process closes any descriptor of it.
 *   <li>The system's lock on the file {@code lock} keeps other processes out, and ends with its
 *       process. Whatever else in the process reads that file, a backup say, drops it unnoticed.
 *   <li>An empty file {@code owner.TOKEN} names the writer in charge. A writer that takes the lock
 *       removes the names of those before it, makes its own, and only then reads the log. So one
 *       that finds its own name still there, after it made a record durable, knows that every later
 *       writer will read that record; one that does not find it acknowledges nothing more ({@link
 *       #require}) and leaves all files alone. The question is one {@code stat}, which no interrupt
 *       can break, unlike a read of {@code lock} through a channel.
 * </ol>
 */
public final class WriterLock implements AutoCloseable, Fence {
  private static final String FILE = "lock";
  private static final String OWNER = "owner.";
  private static final String HELD = "dev.kith.db.writer ";

  /** Channels that are never closed: closing one could drop the lock of another class loader. */
  private static final Set<FileChannel> LEAKED = ConcurrentHashMap.newKeySet();

  private final String key;
  private final Path file;
  private final Path owner;
  private final FileChannel channel;

  private WriterLock(String key, Path file, Path owner, FileChannel channel) {
    this.key = key;
    this.file = file;
    this.owner = owner;
    this.channel = channel;
  }

  /**
   * Keeps other writers of a folder out until it is closed or the process ends.
   *
   * @throws CollectionLockedException naming the process that has it
   */
  static WriterLock of(Path folder) throws IOException {
    var file = folder.resolve(FILE);
    var key = HELD + identity(folder);
    if (System.getProperties().putIfAbsent(key, "held") != null) {
      throw locked(file, "this process");
    }
    FileChannel channel = null;
    try {
      channel = lock(file);
      return new WriterLock(key, file, takeOver(folder), channel);
    } catch (Throwable e) {
      if (channel != null) {
        channel.close();
      }
      System.getProperties().remove(key);
      throw e;
    }
  }

  /** Device and inode of a folder, or its path where the file system tells neither. */
  private static String identity(Path folder) throws IOException {
    var real = folder.toRealPath();
    var key = Files.readAttributes(real, BasicFileAttributes.class).fileKey();
    var files = real.getFileSystem();
    return key != null && files.equals(FileSystems.getDefault())
        ? key.toString()
        : "%s %x".formatted(real, System.identityHashCode(files));
  }

  private static FileChannel lock(Path file) throws IOException {
    var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS);
    try {
      if (channel.tryLock() == null) {
        throw locked(file, "process " + pid(channel));
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(UTF_8)));
      return channel;
    } catch (OverlappingFileLockException e) { // of another version of this class
      LEAKED.add(channel);
      throw locked(file, "this process");
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  private static String pid(FileChannel channel) throws IOException {
    var bytes = ByteBuffer.allocate(32);
    channel.read(bytes, 0);
    return new String(bytes.array(), 0, bytes.position(), UTF_8);
  }

  /** Makes this writer the one in charge: from here on no other acknowledges anything. */
  private static Path takeOver(Path folder) throws IOException {
    for (var before : owners(folder)) {
      Files.deleteIfExists(before);
    }
    var token = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    return Files.createFile(folder.resolve(OWNER + token));
  }

  private static List<Path> owners(Path folder) throws IOException {
    var owners = new ArrayList<Path>();
    try (var files = Files.newDirectoryStream(folder)) {
      for (var one : files) {
        if (one.getFileName().toString().startsWith(OWNER)) {
          owners.add(one);
        }
      }
    }
    return owners;
  }

  private static CollectionLockedException locked(Path file, String owner) {
    return new CollectionLockedException(
        "a collection has one writer: %s has it open already (lock=%s); close it there, or open it read-only here"
            .formatted(owner, file));
  }

  /** Whether this is still the writer in charge; fails where the disk does not tell. */
  boolean isHeld() throws IOException {
    try {
      return Files.readAttributes(owner, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isRegularFile();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /**
   * Returns if this is still the writer in charge.
   *
   * @throws WriterReplacedException if not
   */
  @Override
  public void require() throws IOException {
    if (!isHeld()) {
      throw new WriterReplacedException(file, owner.getFileName());
    }
  }

  @Override
  public void close() throws IOException {
    try {
      Files.deleteIfExists(owner);
    } finally {
      try {
        channel.close();
      } finally {
        System.getProperties().remove(key);
      }
    }
  }
}
