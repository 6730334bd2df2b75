package dev.kith.db.point;

import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ElementType;

/**
 * What a collection's named vectors are.
 *
 * @param dimension elements of each, 1 to {@link #MAX_DIMENSION}
 * @param metric by which they are compared
 * @param type how elements are stored: FLOAT32, FLOAT16 (rounded to nearest when written) or INT8
 *     (integers of -128 to 127 alone)
 * @param index built for every large segment
 */
public record VectorField(int dimension, Metric metric, ElementType type, IndexSpec index) {
  /** The most elements of a stored vector. */
  public static final int MAX_DIMENSION = 16_384;

  /** Checks the dimension and the type. */
  public VectorField {
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "a vector's dimension must be 1 to %d: %d".formatted(MAX_DIMENSION, dimension));
    }
    switch (type) {
      case FLOAT32, FLOAT16, INT8 -> {}
      case BFLOAT16, UINT8 ->
          throw new IllegalArgumentException(
              "vectors are stored as float32, float16 or int8, not as " + type);
    }
  }

  /** Of float32 elements, scanned exactly by the help of an int8 shadow. */
  public static VectorField of(int dimension, Metric metric) {
    return new VectorField(
        dimension, metric, ElementType.FLOAT32, IndexSpec.parse("flat(shadow=int8)"));
  }

  /** The same with elements of that type. */
  public VectorField withType(ElementType newType) {
    return new VectorField(dimension, metric, newType, index);
  }

  /** The same with that index, such as {@code flat}. */
  public VectorField withIndex(String spec) {
    return new VectorField(dimension, metric, type, IndexSpec.parse(spec));
  }
}
