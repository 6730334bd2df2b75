package dev.kith.db.point;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is kept beside a point's vectors: a JSON object, read only when it is looked into. Two are
 * equal if their values are, in whatever order.
 */
public final class Payload {
  /** Of what no payload was given. */
  public static final Payload EMPTY = new Payload("{}".getBytes(StandardCharsets.UTF_8));

  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonLimits.factory())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES) // 100.0 stays 100.0
          .build();

  private final byte[] json;
  private volatile @Nullable ObjectNode tree;

  private Payload(byte[] json) {
    this.json = json;
  }

  /**
   * Reads a JSON object.
   *
   * @throws IllegalArgumentException if it is no JSON, no object, names a key twice, is beyond
   *     {@link JsonLimits}, or holds half a surrogate
   */
  public static Payload parse(String json) {
    try (var parser = MAPPER.createParser(json)) {
      parser.nextToken();
      var payload = read(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("a payload must be one JSON object: more follows it");
      }
      return payload;
    } catch (JsonProcessingException e) {
      throw noObject(e);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail to be read", e);
    }
  }

  /**
   * Reads the JSON object that a parser stands at, and leaves it at that object's end.
   *
   * @throws IllegalArgumentException as {@link #parse} does, but for what is no JSON
   */
  public static Payload read(JsonParser parser) throws IOException {
    return new Payload(PayloadJson.copy(MAPPER, parser));
  }

  private static IllegalArgumentException noObject(JsonProcessingException e) {
    return new IllegalArgumentException(
        "a payload must be a JSON object: " + JsonLimits.saidOfLine(e), e);
  }

  /** Of a value each key: strings, numbers, booleans, null, lists and maps of these. */
  public static Payload of(Map<String, ? extends @Nullable Object> values) {
    try (var parser = PayloadJson.parser(MAPPER, values)) {
      return read(parser);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a payload must be JSON: " + JsonLimits.said(e), e);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail to be read", e);
    }
  }

  /** Of keys and values in turn. */
  public static Payload of(Object... keysAndValues) {
    if (keysAndValues.length % 2 != 0) {
      throw new IllegalArgumentException(
          "each key needs a value: arguments=" + keysAndValues.length);
    }
    var values = new LinkedHashMap<String, @Nullable Object>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      values.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return of(values);
  }

  /** Of a tree, as it is now. */
  public static Payload of(ObjectNode tree) {
    try (var parser = tree.traverse(MAPPER)) {
      parser.nextToken();
      return read(parser);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a payload must be JSON: " + JsonLimits.said(e), e);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail to be read", e);
    }
  }

  /** Of bytes that {@link #utf8} gave. */
  public static Payload ofStored(byte[] json) {
    return new Payload(json);
  }

  /** The compact JSON; not to be changed. */
  public byte[] utf8() {
    return json;
  }

  /** How long the JSON is. */
  public int bytes() {
    return json.length;
  }

  /** Read on first use; not to be changed. */
  public ObjectNode tree() {
    var known = tree;
    if (known == null) {
      try {
        if (!(MAPPER.readTree(json) instanceof ObjectNode object)) {
          throw new IllegalArgumentException("a payload must be a JSON object");
        }
        known = object;
      } catch (JsonProcessingException e) {
        throw noObject(e);
      } catch (IOException e) {
        throw new IllegalStateException("memory cannot fail to be read", e);
      }
      tree = known;
    }
    return known;
  }

  /** The value at a path of keys joined by dots, as JSON text, or null if there is none. */
  public @Nullable String get(String path) {
    var value = at(path);
    if (value == null) {
      return null;
    }
    return value.isTextual() ? value.textValue() : value.toString();
  }

  /** The value at a path; the key that is the whole path goes before keys joined by dots. */
  public @Nullable JsonNode at(String path) {
    JsonNode node = tree().get(path);
    if (node != null || path.indexOf('.') < 0) {
      return node;
    }
    node = tree();
    for (var key : path.split("\\.", -1)) {
      node = node == null ? null : node.get(key);
    }
    return node;
  }

  /** As Java's own maps, lists and values. */
  public Map<String, @Nullable Object> toMap() {
    return MAPPER.convertValue(tree(), new TypeReference<Map<String, @Nullable Object>>() {});
  }

  /** True if it has no key. */
  public boolean isEmpty() {
    return tree().isEmpty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Payload payload
        && (Arrays.equals(json, payload.json) || tree().equals(Payload::compare, payload.tree()));
  }

  /** 0 if two values that are no arrays or objects are equal; numbers are, if their values are. */
  private static int compare(JsonNode one, JsonNode other) {
    if (one.isNumber() && other.isNumber()) {
      return one.decimalValue().compareTo(other.decimalValue());
    }
    return one.equals(other) ? 0 : 1;
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (var entry : tree().properties()) {
      hash += entry.getKey().hashCode(); // values that are equal may be written in several ways
    }
    return hash;
  }

  /** The JSON. */
  @Override
  public String toString() {
    return new String(json, StandardCharsets.UTF_8);
  }
}
