package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.vector.VectorDataException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The part that holds the numbers of a live graph's rows, little-endian. {@code
 * docs/formats/graph.md} explains it.
 *
 * <pre>
 * offset  size  field
 * 0       4     layout, 1
 * 4       4     s, slots
 * 8       8     zero
 * 16      4 s   of each slot, how often it was used, times 2, plus 1 if its row is in the index
 * </pre>
 */
final class LiveNumbers {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final int LAYOUT = 1;
  private static final int HEADER = 16;

  private final MemorySegment part;

  private LiveNumbers(MemorySegment part) {
    this.part = part;
  }

  /** Numbers of slots that were never used. */
  static LiveNumbers of(int slots, Arena arena) {
    var part = arena.allocate(HEADER + 4L * slots, 64);
    part.set(INT, 0, LAYOUT);
    part.set(INT, 4, slots);
    return new LiveNumbers(part);
  }

  /** Numbers 0 to {@code size - 1}, of rows in the order of their slots. */
  static LiveNumbers first(int size) {
    var numbers = of(size, Arena.ofAuto());
    for (int slot = 0; slot < size; slot++) {
      numbers.set(slot, 1, true);
    }
    return numbers;
  }

  /**
   * Opens a part.
   *
   * @param rows number of rows that have numbers
   * @throws VectorDataException if it is none of a known layout, or of other rows
   */
  static LiveNumbers open(MemorySegment part, long rows) {
    boolean whole =
        part.byteSize() >= HEADER
            && part.get(INT, 0) == LAYOUT
            && part.get(INT, 4) >= 0
            && part.byteSize() == HEADER + 4L * part.get(INT, 4);
    if (!whole) {
      throw new VectorDataException(
          "the numbers of a live index have %d bytes and are none of layout %d; restore the file"
              .formatted(part.byteSize(), LAYOUT));
    }
    var numbers = new LiveNumbers(part);
    long live = 0;
    for (int slot = 0; slot < numbers.slots(); slot++) {
      live += numbers.live(slot) ? 1 : 0;
      if (numbers.live(slot) && numbers.uses(slot) < 1) {
        throw new VectorDataException(
            "a row must have a number: slot=%d, used=%d times; restore the file"
                .formatted(slot, numbers.uses(slot)));
      }
    }
    if (live != rows) {
      throw new VectorDataException(
          "a live index must have a number for each of its rows: rows=%d, numbers=%d; restore the file"
              .formatted(rows, live));
    }
    return numbers;
  }

  /** The numbers as they are stored. */
  MemorySegment part() {
    return part;
  }

  /** Slots that were ever used. */
  int slots() {
    return part.get(INT, 4);
  }

  private int value(int slot) {
    return part.get(INT, HEADER + 4L * slot);
  }

  /** How often a slot was used. */
  int uses(int slot) {
    return value(slot) >>> 1;
  }

  /** Whether the row in a slot is there. */
  boolean live(int slot) {
    return (value(slot) & 1) != 0;
  }

  void set(int slot, int uses, boolean live) {
    part.set(INT, HEADER + 4L * slot, 2 * uses + (live ? 1 : 0));
  }

  /** Slots of the rows, ascending. */
  int[] liveSlots() {
    var slots = new int[slots()];
    int count = 0;
    for (int slot = 0; slot < slots.length; slot++) {
      if (live(slot)) {
        slots[count++] = slot;
      }
    }
    return Arrays.copyOf(slots, count);
  }
}
