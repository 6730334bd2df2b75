package dev.kith.core.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Storage type of the elements of a vector, always little-endian. Every value of every type is
 * exactly a float32, so {@link #decode} never rounds.
 */
public enum ElementType {
  /** IEEE 754 binary32. */
  FLOAT32(4),
  /** IEEE 754 binary16. */
  FLOAT16(2),
  /** The upper half of a binary32: its range with 8 bits of precision. */
  BFLOAT16(2),
  /** Two's complement, -128 to 127. */
  INT8(1),
  /** Unsigned, 0 to 255. */
  UINT8(1);

  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** The bits of the nearest value of this 16-bit type, ties to even; a NaN stays one. */
  public short bitsOf(float value) {
    return switch (this) {
      case FLOAT16 -> Float.floatToFloat16(value);
      case BFLOAT16 -> bfloat16(value);
      case FLOAT32, INT8, UINT8 -> throw notSixteenBits();
    };
  }

  /** The value of these bits of this 16-bit type. */
  public float valueOf(short bits) {
    return switch (this) {
      case FLOAT16 -> Float.float16ToFloat(bits);
      case BFLOAT16 -> Float.intBitsToFloat(bits << 16);
      case FLOAT32, INT8, UINT8 -> throw notSixteenBits();
    };
  }

  private IllegalArgumentException notSixteenBits() {
    return new IllegalArgumentException("not a 16-bit float: " + this);
  }

  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40); // quiet: the lower half alone may have told it apart
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /**
   * Turns {@code count} elements at {@code offset} bytes into {@code source} into float32 values at
   * {@code at} and after in {@code target}.
   */
  public void decode(MemorySegment source, long offset, float[] target, int at, int count) {
    switch (this) {
      case FLOAT32 -> MemorySegment.copy(source, FLOAT, offset, target, at, count);
      case FLOAT16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.float16ToFloat(source.get(SHORT, offset + 2L * i));
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.intBitsToFloat(source.get(SHORT, offset + 2L * i) << 16);
        }
      }
      case INT8 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = source.get(ValueLayout.JAVA_BYTE, offset + i);
        }
      }
      case UINT8 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = source.get(ValueLayout.JAVA_BYTE, offset + i) & 0xff;
        }
      }
    }
  }
}
