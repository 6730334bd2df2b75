package dev.kith.core.graph;

import dev.kith.core.vector.VectorDataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Reads of nodes at their places in a file, several at a time. Safe for many threads, of which each
 * has a {@link Batch}. The file is closed once nothing refers to the reader any more.
 */
final class NodeReader {
  /** Threads that wait for the disk; virtual ones cost nothing while they do. */
  private static final ExecutorService THREADS = Executors.newVirtualThreadPerTaskExecutor();

  private final Path file;
  private final long first;
  private final NodeLayout layout;
  private final FileChannel channel;

  /**
   * Opens a file.
   *
   * @param first where its first node begins
   * @param options to open it with, besides reading
   */
  NodeReader(Path file, long first, NodeLayout layout, List<OpenOption> options) {
    this.file = file;
    this.first = first;
    this.layout = layout;
    var all = new HashSet<OpenOption>(options);
    all.add(StandardOpenOption.READ);
    try {
      this.channel = FileChannel.open(file, all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  NodeLayout layout() {
    return layout;
  }

  /** Room for nodes that are read together. Belongs to one thread. */
  final class Batch {
    private final MemorySegment[] buffers;
    private final int[] within;
    private final Future<?>[] others;
    private long reads;

    /** Creates room for {@code most} nodes. */
    Batch(int most) {
      buffers = new MemorySegment[most];
      within = new int[most];
      others = new Future<?>[most];
      var all = Arena.ofAuto().allocate((long) most * layout.readBytes(), NodeLayout.SECTOR);
      for (int i = 0; i < most; i++) {
        buffers[i] = all.asSlice((long) i * layout.readBytes(), layout.readBytes());
      }
    }

    /** Reads the first {@code count} of {@code rows}: the last here, the others beside. */
    void read(int[] rows, int count) {
      for (int i = 0; i < count; i++) {
        within[i] = layout.within(rows[i]);
      }
      for (int i = 0; i < count - 1; i++) {
        int row = rows[i];
        var buffer = buffers[i];
        others[i] = THREADS.submit(() -> readSectors(row, buffer));
      }
      @Nullable RuntimeException failure = null;
      try {
        readSectors(rows[count - 1], buffers[count - 1]);
      } catch (RuntimeException e) {
        failure = e;
      }
      for (int i = 0; i < count - 1; i++) {
        failure = await(others[i], failure); // all of them, as they write to these buffers
      }
      if (failure != null) {
        throw failure;
      }
      reads += count;
    }

    /** Node that was read as number {@code i}. */
    MemorySegment node(int i) {
      return buffers[i].asSlice(within[i], layout.nodeBytes());
    }

    /** Reads since the batch was made. */
    long reads() {
      return reads;
    }
  }

  private static @Nullable RuntimeException await(
      Future<?> read, @Nullable RuntimeException before) {
    boolean interrupted = false;
    var failure = before;
    for (boolean ended = false; !ended; ) {
      try {
        read.get();
        ended = true;
      } catch (ExecutionException e) {
        if (failure == null) {
          failure =
              e.getCause() instanceof RuntimeException cause
                  ? cause
                  : new IllegalStateException(e.getCause());
        }
        ended = true;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return failure;
  }

  private void readSectors(int row, MemorySegment into) {
    long at = first + layout.sectorAt(row);
    try {
      var buffer = into.asByteBuffer();
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, at + buffer.position()) < 0) {
          throw damaged("nodes must lie in the file", row, 0, "a node", "the end of the file");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading node %d of %s".formatted(row, file), e);
    }
  }

  /** Exception for a node that contradicts its format {@code offset} bytes behind its begin. */
  VectorDataException damaged(String rule, int row, int offset, Object expected, Object found) {
    long at = first + layout.sectorAt(row) + layout.within(row) + offset;
    return new VectorDataException(
        "%s: file=%s, offset=%d, row=%d, expected=%s, found=%s; restore the file, or build the index again"
            .formatted(rule, file, at, row, expected, found));
  }
}
