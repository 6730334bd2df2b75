package dev.kith.core.graph;

import dev.kith.core.vector.Chunks;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Rows in slots, which come and go: float32 rows in chunks, and of each slot whether its row is
 * live (may be found), whether it is occupied (walks may lead to it) and how often it was used
 * again. Blocks must lie within a chunk. A slot is written only while no reader can know of it.
 */
final class LiveRows implements VectorSource {
  /** Mark of a row that may be found. */
  private static final int LIVE = 1;

  /** Mark of a slot that links lead to. */
  private static final int OCCUPIED = 2;

  /** What one use of a slot adds to its state. */
  private static final int USE = 4;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Chunks chunks;
  private final int dimension;
  private volatile Chunk[] parts = {};

  /** Slots of a chunk. */
  private static final class Chunk {
    final MemorySegment data;
    final VectorSource rows;

    /** Of each slot, {@code USE} times how often it was used, plus the marks. */
    final AtomicIntegerArray states;

    Chunk(int size, int dimension) {
      long stride = 4L * dimension;
      data = Arena.ofAuto().allocate(stride * size, 64);
      rows = VectorSource.over(data, stride, size, dimension, ElementType.FLOAT32);
      states = new AtomicIntegerArray(size);
    }
  }

  LiveRows(Chunks chunks, int dimension) {
    this.chunks = chunks;
    this.dimension = dimension;
    grow();
  }

  /** Adds a chunk; one thread at a time. */
  void grow() {
    var before = parts;
    var more = Arrays.copyOf(before, before.length + 1);
    more[before.length] = new Chunk(chunks.rows(before.length), dimension);
    parts = more;
  }

  /** Writes the row of a slot that nothing leads to. */
  void write(int slot, float[] row) {
    int chunk = chunks.chunkOf(slot);
    MemorySegment.copy(
        row, 0, parts[chunk].data, FLOAT, 4L * dimension * (slot - chunks.start(chunk)), dimension);
  }

  /** Copies a row of another source. */
  void write(int slot, VectorSource source, long row) {
    write(slot, source.row(row));
  }

  private int state(int slot) {
    int chunk = chunks.chunkOf(slot);
    return parts[chunk].states.get(slot - chunks.start(chunk));
  }

  /** Whether the row in a slot may be found. */
  boolean live(int slot) {
    return (state(slot) & LIVE) != 0;
  }

  /** Whether walks may lead to a slot. */
  boolean occupied(int slot) {
    return (state(slot) & OCCUPIED) != 0;
  }

  /**
   * Number of the last row in a slot: the slot, and above its 32 bits how often it was used again.
   * It stays until every reader that could have found the row has ended.
   */
  long number(int slot) {
    return (state(slot) / USE - 1L) << 32 | slot;
  }

  /** Makes a row that was written live, under a new number. */
  void revive(int slot) {
    int chunk = chunks.chunkOf(slot);
    int at = slot - chunks.start(chunk);
    var states = parts[chunk].states;
    states.set(at, states.get(at) / USE * USE + USE + OCCUPIED + LIVE);
  }

  /** How often a slot was used. */
  int uses(int slot) {
    return state(slot) / USE;
  }

  /** Sets how often a slot was used before its row comes, or comes back. */
  void used(int slot, int uses) {
    int chunk = chunks.chunkOf(slot);
    parts[chunk].states.set(slot - chunks.start(chunk), uses * USE);
  }

  /** Whether {@code number} is that of a row that may be found. */
  boolean has(long number) {
    int slot = (int) number;
    return slot >= 0 && slot < size() && live(slot) && number(slot) == number;
  }

  /** Buries the row of this number; returns whether it was live. */
  boolean bury(long number) {
    int slot = (int) number;
    long use = (number >>> 32) + 1;
    if (slot < 0 || slot >= size() || use > Integer.MAX_VALUE / USE) {
      return false;
    }
    int chunk = chunks.chunkOf(slot);
    int live = (int) use * USE + OCCUPIED + LIVE;
    return parts[chunk].states.compareAndSet(slot - chunks.start(chunk), live, live - LIVE);
  }

  /** Marks a slot as one that no link leads to. */
  void vacate(int slot) {
    int chunk = chunks.chunkOf(slot);
    parts[chunk].states.getAndUpdate(slot - chunks.start(chunk), state -> state & ~OCCUPIED);
  }

  /** Chunks that there are. */
  int chunkCount() {
    return parts.length;
  }

  int start(int chunk) {
    return chunks.start(chunk);
  }

  /** Rows of a chunk. */
  VectorSource chunk(int chunk) {
    return parts[chunk].rows;
  }

  /** Copies which slots of a chunk are live, a bit each. */
  long[] liveOf(int chunk) {
    var states = parts[chunk].states;
    var words = new long[states.length() / Long.SIZE];
    for (int i = 0; i < states.length(); i++) {
      words[i >>> 6] |= (long) (states.get(i) & LIVE) << i;
    }
    return words;
  }

  /** Rows in the order of {@code slots}; a block of several is a copy. */
  VectorSource pick(int[] slots) {
    return new Picked(slots);
  }

  /** Rows of some slots. */
  private final class Picked implements VectorSource {
    private final int[] slots;

    Picked(int[] slots) {
      this.slots = slots;
    }

    @Override
    public String name() {
      return LiveRows.this.name();
    }

    @Override
    public long size() {
      return slots.length;
    }

    @Override
    public int dimension() {
      return dimension;
    }

    @Override
    public ElementType elementType() {
      return ElementType.FLOAT32;
    }

    @Override
    public VectorBlock block(long first, int count) {
      if (count == 1) {
        // Its own number, not that of the slot: callers count rows from it.
        var row = LiveRows.this.block(slots[(int) first], 1);
        return new VectorBlock(first, 1, dimension, ElementType.FLOAT32, row.data(), row.stride());
      }
      long bytes = 4L * dimension;
      var copy = Arena.ofAuto().allocate(count * bytes, 64);
      for (int i = 0; i < count; i++) {
        var row = LiveRows.this.block(slots[(int) first + i], 1);
        MemorySegment.copy(row.data(), 0, copy, i * bytes, bytes);
      }
      return new VectorBlock(first, count, dimension, ElementType.FLOAT32, copy, bytes);
    }

    @Override
    public long offsetOf(long row, int element) {
      return LiveRows.this.offsetOf(slots[(int) row], element);
    }

    @Override
    public void close() {}
  }

  long bytes() {
    return size() * (4L * dimension + 4);
  }

  @Override
  public String name() {
    return "memory";
  }

  /** Number of slots that there is memory for. */
  @Override
  public long size() {
    return chunks.start(parts.length);
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public ElementType elementType() {
    return ElementType.FLOAT32;
  }

  @Override
  public VectorBlock block(long first, int rows) {
    int chunk = chunks.chunkOf(Math.toIntExact(first));
    // Its own number, not that within the chunk: callers count rows from it.
    var block = parts[chunk].rows.block(first - chunks.start(chunk), rows);
    return new VectorBlock(
        first, rows, dimension, ElementType.FLOAT32, block.data(), block.stride());
  }

  @Override
  public long offsetOf(long row, int element) {
    return 4 * (row * dimension + element);
  }

  @Override
  public void close() {}
}
