package dev.kith.db.point;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a collection keeps: an id, vectors by the schema's names (all, some or none of them), and a
 * payload. The arrays are the point's from now on.
 */
public record Point(PointId id, Map<String, float[]> vectors, Payload payload) {
  /** Copies the map. */
  public Point {
    vectors = Map.copyOf(vectors);
  }

  /** With the one vector of a schema that names no other, {@link Schema#VECTOR}. */
  public static Point of(PointId id, float[] vector, Payload payload) {
    return new Point(id, Map.of(Schema.VECTOR, vector), payload);
  }

  /** Without a payload. */
  public static Point of(PointId id, float[] vector) {
    return of(id, vector, Payload.EMPTY);
  }

  /** The vector of that name, or null. */
  public float @Nullable [] vector(String name) {
    return vectors.get(name);
  }
}
