package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The parameters of a launch, in the order of the kernel's. Made once, set again as often as
 * needed: a launch copies them, and neither setting nor launching allocates. At most {@value
 * #MAX_COUNT} of {@value #MAX_BYTES} bytes in all, which is what every driver takes. For one thread
 * at a time; freed by the garbage collector.
 */
public final class Arguments {
  /** Most parameters. */
  public static final int MAX_COUNT = 128;

  /** Most bytes, each parameter's rounded up to its place. */
  public static final int MAX_BYTES = 4096;

  /** Structs may ask for as much, {@link TensorMap} does. */
  private static final int STRUCT_ALIGNMENT = 64;

  private static final int SLOT = 8;

  private enum Kind {
    POINTER("a pointer"),
    INT("an int"),
    LONG("a long"),
    FLOAT("a float"),
    DOUBLE("a double"),
    BYTES("bytes");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  private final MemorySegment values;
  private final MemorySegment pointers;
  private final Kind[] kinds = new Kind[MAX_COUNT];
  private final int[] offsets = new int[MAX_COUNT];
  private final int[] sizes = new int[MAX_COUNT];
  private int count;
  private int used;

  /** None yet. */
  public Arguments() {
    var arena = Arena.ofAuto();
    values = arena.allocate(MAX_BYTES, STRUCT_ALIGNMENT);
    pointers = arena.allocate(JAVA_LONG, MAX_COUNT);
  }

  /** How many there are. */
  public int count() {
    return count;
  }

  /** The {@code void**} for the driver; valid while this is reachable. */
  long address() {
    return pointers.address();
  }

  /** The parameters as the driver finds them, for tests. */
  MemorySegment pointers() {
    return pointers;
  }

  private Arguments add(Kind kind, int size, int alignment) {
    int offset = Math.ceilDiv(used, alignment) * alignment;
    if (count == MAX_COUNT || size > MAX_BYTES - offset) {
      throw new IllegalStateException(
          "a kernel takes at most %d parameters of %d bytes: count=%d, bytes=%d and %d more"
              .formatted(MAX_COUNT, MAX_BYTES, count, used, size));
    }
    kinds[count] = kind;
    offsets[count] = offset;
    sizes[count] = size;
    pointers.setAtIndex(JAVA_LONG, count, values.address() + offset);
    used = offset + size;
    count++;
    return this;
  }

  private int place(int position, Kind kind) {
    if (position < 0 || position >= count || kinds[position] != kind) {
      throw new IllegalArgumentException(
          position < 0 || position >= count
              ? "there is no argument %d of %d".formatted(position, count)
              : "argument %d is %s, not %s".formatted(position, kinds[position].text, kind.text));
    }
    return offsets[position];
  }

  /** Appends an address on the device. */
  public Arguments addPointer(long address) {
    add(Kind.POINTER, SLOT, SLOT);
    return setPointer(count - 1, address);
  }

  /** Appends 32 bits. */
  public Arguments addInt(int value) {
    add(Kind.INT, SLOT, SLOT);
    return setInt(count - 1, value);
  }

  /** Appends 64 bits. */
  public Arguments addLong(long value) {
    add(Kind.LONG, SLOT, SLOT);
    return setLong(count - 1, value);
  }

  /** Appends a float. */
  public Arguments addFloat(float value) {
    add(Kind.FLOAT, SLOT, SLOT);
    return setFloat(count - 1, value);
  }

  /** Appends a double. */
  public Arguments addDouble(double value) {
    add(Kind.DOUBLE, SLOT, SLOT);
    return setDouble(count - 1, value);
  }

  /** Appends a struct, copied. */
  public Arguments addBytes(MemorySegment value) {
    add(Kind.BYTES, Math.toIntExact(value.byteSize()), STRUCT_ALIGNMENT);
    return setBytes(count - 1, value);
  }

  /** Sets the address at that position, from 0. */
  public Arguments setPointer(int position, long address) {
    values.set(JAVA_LONG, place(position, Kind.POINTER), address);
    return this;
  }

  /** Sets the 32 bits at that position, from 0. */
  public Arguments setInt(int position, int value) {
    values.set(JAVA_INT, place(position, Kind.INT), value);
    return this;
  }

  /** Sets the 64 bits at that position, from 0. */
  public Arguments setLong(int position, long value) {
    values.set(JAVA_LONG, place(position, Kind.LONG), value);
    return this;
  }

  /** Sets the float at that position, from 0. */
  public Arguments setFloat(int position, float value) {
    values.set(JAVA_FLOAT, place(position, Kind.FLOAT), value);
    return this;
  }

  /** Sets the double at that position, from 0. */
  public Arguments setDouble(int position, double value) {
    values.set(JAVA_DOUBLE, place(position, Kind.DOUBLE), value);
    return this;
  }

  /** Sets the struct at that position, from 0, copied; of the same size as before. */
  public Arguments setBytes(int position, MemorySegment value) {
    int offset = place(position, Kind.BYTES);
    if (value.byteSize() != sizes[position]) {
      throw new IllegalArgumentException(
          "argument %d has %d bytes, not %d"
              .formatted(position, sizes[position], value.byteSize()));
    }
    MemorySegment.copy(value, 0, values, offset, sizes[position]);
    return this;
  }
}
