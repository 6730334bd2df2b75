package dev.kith.db.point;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.db.json.JsonLimits;
import dev.kith.db.json.Unicode;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the points of a collection look like.
 *
 * @param vectors by name
 * @param fields payload fields that are indexed, by the path of keys to them joined by dots; a key
 *     that has dots itself, such as {@code tb_9.6.11}, is a path, too
 * @param strict whether a payload may have these fields alone; if not, others are kept, but no
 *     filter sees them
 */
public record Schema(
    Map<String, VectorField> vectors, Map<String, FieldType> fields, boolean strict) {
  /** The name of a vector when there is one. */
  public static final String VECTOR = "vector";

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String BYTE_ORDER_MARK = "\ufeff";
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_-]{0,63}");
  private static final int MAX_PATH = 256;

  /** Checks names and copies the maps, in their order. */
  public Schema {
    vectors = Collections.unmodifiableMap(new LinkedHashMap<>(vectors));
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    vectors.keySet().forEach(Schema::requireName);
    fields.keySet().forEach(Schema::requirePath);
  }

  /** One vector a point, called {@link #VECTOR}, no indexed field, free payloads. */
  public static Schema of(int dimension, Metric metric) {
    return of(VectorField.of(dimension, metric));
  }

  /** The same, of any kind of vector. */
  public static Schema of(VectorField vector) {
    return new Schema(Map.of(VECTOR, vector), Map.of(), false);
  }

  /** With one more vector a point. */
  public Schema withVector(String name, VectorField vector) {
    var more = new LinkedHashMap<>(vectors);
    if (more.put(name, vector) != null) {
      throw new IllegalArgumentException("there is a vector of that name already: " + name);
    }
    return new Schema(more, fields, strict);
  }

  /** With one more indexed field. */
  public Schema withField(String path, FieldType type) {
    var more = new LinkedHashMap<>(fields);
    if (more.put(path, type) != null) {
      throw new IllegalArgumentException("there is a field of that name already: " + path);
    }
    return new Schema(vectors, more, strict);
  }

  /** With another index for the vectors of that name. */
  public Schema withIndex(String name, String spec) {
    var changed = new LinkedHashMap<>(vectors);
    changed.put(name, vector(name).withIndex(spec));
    return new Schema(changed, fields, strict);
  }

  /** Without these indexed fields. */
  public Schema withoutFields(Set<String> paths) {
    var fewer = new LinkedHashMap<>(fields);
    fewer.keySet().removeAll(paths);
    return new Schema(vectors, fewer, strict);
  }

  /** Allowing no other fields. */
  public Schema asStrict() {
    return new Schema(vectors, fields, true);
  }

  /**
   * The vectors of that name.
   *
   * @throws IllegalArgumentException if there are none; the message lists those that are
   */
  public VectorField vector(String name) {
    var vector = vectors.get(name);
    if (vector == null) {
      throw new IllegalArgumentException(
          "no such vector: %s; the collection has %s".formatted(name, names(vectors)));
    }
    return vector;
  }

  private static String names(Map<String, ?> named) {
    return named.isEmpty() ? "none" : String.join(", ", named.keySet());
  }

  private static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a vector's name must be a letter or _, then up to 63 letters, digits, _ or -: '%s'"
              .formatted(Unicode.shown(name)));
    }
  }

  private static void requirePath(String path) {
    boolean isText =
        Unicode.halfSurrogate(path) < 0 && path.codePoints().noneMatch(Character::isISOControl);
    if (path.isEmpty() || path.length() > MAX_PATH || !isText) {
      throw new IllegalArgumentException(
          "a field's path must be 1 to %d characters of Unicode text, without control characters: '%s'"
              .formatted(MAX_PATH, Unicode.shown(path)));
    }
  }

  /**
   * Reads the JSON form: {@code {"vectors": {"vector": {"dimension": 384, "metric": "cosine",
   * "type": "float32", "index": "flat(shadow=int8)"}}, "fields": {"lang": "keyword"}, "strict":
   * false}}; type, index, fields and strict may be left out.
   *
   * @throws IllegalArgumentException saying which part is wrong
   */
  public static Schema parse(String json) {
    try {
      return read(MAPPER.readTree(json.startsWith(BYTE_ORDER_MARK) ? json.substring(1) : json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a schema must be JSON: " + JsonLimits.said(e), e);
    }
  }

  /** The same of a file's bytes, in UTF-8, or in UTF-16 or UTF-32 as JSON lets one see. */
  public static Schema parse(byte[] json) {
    try {
      return read(MAPPER.readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a schema must be JSON: " + JsonLimits.said(e), e);
    } catch (IOException e) {
      throw new IllegalArgumentException("a schema must be JSON in UTF-8: " + e.getMessage(), e);
    }
  }

  private static Schema read(JsonNode node) {
    if (!(node instanceof ObjectNode object)) {
      throw new IllegalArgumentException("a schema must be a JSON object");
    }
    requireKeys(object, "a schema", "vectors", "fields", "strict");
    var vectors = new LinkedHashMap<String, VectorField>();
    for (var entry : requireObject(object, "vectors").properties()) {
      vectors.put(entry.getKey(), vector(entry.getKey(), entry.getValue()));
    }
    var fields = new LinkedHashMap<String, FieldType>();
    for (var entry : requireObject(object, "fields").properties()) {
      if (!entry.getValue().isTextual()) {
        throw new IllegalArgumentException(
            "a field's type must be a string: %s: %s".formatted(entry.getKey(), entry.getValue()));
      }
      fields.put(entry.getKey(), FieldType.parse(entry.getValue().textValue()));
    }
    var strict = object.path("strict");
    if (!strict.isBoolean() && !strict.isMissingNode()) {
      throw new IllegalArgumentException("strict must be true or false: " + strict);
    }
    return new Schema(vectors, fields, strict.asBoolean(false));
  }

  /** Gives the object of that name, an empty one where there is none. */
  private static JsonNode requireObject(ObjectNode parent, String key) {
    var value = parent.path(key);
    if (!value.isObject() && !value.isMissingNode()) {
      throw new IllegalArgumentException("%s must be a JSON object: %s".formatted(key, value));
    }
    return value;
  }

  private static VectorField vector(String name, JsonNode node) {
    if (!(node instanceof ObjectNode object)) {
      throw new IllegalArgumentException(
          "a vector must be a JSON object with dimension and metric: " + name);
    }
    requireKeys(object, "vector " + name, "dimension", "metric", "type", "index");
    if (!object.path("dimension").isInt()) {
      throw new IllegalArgumentException("vector %s must have a dimension".formatted(name));
    }
    if (!object.path("metric").isTextual()) {
      throw new IllegalArgumentException(
          "vector %s must have a metric: l2, cosine or dot".formatted(name));
    }
    var field =
        VectorField.of(
            object.get("dimension").intValue(), Metric.parse(object.get("metric").asText()));
    if (object.has("type")) {
      field = field.withType(type(text(name, object, "type")));
    }
    return object.has("index") ? field.withIndex(text(name, object, "index")) : field;
  }

  private static String text(String vector, ObjectNode object, String key) {
    var value = object.get(key);
    if (!value.isTextual()) {
      throw new IllegalArgumentException(
          "vector %s must have %s %s that is a string: %s"
              .formatted(vector, key.startsWith("i") ? "an" : "a", key, value));
    }
    return value.textValue();
  }

  private static ElementType type(String name) {
    for (var type : ElementType.values()) {
      if (type.name().equalsIgnoreCase(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException("a vector's type must be float32, float16 or int8: " + name);
  }

  private static void requireKeys(ObjectNode object, String what, String... known) {
    for (var entry : object.properties()) {
      String name = entry.getKey();
      if (!List.of(known).contains(name)) {
        throw new IllegalArgumentException(
            "%s has no key '%s'; known are %s".formatted(what, name, String.join(", ", known)));
      }
    }
  }

  /** The JSON form. */
  public String toJson() {
    return tree().toString();
  }

  private ObjectNode tree() {
    var object = MAPPER.createObjectNode();
    var named = object.putObject("vectors");
    vectors.forEach(
        (name, vector) ->
            named
                .putObject(name)
                .put("dimension", vector.dimension())
                .put("metric", vector.metric().toString())
                .put("type", vector.type().name().toLowerCase(Locale.ROOT))
                .put("index", vector.index().toString()));
    var paths = object.putObject("fields");
    fields.forEach((path, type) -> paths.put(path, type.toString()));
    return object.put("strict", strict);
  }

  /** The type of that field, or null if it is not indexed. */
  public @Nullable FieldType field(String path) {
    return fields.get(path);
  }
}
