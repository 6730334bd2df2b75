package dev.kith.db.store;

import dev.kith.db.point.Point;
import dev.kith.db.point.Schema;

/** Tells before a write whether it will be refused. Not safe for many threads. */
public final class PointCheck {
  private final Schema schema;
  private final PayloadFields payloadFields;

  /** For points of that schema. */
  public PointCheck(Schema schema) {
    this.schema = schema;
    this.payloadFields = new PayloadFields(schema);
  }

  /**
   * Returns if the point can be put.
   *
   * @throws IllegalArgumentException as putting it would
   */
  public void require(Point point) {
    var _ = Documents.of(point, schema, payloadFields);
    Documents.requireNew(point, schema);
  }
}
