package dev.kith.db.query;

import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A point that was found.
 *
 * @param id of the point
 * @param score a distance or a similarity, as the report says
 * @param payload of the point, or null if it was not asked for
 * @param vectors those that were asked for and that the point has
 */
public record Hit(
    PointId id, double score, @Nullable Payload payload, Map<String, float[]> vectors) {}
