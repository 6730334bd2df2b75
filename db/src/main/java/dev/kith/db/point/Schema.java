package dev.kith.db.point;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.core.metric.Metric;
import dev.kith.core.text.TextEmbedder;
import dev.kith.core.text.TextEmbedding;
import dev.kith.core.vector.ElementType;
import dev.kith.db.json.JsonLimits;
import dev.kith.db.json.Unicode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
 * @param strict whether a payload may have these fields alone; if not, others are kept and indexed
 *     as what they are, and filters take them
 */
public record Schema(
    Map<String, VectorField> vectors, Map<String, FieldType> fields, boolean strict) {
  /** The name of a vector when there is one. */
  public static final String VECTOR = "vector";

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String BYTE_ORDER_MARK = "\ufeff";
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_-]{0,63}");
  private static final int MAX_PATH = 256;
  private static final String[] MODEL_KEYS = {
    "name", "pooling", "maxLength", "normalized", "queryPrefix", "passagePrefix", "checksum"
  };

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

  /**
   * Of texts: one vector a point, compared by cosine, that remembers how it is embedded, and the
   * text itself, which words are looked for in.
   */
  public static Schema ofTexts(TextEmbedder embedder) {
    return of(VectorField.of(embedder.dimension(), Metric.COSINE).embeddedBy(embedder.embedding()))
        .withField(Passage.TEXT, FieldType.TEXT);
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

  /** With vectors of that name that texts became in that way. */
  public Schema withEmbedding(String name, TextEmbedding embedding) {
    var changed = new LinkedHashMap<>(vectors);
    changed.put(name, vector(name).embeddedBy(embedding));
    return new Schema(changed, fields, strict);
  }

  /**
   * What keeps this schema from being the one that is asked for, such as {@code field year:
   * integer, not keyword}; none if nothing does. What is asked for without naming a model takes
   * any.
   */
  public List<String> differences(Schema asked) {
    var found = new ArrayList<String>();
    for (var name : names(vectors, asked.vectors)) {
      var mine = vectors.get(name);
      var theirs = asked.vectors.get(name);
      if (mine == null || theirs == null) {
        found.add("vector %s: %s".formatted(name, mine == null ? "not there" : "not asked for"));
      } else {
        mine.differences(theirs).forEach(one -> found.add("vector %s: %s".formatted(name, one)));
      }
    }
    for (var path : names(fields, asked.fields)) {
      var mine = fields.get(path);
      var theirs = asked.fields.get(path);
      if (mine != theirs) {
        found.add(
            "field %s: %s"
                .formatted(
                    path,
                    mine == null
                        ? "not there"
                        : theirs == null ? "not asked for" : mine + ", not " + theirs));
      }
    }
    if (strict != asked.strict) {
      found.add(strict ? "strict, not free" : "free, not strict");
    }
    return found;
  }

  private static Set<String> names(Map<String, ?> one, Map<String, ?> other) {
    var names = new LinkedHashSet<>(one.keySet());
    names.addAll(other.keySet());
    return names;
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
   * "type": "float32", "index": "auto(recall=0.99)", "model": {"name": "bge-small-en-v15-q"}}},
   * "fields": {"lang": "keyword"}, "strict": false}}; type, index, model, fields and strict may be
   * left out. A model may also have {@code pooling}, {@code maxLength}, {@code normalized} (true if
   * left out), {@code queryPrefix}, {@code passagePrefix} and {@code checksum}.
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
    requireKeys(object, "vector " + name, "dimension", "metric", "type", "index", "model");
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
    if (object.has("index")) {
      field = field.withIndex(text(name, object, "index"));
    }
    return object.has("model") ? field.embeddedBy(embedding(name, object.get("model"))) : field;
  }

  private static TextEmbedding embedding(String vector, JsonNode node) {
    if (!(node instanceof ObjectNode object)) {
      throw new IllegalArgumentException(
          "vector %s must have a model that is a JSON object with a name: %s"
              .formatted(vector, node));
    }
    requireKeys(object, "the model of vector " + vector, MODEL_KEYS);
    var read = TextEmbedding.of(text(vector, object, "name"));
    if (object.has("pooling")) {
      read = read.withPooling(text(vector, object, "pooling"));
    }
    if (object.has("maxLength")) {
      if (!object.get("maxLength").isInt()) {
        throw new IllegalArgumentException(
            "vector %s must have a maxLength that is a number of tokens: %s"
                .formatted(vector, object.get("maxLength")));
      }
      read = read.withMaxLength(object.get("maxLength").intValue());
    }
    if (object.has("normalized")) {
      if (!object.get("normalized").isBoolean()) {
        throw new IllegalArgumentException(
            "vector %s must have a normalized that is true or false: %s"
                .formatted(vector, object.get("normalized")));
      }
      read = read.withNormalized(object.get("normalized").booleanValue());
    }
    if (object.has("queryPrefix")) {
      read = read.withPrefixes(text(vector, object, "queryPrefix"), read.passagePrefix());
    }
    if (object.has("passagePrefix")) {
      read = read.withPrefixes(read.queryPrefix(), text(vector, object, "passagePrefix"));
    }
    return object.has("checksum") ? read.withChecksum(text(vector, object, "checksum")) : read;
  }

  private static String text(String vector, ObjectNode object, String key) {
    var value = object.path(key);
    if (value.isMissingNode()) {
      throw new IllegalArgumentException("vector %s must have a %s".formatted(vector, key));
    }
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
        (name, vector) -> {
          var field =
              named
                  .putObject(name)
                  .put("dimension", vector.dimension())
                  .put("metric", vector.metric().toString())
                  .put("type", vector.type().name().toLowerCase(Locale.ROOT))
                  .put("index", vector.index().toString());
          var embedding = vector.embedding();
          if (embedding != null) {
            put(field.putObject("model"), embedding);
          }
        });
    var paths = object.putObject("fields");
    fields.forEach((path, type) -> paths.put(path, type.toString()));
    return object.put("strict", strict);
  }

  private static void put(ObjectNode object, TextEmbedding embedding) {
    object.put("name", embedding.model());
    if (embedding.pooling() != null) {
      object.put("pooling", embedding.pooling());
    }
    if (embedding.maxLength() > 0) {
      object.put("maxLength", embedding.maxLength());
    }
    object.put("normalized", embedding.normalized());
    object.put("queryPrefix", embedding.queryPrefix());
    object.put("passagePrefix", embedding.passagePrefix());
    if (embedding.checksum() != null) {
      object.put("checksum", embedding.checksum());
    }
  }

  /** The type of that field, or null if it is not indexed. */
  public @Nullable FieldType field(String path) {
    return fields.get(path);
  }
}
