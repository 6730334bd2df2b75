package dev.kith.core.vector;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that appears under its name only when it is complete: written beside it under a name of
 * its own, {@code NAME.RANDOM.partial}, forced to disk, renamed. A symbolic link of that name is
 * replaced, not followed.
 */
public final class WholeFile implements ByteSink, Closeable {
  private static final long CHUNK = 1 << 30;

  private final Path target;
  private final Path partial;
  private final FileChannel channel;
  private boolean committed;

  /** Starts the unfinished file. */
  public WholeFile(Path target) throws IOException {
    this.target = target;
    String unique = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
    this.partial = target.resolveSibling(target.getFileName() + "." + unique + ".partial");
    this.channel =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Appends what the buffer holds and clears it. */
  public void append(ByteBuffer buffer) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  /** Appends memory of any size. */
  @Override
  public void append(MemorySegment bytes) throws IOException {
    for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
      var chunk = bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer();
      while (chunk.hasRemaining()) {
        channel.write(chunk);
      }
    }
  }

  /** Overwrites the beginning. */
  public void overwriteStart(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes, bytes.position());
    }
  }

  /** Whether it is neither complete nor closed. */
  boolean isOpen() {
    return channel.isOpen();
  }

  /** Makes what was appended durable, without its name; nothing can be appended any more. */
  public void complete() throws IOException {
    if (channel.isOpen()) {
      channel.force(true);
      channel.close();
    }
  }

  /** Makes the file complete and durable under its name. */
  public void commit() throws IOException {
    complete();
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    committed = true;
    var folder = target.toAbsolutePath().getParent();
    if (folder != null) {
      forceFolder(folder);
    }
  }

  /**
   * Makes the names in a folder durable; does nothing on a system that cannot open folders, such as
   * Windows.
   */
  public static void forceFolder(Path folder) throws IOException {
    FileChannel opened;
    try {
      opened = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      return; // Windows
    }
    try (opened) {
      opened.force(true);
    }
  }

  /** Closes the file; unless it was committed, removes what was written. */
  @Override
  public void close() throws IOException {
    if (!committed) {
      channel.close();
      Files.deleteIfExists(partial);
    }
  }
}
