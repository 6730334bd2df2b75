package dev.kith.db.store;

import dev.kith.db.filter.Value;
import dev.kith.db.json.PayloadJson;
import dev.kith.db.json.Times;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.document.DoubleField;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.KeywordField;
import org.apache.lucene.document.LatLonDocValuesField;
import org.apache.lucene.document.LatLonPoint;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/**
 * The indexed fields of payloads that follow a schema. Nothing is stored: the payload itself is
 * kept elsewhere.
 *
 * <table>
 *   <caption>What a field becomes, under the name {@link #name}</caption>
 *   <tr><td>keyword, bool</td><td>a term, and doc values (SORTED_SET); bools are "true", "false"</td></tr>
 *   <tr><td>text</td><td>terms of {@link #ANALYZER} with frequencies, positions and norms</td></tr>
 *   <tr><td>integer, datetime</td><td>a 64-bit point, and doc values (SORTED_NUMERIC); datetimes are milliseconds since 1970</td></tr>
 *   <tr><td>float</td><td>a float64 point, and doc values (SORTED_NUMERIC); never -0.0</td></tr>
 *   <tr><td>geo</td><td>a point of two 32-bit numbers, and doc values (SORTED_NUMERIC): degrees rounded down to 180/2^32 (latitude) and 360/2^32 (longitude), so places move by less than a centimetre</td></tr>
 * </table>
 *
 * <p>Every one of them answers Lucene's {@code FieldExistsQuery}, text by its norms, even where it
 * has no word. Safe for many threads.
 */
public final class PayloadFields {
  /** The most bytes of UTF-8 in a keyword. */
  public static final int MAX_KEYWORD = 8191;

  /** Makes the text of points into words. The index writer must have it too. */
  public static final Analyzer ANALYZER = new WordAnalyzer(false);

  /** The same for words that are looked for. */
  static final Analyzer ASKED = new WordAnalyzer(true);

  private static final int MAX_SHOWN = 80;

  private record Path(String path, String name, FieldType type, List<String> keys) {}

  private final Schema schema;
  private final List<Path> paths;
  private final Set<String> prefixes = new HashSet<>();
  private final Set<String> pending;

  /** For payloads of that schema. */
  public PayloadFields(Schema schema) {
    this(schema, Set.of());
  }

