package dev.kith.core.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Rows that a loop over {@link CodeBlocks} kept, and their bounds, off-heap, for one worker. */
public final class BlockHits {
  private final int capacity;
  private final MemorySegment rows;
  private final MemorySegment bounds;

  /** Creates room for {@code capacity} rows. */
  public BlockHits(int capacity) {
    this.capacity = capacity;
    this.rows = Arena.ofAuto().allocate(4L * capacity, 64);
    this.bounds = Arena.ofAuto().allocate(4L * capacity, 64);
  }

  /** The rows, int32 each, counted from the first row of the first block of the scan. */
  public MemorySegment rows() {
    return rows;
  }

  /** The bounds, float32 each. */
  public MemorySegment bounds() {
    return bounds;
  }

  /** Row of hit {@code i}, counted from the first row of the first block of the scan. */
  public int row(int i) {
    return rows.get(Panels.INT, 4L * i);
  }

  /** Bound of hit {@code i}. */
  public float bound(int i) {
    return bounds.get(Panels.FLOAT, 4L * i);
  }

  /** Checks that there is room for {@code count} rows. */
  public void requireRoom(long count) {
    Objects.checkFromIndexSize(0, count, (long) capacity);
  }

  void put(int i, int row, float bound) {
    rows.set(Panels.INT, 4L * i, row);
    bounds.set(Panels.FLOAT, 4L * i, bound);
  }
}
