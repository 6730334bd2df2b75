package dev.kith.db.point;

import java.util.Map;

/**
 * A text that is to be found by its meaning.
 *
 * @param id of its point
 * @param text kept in the payload under {@link #TEXT}
 * @param metadata the rest of the payload
 */
public record Passage(PointId id, String text, Payload metadata) {
  /** The key of a payload that holds the text. */
  public static final String TEXT = "text";

  /** Checks that the text's key is free. */
  public Passage {
    if (metadata.values().containsKey(TEXT)) {
      throw new IllegalArgumentException(
          "a passage's metadata must not have the key '%s', which is its text's (point %s)"
              .formatted(TEXT, id));
    }
  }

  /** Without metadata, and with an id as {@link PointId#parse} reads it. */
  public static Passage of(String id, String text) {
    return of(id, text, Payload.EMPTY);
  }

  /** With an id as {@link PointId#parse} reads it. */
  public static Passage of(String id, String text, Payload metadata) {
    return new Passage(PointId.parse(id), text, metadata);
  }

  /** Its point, whose only vector has that name. */
  public Point point(String vector, float[] row) {
    return new Point(id, Map.of(vector, row), Payload.of(TEXT, text).mergedWith(metadata));
  }
}