  /**
   * For payloads of a schema that is being changed.
   *
   * @param pending paths by which older points are not indexed yet: filters take them for unnamed
   */
  PayloadFields(Schema schema, Set<String> pending) {
    this.schema = schema;
    this.pending = pending;
    this.paths =
        schema.fields().entrySet().stream()
            .map(
                field ->
                    new Path(
                        field.getKey(),
                        name(field.getKey(), field.getValue()),
                        field.getValue(),
                        keys(field.getKey())))
            .toList();
    for (var path : schema.fields().keySet()) {
      for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
        prefixes.add(path.substring(0, dot));
      }
    }
  }

  /**
   * What Lucene calls the field of that path: by how it is indexed, which Lucene never lets change,
   * so that a path may be given another type after an attempt with the wrong one.
   */
  public static String name(String path, FieldType type) {
    return switch (type) {
          case KEYWORD, BOOL -> "term.";
          case TEXT -> "text.";
          case INTEGER, DATETIME -> "long.";
          case FLOAT -> "double.";
          case GEO -> "geo.";
        }
        + path;
  }

  /**
   * The fields of a payload. A path leads through objects and through arrays, however nested; all
   * values that it reaches count, nulls do not. A key of the payload that is the whole path, dots
   * and all, goes before that.
   *
   * @throws IllegalArgumentException if a value does not fit its type, or if the schema is strict
   *     and the payload has a field that it has not; the message names the field and the point
   */
  public List<IndexableField> of(PointId id, Payload payload) {
    if (payload.isEmpty() || (paths.isEmpty() && !schema.strict())) {
      return List.of();
    }
    var values = payload.values();
    if (schema.strict()) {
      requireKnown(values, "", false, id);
    }
    var fields = new ArrayList<IndexableField>();
    for (var path : paths) {
      reach(payload, path.path, path.keys, value -> add(fields, path, value, id));
    }
    return fields;
  }

  /** The fields of what the schema does not name, none if it allows no such values. */
  List<IndexableField> unnamed(Payload payload) {
    return schema.strict()
        ? List.of()
        : UnnamedFields.of(payload, path -> schema.field(path) != null && !pending.contains(path));
  }

  /** The keys that a path leads through. */
  static List<String> keys(String path) {
    return List.of(path.split("\\.", -1));
  }

  /**
   * Gives the values that a payload has at a path.
   *
   * @param keys of the path
   */
  static void reach(Payload payload, String path, List<String> keys, Consumer<Object> sink) {
    var values = payload.values();
    if (keys.size() > 1 && values.containsKey(path)) {
      reach(values.get(path), keys, keys.size(), sink);
    } else {
      reach(values, keys, 0, sink);
    }
  }

  /** False only if the payload has nothing at that path. */
  static boolean mayHave(Payload payload, String path) {
    int dot = path.indexOf('.');
    return payload.values().containsKey(path)
        || (dot >= 0 && payload.values().containsKey(path.substring(0, dot)));
  }

  private static void reach(
      @Nullable Object value, List<String> keys, int depth, Consumer<Object> sink) {
    if (value instanceof List<?> list) {
      list.forEach(element -> reach(element, keys, depth, sink));
    } else if (depth < keys.size()) {
      if (value instanceof Map<?, ?> map) {
        reach(map.get(keys.get(depth)), keys, depth + 1, sink);
      }
    } else if (value != null) {
      sink.accept(value);
    }
  }

  /** Keys that neither are a field nor lead to one are errors; a place has lat and lon. */
  private void requireKnown(Map<?, ?> object, String prefix, boolean isPlace, PointId id) {
    for (var entry : object.entrySet()) {
      String key = (String) entry.getKey();
      if (isPlace && (key.equals("lat") || key.equals("lon"))) {
        continue;
      }
      String path = prefix + key;
      boolean dotted = key.indexOf('.') >= 0;
      var type = dotted && !prefix.isEmpty() ? null : schema.field(path);
      boolean leads = !dotted && prefixes.contains(path);
      if (type == null && !leads) {
        throw unknown(path, id);
      }
      if (leads || type == FieldType.GEO) {
        requireKnownInside(entry.getValue(), path, type, id);
      }
    }
  }

  private void requireKnownInside(
      @Nullable Object value, String path, @Nullable FieldType type, PointId id) {
    switch (value) {
      case List<?> list -> list.forEach(element -> requireKnownInside(element, path, type, id));
      case Map<?, ?> map -> requireKnown(map, path + ".", type == FieldType.GEO, id);
      case null -> {}
      default -> {
        if (type == null) {
          throw unknown(path, id);
        }
      }
    }
  }

  private IllegalArgumentException unknown(String path, PointId id) {
    return new IllegalArgumentException(
        "the schema is strict and has no field %s; it has %s (%s)"
            .formatted(
                cut(Value.of(path).toString()), FilterQueries.fieldNames(schema), point(id)));
  }

  private static void add(List<IndexableField> fields, Path path, Object value, PointId id) {
    switch (path.type) {
      case KEYWORD -> {
        var utf8 = new BytesRef(string(path, value, id));
        if (utf8.length > MAX_KEYWORD) {
          throw new IllegalArgumentException(
              "field '%s' must have at most %d bytes of UTF-8: bytes=%d (%s); make it text, or leave it out of the schema"
                  .formatted(path.path, MAX_KEYWORD, utf8.length, point(id)));
        }
        fields.add(new KeywordField(path.name, utf8, Store.NO));
      }
      case TEXT -> fields.add(new TextField(path.name, string(path, value, id), Store.NO));
      case INTEGER -> fields.add(new LongField(path.name, integer(path, value, id), Store.NO));
      case FLOAT -> fields.add(new DoubleField(path.name, real(path, value, id), Store.NO));
      case BOOL -> {
        if (!(value instanceof Boolean truth)) {
          throw wrong(path, "true or false", value, id);
        }
        fields.add(new KeywordField(path.name, truth.toString(), Store.NO));
      }
      case DATETIME -> {
        var millis = value instanceof String text ? Times.millis(text) : null;
        if (millis == null) {
          throw wrong(path, "an ISO 8601 date or instant like 2024-05-01T10:00:00Z", value, id);
        }
        fields.add(new LongField(path.name, millis, Store.NO));
      }
      case GEO -> {
        double lat = degrees(path, value, "lat", 90, id);
        double lon = degrees(path, value, "lon", 180, id);
        fields.add(new LatLonPoint(path.name, lat, lon));
        fields.add(new LatLonDocValuesField(path.name, lat, lon));
      }
    }
  }

  private static String string(Path path, Object value, PointId id) {
    if (!(value instanceof String text)) {
      throw wrong(path, "a string", value, id);
    }
    return text;
  }

  private static long integer(Path path, Object value, PointId id) {
    try {
      return switch (value) {
        case Integer integer -> integer;
        case Long integer -> integer;
        case BigInteger integer -> integer.longValueExact();
        case BigDecimal decimal -> decimal.longValueExact();
        default -> throw wrong(path, "an integer", value, id);
      };
    } catch (ArithmeticException e) {
      throw wrong(
          path, value instanceof BigInteger ? "an integer of 64 bits" : "an integer", value, id);
    }
  }

  private static double real(Path path, Object value, PointId id) {
    double real = real(value);
    if (!Double.isFinite(real)) {
      throw wrong(path, "a finite number", value, id);
    }
    return real;
  }

  /** NaN if it is no number; never -0.0. */
  private static double real(@Nullable Object value) {
    return value instanceof Number number ? number.doubleValue() + 0.0 : Double.NaN;
  }

  private static double degrees(Path path, Object place, String key, int most, PointId id) {
    var value = place instanceof Map<?, ?> object ? object.get(key) : null;
    if (!(value instanceof Number)) {
      throw wrong(path, "an object of numbers lat and lon", place, id);
    }
    double degrees = real(value);
    if (!(Math.abs(degrees) <= most)) {
      throw wrong(path, "a place whose %s is -%d to %d".formatted(key, most, most), place, id);
    }
    return degrees;
  }

  private static IllegalArgumentException wrong(Path path, String what, Object value, PointId id) {
    return new IllegalArgumentException(
        "field '%s' must be %s: %s (%s)"
            .formatted(path.path, what, cut(PayloadJson.text(value)), point(id)));
  }

  private static String point(PointId id) {
    return "point "
        + (id instanceof PointId.Text(var text) ? cut(Value.of(text).toString()) : id.toString());
  }

  static String cut(String text) {
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
  }
}
