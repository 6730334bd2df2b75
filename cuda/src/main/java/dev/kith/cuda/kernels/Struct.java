package dev.kith.cuda.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The layout of a struct that kernels and Java share: named fields, each at a multiple of its own
 * size, in the order in which they were declared. Immutable once built.
 */
public final class Struct {
  /** What a field holds. */
  enum Kind {
    /** An address on the device. */
    POINTER(8),
    /** 32 bits, signed or not. */
    INT(4),
    /** A float. */
    FLOAT(4),
    /** A double. */
    DOUBLE(8);

    final int bytes;

    Kind(int bytes) {
      this.bytes = bytes;
    }
  }

  /**
   * A field.
   *
   * @param offset from the struct's start
   */
  record Field(String name, Kind kind, int offset) {}

  private final String name;
  private final Map<String, Field> fields;
  private final int bytes;

  private Struct(String name, Map<String, Field> fields, int bytes) {
    this.name = name;
    this.fields = fields;
    this.bytes = bytes;
  }

  /** Begins the struct that {@code structs.cuh} calls {@code name}. */
  public static Builder named(String name) {
    return new Builder(name);
  }

  /** Declares the fields of a struct, first to last. */
  public static final class Builder {
    private final String name;
    private final Map<String, Field> fields = new LinkedHashMap<>();
    private int end;
    private int alignment = 1;

    private Builder(String name) {
      this.name = name;
    }

    private Builder add(Kind kind, String... names) {
      for (var each : names) {
        int offset = aligned(end, kind.bytes);
        if (fields.put(each, new Field(each, kind, offset)) != null) {
          throw new IllegalArgumentException(
              "a field must be declared once: struct=%s, field=%s".formatted(name, each));
        }
        end = offset + kind.bytes;
        alignment = Math.max(alignment, kind.bytes);
      }
      return this;
    }

    /** Adds addresses on the device. */
    public Builder pointers(String... names) {
      return add(Kind.POINTER, names);
    }

    /** Adds fields of 32 bits. */
    public Builder ints(String... names) {
      return add(Kind.INT, names);
    }

    /** Adds floats. */
    public Builder floats(String... names) {
      return add(Kind.FLOAT, names);
    }

    /** Adds doubles. */
    public Builder doubles(String... names) {
      return add(Kind.DOUBLE, names);
    }

    /** The struct of the fields added so far. */
    public Struct build() {
      return new Struct(name, new LinkedHashMap<>(fields), aligned(end, alignment));
    }

    private static int aligned(int offset, int alignment) {
      return Math.ceilDiv(offset, alignment) * alignment;
    }
  }

  /** What the kernels' source calls it. */
  public String name() {
    return name;
  }

  /** Bytes of one, what fills up its end among them. */
  public int bytes() {
    return bytes;
  }

  /**
   * Where a field begins.
   *
   * @throws IllegalArgumentException if there is no such field
   */
  public int offset(String field) {
    return field(field).offset();
  }

  List<Field> fields() {
    return new ArrayList<>(fields.values());
  }

  private Field field(String field) {
    var known = fields.get(field);
    if (known == null) {
      throw new IllegalArgumentException(
          "struct %s has no field %s; it has %s"
              .formatted(name, field, String.join(", ", fields.keySet())));
    }
    return known;
  }

  private long offset(String field, Kind kind) {
    var known = field(field);
    if (known.kind() != kind) {
      throw new IllegalArgumentException(
          "field %s of struct %s is %s, not %s".formatted(field, name, known.kind(), kind));
    }
    return known.offset();
  }

  /** One of them, all zeros. */
  public Value value() {
    return new Value(Arena.ofAuto().allocate(bytes, 8));
  }

  /** One of them that lies in memory, in place. */
  public Value at(MemorySegment memory, long offset) {
    return new Value(memory.asSlice(offset, bytes));
  }

  /**
   * The fields of one struct, set and read by their names. For one thread at a time; a launch
   * copies the {@link #segment}.
   */
  public final class Value {
    private final MemorySegment memory;

    private Value(MemorySegment memory) {
      this.memory = memory;
    }

    /** Sets an address on the device. */
    public Value setPointer(String field, long address) {
      memory.set(ValueLayout.JAVA_LONG, offset(field, Kind.POINTER), address);
      return this;
    }

    /** Sets 32 bits. */
    public Value setInt(String field, int value) {
      memory.set(ValueLayout.JAVA_INT, offset(field, Kind.INT), value);
      return this;
    }

    /** Sets a double. */
    public Value setDouble(String field, double value) {
      memory.set(ValueLayout.JAVA_DOUBLE, offset(field, Kind.DOUBLE), value);
      return this;
    }

    /** Reads 32 bits. */
    public int getInt(String field) {
      return memory.get(ValueLayout.JAVA_INT, offset(field, Kind.INT));
    }

    /** Reads a float. */
    public float getFloat(String field) {
      return memory.get(ValueLayout.JAVA_FLOAT, offset(field, Kind.FLOAT));
    }

    /** Reads a double. */
    public double getDouble(String field) {
      return memory.get(ValueLayout.JAVA_DOUBLE, offset(field, Kind.DOUBLE));
    }

    /** All of its bytes, for {@link dev.kith.cuda.driver.Arguments#addBytes}. */
    public MemorySegment segment() {
      return memory;
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
