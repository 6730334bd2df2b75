package dev.kith.db.format;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.db.point.VectorField;
import java.util.Arrays;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnByteVectorField;
import org.apache.lucene.document.KnnFloatVectorField;

/** Vectors as fields of Lucene's documents. */
public final class Vectors {
  private Vectors() {}

  /**
   * A vector to be added to a document. Zeros are allowed with every metric, other than by Lucene's
   * own constructors.
   *
   * @param vector {@code [field.dimension()]}, finite; not to be changed until it is indexed
   * @throws IllegalArgumentException if its length is another, or if the field is of int8 and an
   *     element is no integer of -128 to 127
   */
  public static Field field(String name, VectorField field, float[] vector) {
    if (vector.length != field.dimension()) {
      throw new IllegalArgumentException(
          "a vector must have its field's dimension: field=%s, expected=%d, found=%d"
              .formatted(name, field.dimension(), vector.length));
    }
    var function = KithVectorsFormat.similarity(field.metric());
    boolean shapeless = field.metric() == Metric.COSINE && isZero(vector);
    if (field.type() == ElementType.INT8) {
      byte[] bytes = bytes(name, vector);
      return shapeless
          ? new KnnByteVectorField(name, onesAsBytes(vector.length), function) {
            @Override
            public byte[] vectorValue() {
              return bytes;
            }
          }
          : new KnnByteVectorField(name, bytes, function);
    }
    return shapeless
        ? new KnnFloatVectorField(name, ones(vector.length), function) {
          @Override
          public float[] vectorValue() {
            return vector;
          }
        }
        : new KnnFloatVectorField(name, vector, function);
  }

  static boolean isZero(float[] vector) {
    for (float element : vector) {
      if (element != 0) {
        return false;
      }
    }
    return true;
  }

  static boolean isZero(byte[] vector) {
    for (byte element : vector) {
      if (element != 0) {
        return false;
      }
    }
    return true;
  }

  private static float[] ones(int dimension) {
    var ones = new float[dimension];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static byte[] onesAsBytes(int dimension) {
    var ones = new byte[dimension];
    Arrays.fill(ones, (byte) 1);
    return ones;
  }

  private static byte[] bytes(String name, float[] vector) {
    var bytes = new byte[vector.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) vector[i];
      if (bytes[i] != vector[i]) {
        throw new IllegalArgumentException(
            "int8 elements must be integers of -128 to 127: field=%s, element=%d, found=%s; scale and round them, or store the field as float32"
                .formatted(name, i, vector[i]));
      }
    }
    return bytes;
  }
}
