package dev.kith.db.transfer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.kith.db.json.JsonLimits;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How points and ids look in JSON. Numbers are integers, unsigned; UUIDs in lower case and strings
 * are strings; a string id that looks like a UUID is {@code {"text": "..."}}.
 */
public final class PointJson {
  /** The key of a point's only vector. */
  static final String VECTOR = "vector";

  /** The most digits of a number that is an id. */
  private static final int MAX_DIGITS = 20;

  static final String VECTORS = "vectors";
  static final String ID = "id";
  static final String PAYLOAD = "payload";
  static final String TEXT = "text";

  static final JsonMapper MAPPER =
      JsonMapper.builder(JsonLimits.factory())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES) // messages show 1.0, not 1
          .build();

  private PointJson() {}

  /** An id as it stands in JSON. */
  public static String id(PointId id) {
    return node(id).toString();
  }

  private static JsonNode node(PointId id) {
    return switch (id) {
      case PointId.Number(long value) ->
          value >= 0
              ? JsonNodeFactory.instance.numberNode(value)
              : BigIntegerNode.valueOf(new BigInteger(Long.toUnsignedString(value)));
      case PointId.Uuid(var value) -> JsonNodeFactory.instance.textNode(value.toString());
      case PointId.Text(var value) ->
          PointId.parse(value) instanceof PointId.Uuid
              ? JsonNodeFactory.instance.objectNode().put(TEXT, value)
              : JsonNodeFactory.instance.textNode(value);
    };
  }

  /**
   * The id that stands in JSON.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static PointId parseId(String json) {
    try {
      return id(MAPPER.readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("an id must be JSON: " + JsonLimits.said(e), e);
    }
  }

  /** The same of JSON that was read before. */
  static PointId id(JsonNode node) {
    if (node.isNumber()) {
      var value = whole(node);
      if (value != null && value.signum() >= 0 && value.bitLength() <= 64) {
        return PointId.of(value.longValue());
      }
    } else if (node.isTextual()) {
      return idOf(node.textValue());
    } else if (node.isObject() && node.size() == 1 && node.path(TEXT).isTextual()) {
      return PointId.of(node.get(TEXT).textValue());
    }
    throw new IllegalArgumentException(
        "'id' must be an integer of 0 to 18446744073709551615 or a string: "
            + shorten(node.toString()));
  }

  /** The integer that a number is, also as {@code 1.0} or {@code 1e3}; null if it is none. */
  private static @Nullable BigInteger whole(JsonNode number) {
    if (number.isIntegralNumber()) {
      return number.bigIntegerValue();
    }
    var value = number.decimalValue();
    return (long) value.precision() - value.scale() > MAX_DIGITS
            || value.stripTrailingZeros().scale() > 0
        ? null
        : value.toBigInteger();
  }

  /** A UUID in its usual form, in lower case, or a string: never a number. */
  public static PointId idOf(String text) {
    return PointId.parse(text) instanceof PointId.Uuid uuid ? uuid : PointId.of(text);
  }

  /**
   * The vector that JSON holds, an array of numbers; each becomes the float that is nearest to its
   * digits.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static float[] vector(byte[] json) {
    try (var parser = MAPPER.createParser(json)) {
      parser.nextToken();
      var vector = vector(parser, "a vector");
      if (parser.nextToken() != null) {
        throw noVector("a vector");
      }
      return vector;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "a vector must be a JSON array of numbers: " + JsonLimits.said(e), e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "a vector must be JSON in UTF-8: " + shorten(String.valueOf(e.getMessage())), e);
    }
  }

  /** The array that the parser stands at. */
  static float[] vector(JsonParser parser, String what) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw noVector(what);
    }
    var vector = new float[128];
    int size = 0;
    for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      if (token == null || !token.isNumeric()) {
        throw noVector(what);
      }
      if (size == vector.length) {
        vector = Arrays.copyOf(vector, 2 * size);
      }
      // Not by way of a double, which would round twice.
      vector[size++] = Float.parseFloat(parser.getText());
    }
    return Arrays.copyOf(vector, size);
  }

  private static IllegalArgumentException noVector(String what) {
    return new IllegalArgumentException(what + " must be an array of numbers");
  }

  /** What can stand in a message. */
  static String shorten(String json) {
    String line = json.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return line.length() <= 80 ? line : line.substring(0, 77) + "...";
  }

  /**
   * A point as a line of {@code kith export}: {@code id}, {@code vector} or {@code vectors}, and
   * {@code payload} if it has one.
   */
  public static String text(Point point, Schema schema) {
    var text = new StringWriter();
    try (var out = MAPPER.createGenerator(text)) {
      write(out, point, schema, true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** The same; ids alone if the vectors stand elsewhere. */
  static void write(JsonGenerator out, Point point, Schema schema, boolean withVectors)
      throws IOException {
    out.writeStartObject();
    out.writeFieldName(ID);
    out.writeTree(node(point.id()));
    if (withVectors && !point.vectors().isEmpty()) {
      boolean one = schema.vectors().size() == 1;
      if (!one) {
        out.writeObjectFieldStart(VECTORS);
      }
      for (var name : schema.vectors().keySet()) {
        var vector = point.vector(name);
        if (vector != null) {
          out.writeArrayFieldStart(one ? VECTOR : name);
          for (float element : vector) {
            out.writeNumber(element); // the shortest digits that give the same float32 back
          }
          out.writeEndArray();
        }
      }
      if (!one) {
        out.writeEndObject();
      }
    }
    if (!point.payload().isEmpty()) {
      out.writeFieldName(PAYLOAD);
      out.writeRawValue(new String(point.payload().utf8(), StandardCharsets.UTF_8));
    }
    out.writeEndObject();
  }
}
