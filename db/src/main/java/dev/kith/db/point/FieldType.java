package dev.kith.db.point;

import java.util.Locale;

/** How a payload field is indexed. A field may hold one value, an array of them, or null. */
public enum FieldType {
  /** A string that is compared whole, at most 8,191 bytes of UTF-8. */
  KEYWORD,
  /** Text that is searched by its words. */
  TEXT,
  /** A 64-bit signed integer. */
  INTEGER,
  /** A float64; integers are widened. */
  FLOAT,
  /** True or false. */
  BOOL,
  /** An ISO 8601 date or instant, to the millisecond; without an offset it is UTC. */
  DATETIME,
  /** {@code {"lat": 52.5, "lon": 13.4}}, in degrees. */
  GEO;

  /** The type called {@code keyword}, {@code text} and so on, in any case. */
  public static FieldType parse(String name) {
    for (var type : values()) {
      if (type.name().equalsIgnoreCase(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "a field's type must be keyword, text, integer, float, bool, datetime or geo: " + name);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
