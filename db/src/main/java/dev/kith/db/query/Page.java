package dev.kith.db.query;

import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some points in the order of their ids.
 *
 * @param points of this page
 * @param next the id to go on after, or null if this was the last page
 */
public record Page(List<Point> points, @Nullable PointId next) {
  /** Copies the list. */
  public Page {
    points = List.copyOf(points);
  }
}
