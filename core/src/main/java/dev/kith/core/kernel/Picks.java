package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Rows picked for an estimate, and the estimates, as arrays of one worker; both are also segments
 * on the heap, for native loops.
 */
public final class Picks {
  private final int[] rows;
  private final float[] estimates;
  private final MemorySegment rowSegment;
  private final MemorySegment estimateSegment;
  private int touched;

  /** Creates room for {@code capacity} rows. */
  public Picks(int capacity) {
    this.rows = new int[capacity];
    this.estimates = new float[capacity];
    this.rowSegment = MemorySegment.ofArray(rows);
    this.estimateSegment = MemorySegment.ofArray(estimates);
  }

  /** The rows, {@code [capacity]}. */
  public int[] rows() {
    return rows;
  }

  /** The estimates, {@code [capacity]}. */
  public float[] estimates() {
    return estimates;
  }

  /** The rows as a segment on the heap. */
  public MemorySegment rowSegment() {
    return rowSegment;
  }

  /** The estimates as a segment on the heap. */
  public MemorySegment estimateSegment() {
    return estimateSegment;
  }

  /** Takes a sum of what a loop read ahead, so that the compiler must leave the loads there. */
  void touched(int sum) {
    touched = sum;
  }

  /** The last sum of what was read ahead; it means nothing. */
  int touched() {
    return touched;
  }
}
