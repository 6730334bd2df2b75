package dev.kith.db.query;

import dev.kith.db.point.Payload;
import dev.kith.db.point.PayloadValues;
import dev.kith.db.point.PointId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A point that was found. The getters of {@link PayloadValues} read its payload; they throw {@link
 * IllegalStateException} if it was not asked for.
 *
 * @param id of the point
 * @param score a distance or a similarity, as the report says
 * @param payload of the point, or null if it was not asked for
 * @param vectors those that were asked for and that the point has
 */
public record Hit(PointId id, double score, @Nullable Payload payload, Map<String, float[]> vectors)
    implements PayloadValues {

  private Payload requirePayload() {
    if (payload == null) {
      throw new IllegalStateException(
          "the hit has no payload, for the query asked for none: id=" + id);
    }
    return payload;
  }

  @Override
  public @Nullable Object value(String path) {
    return requirePayload().value(path);
  }

  @Override
  public <T> T as(Class<T> type) {
    return requirePayload().as(type);
  }
}
