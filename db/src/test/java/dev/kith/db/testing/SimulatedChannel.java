package dev.kith.db.testing;

import dev.kith.db.testing.SimulatedDisk.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/** An open file of a {@link SimulatedDisk}. As with real ones, an interrupt closes it. */
final class SimulatedChannel extends FileChannel {
  private final SimulatedDisk disk;
  private final SimulatedPath path;
  private final Node node;
  private final boolean readable;
  private final boolean writable;
  private final boolean append;
  private long position;
  private @Nullable FileLock lock;

  SimulatedChannel(
      SimulatedDisk disk,
      SimulatedPath path,
      Node node,
      boolean readable,
      boolean writable,
      boolean append) {
    this.disk = disk;
    this.path = path;
    this.node = node;
    this.readable = readable;
    this.writable = writable;
    this.append = append;
  }

  private interface Action<T> {
    T run() throws IOException;
  }

  /** Runs one operation as an interruptible channel must. */
  private <T> T interruptibly(Action<T> action) throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    boolean done = false;
    try {
      begin();
      T result = action.run();
      done = true;
      return result;
    } finally {
      end(done);
    }
  }

  private void requireReadable() {
    if (!readable) {
      throw new NonReadableChannelException();
    }
  }

  private void requireWritable() {
    if (!writable) {
      throw new NonWritableChannelException();
    }
  }

  @Override
  public int read(ByteBuffer target, long at) throws IOException {
    requireReadable();
    return interruptibly(
        () -> {
          synchronized (disk) {
            disk.beginRead();
            if (node.directory) {
              throw new IOException("Is a directory");
            }
            if (at >= node.size()) {
              return target.hasRemaining() ? -1 : 0;
            }
            var bytes = new byte[(int) Math.min(target.remaining(), node.size() - at)];
            node.read((int) at, bytes, 0, bytes.length);
            target.put(bytes);
            return bytes.length;
          }
        });
  }

  @Override
  public int write(ByteBuffer source, long at) throws IOException {
    requireWritable();
    return interruptibly(
        () -> {
          synchronized (disk) {
            boolean half = disk.begin(Operation.WRITE);
            var bytes = new byte[half ? source.remaining() / 2 : source.remaining()];
            source.get(bytes);
            node.write(Math.toIntExact(at), bytes, bytes.length);
            if (half) {
              throw disk.failure("Input/output error");
            }
            return bytes.length;
          }
        });
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    synchronized (disk) {
      int count = read(target, position);
      position += Math.max(0, count);
      return count;
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    synchronized (disk) {
      long at = append ? node.size() : position;
      int count = write(source, at);
      position = at + count;
      return count;
    }
  }

  @Override
  public long read(ByteBuffer[] targets, int from, int count) throws IOException {
    long total = 0;
    for (int i = from; i < from + count; i++) {
      if (targets[i].hasRemaining()) {
        int read = read(targets[i]);
        if (read < 0) {
          return total == 0 ? -1 : total;
        }
        total += read;
      }
    }
    return total;
  }

  @Override
  public long write(ByteBuffer[] sources, int from, int count) throws IOException {
    long total = 0;
    for (int i = from; i < from + count; i++) {
      total += write(sources[i]);
    }
    return total;
  }

  @Override
  public long position() {
    synchronized (disk) {
      return position;
    }
  }

  @Override
  public FileChannel position(long newPosition) {
    synchronized (disk) {
      position = newPosition;
      return this;
    }
  }

  @Override
  public long size() throws IOException {
    return interruptibly(
        () -> {
          synchronized (disk) {
            disk.beginRead();
            return (long) node.size();
          }
        });
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    requireWritable();
    return interruptibly(
        () -> {
          synchronized (disk) {
            disk.begin(Operation.CHANGE);
            node.truncate((int) Math.min(size, node.size()));
            position = Math.min(position, size);
            return this;
          }
        });
  }

  @Override
  public void force(boolean metaData) throws IOException {
    interruptibly(
        () -> {
          disk.force(path, node);
          return true;
        });
  }

  @Override
  public long transferTo(long at, long count, WritableByteChannel target) throws IOException {
    var buffer = ByteBuffer.allocate((int) Math.min(count, 1 << 16));
    if (read(buffer, at) <= 0) {
      return 0;
    }
    return target.write(buffer.flip());
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long at, long count) throws IOException {
    var buffer = ByteBuffer.allocate((int) Math.min(count, 1 << 16));
    if (source.read(buffer) <= 0) {
      return 0;
    }
    return write(buffer.flip(), at);
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long at, long size) {
    throw new UnsupportedOperationException("simulated files are not mapped");
  }

  @Override
  public FileLock lock(long at, long size, boolean shared) throws IOException {
    var taken = tryLock(at, size, shared);
    if (taken == null) {
      throw new OverlappingFileLockException();
    }
    return taken;
  }

  @Override
  public @Nullable FileLock tryLock(long at, long size, boolean shared) throws IOException {
    return interruptibly(
        () -> {
          synchronized (disk) {
            disk.beginRead();
            if (!disk.locked.add(node)) {
              throw new OverlappingFileLockException();
            }
            lock =
                new FileLock(this, at, size, shared) {
                  private boolean released;

                  @Override
                  public boolean isValid() {
                    synchronized (disk) {
                      return !released && channelIsOpen();
                    }
                  }

                  @Override
                  public void release() {
                    synchronized (disk) {
                      if (!released) {
                        released = true;
                        disk.locked.remove(node);
                      }
                    }
                  }
                };
            return lock;
          }
        });
  }

  private boolean channelIsOpen() {
    return isOpen();
  }

  @Override
  protected void implCloseChannel() throws IOException {
    synchronized (disk) {
      if (lock != null) {
        lock.release();
      }
    }
  }
}
