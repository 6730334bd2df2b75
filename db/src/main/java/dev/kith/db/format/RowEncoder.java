package dev.kith.db.format;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.vector.ElementType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Turns vectors as Lucene gives them into the bytes of rows. */
final class RowEncoder {
  private static final VarHandle FLOATS =
      MethodHandles.byteArrayViewVarHandle(float[].class, LITTLE_ENDIAN);
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, LITTLE_ENDIAN);

  private final String field;
  private final ElementType type;

  RowEncoder(String field, ElementType type) {
    this.field = field;
    this.type = type;
  }

  /**
   * Writes a vector, {@code float[]} or {@code byte[]}, to {@code target[at ..]}.
   *
   * @throws IllegalArgumentException if an element is not finite or too large for the type
   */
  void encode(Object vector, byte[] target, int at) {
    switch (vector) {
      case float[] floats -> encode(floats, target, at);
      case byte[] bytes -> System.arraycopy(bytes, 0, target, at, bytes.length);
      default -> throw new IllegalArgumentException("not a vector: " + vector.getClass());
    }
  }

  private void encode(float[] vector, byte[] target, int at) {
    for (int i = 0; i < vector.length; i++) {
      float element = vector[i];
      if (!Float.isFinite(element)) {
        throw new IllegalArgumentException(
            "vectors must be finite: field=%s, element=%d, found=%s; repair that vector or leave it out"
                .formatted(field, i, element));
      }
      if (type == ElementType.FLOAT32) {
        FLOATS.set(target, at + Float.BYTES * i, element);
      } else {
        short bits = type.bitsOf(element);
        if (Float.isInfinite(type.valueOf(bits))) {
          throw new IllegalArgumentException(
              "float16 elements must not be beyond 65504: field=%s, element=%d, found=%s; store the field as float32, or scale its vectors"
                  .formatted(field, i, element));
        }
        SHORTS.set(target, at + Short.BYTES * i, bits);
      }
    }
  }
}
