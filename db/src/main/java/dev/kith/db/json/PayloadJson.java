package dev.kith.db.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies JSON to the bytes that a payload keeps: compact, numbers as they were written, within
 * {@link JsonLimits}, and Unicode; and gives what these bytes hold as Java's own values.
 */
public final class PayloadJson {
  private static final int MAX_SHOWN = 80;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonLimits.factory())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES) // 100.0 stays 100.0
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS)) // of records, not maps
          .addModule(JavaValues.module())
          .build();

  private static final TypeReference<Map<String, @Nullable Object>> VALUES =
      new TypeReference<>() {};

  private final JsonGenerator out;
  private int depth;

  PayloadJson(JsonGenerator out) {
    this.out = out;
  }

  /**
   * The bytes of the object that a text holds.
   *
   * @throws IllegalArgumentException if it is no JSON, no object, or none that a payload can be
   */
  public static byte[] parse(String json) {
    try (var parser = MAPPER.createParser(json)) {
      parser.nextToken();
      var bytes = copy(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("a payload must be one JSON object: more follows it");
      }
      return bytes;
    } catch (JsonProcessingException e) {
      throw noObject(e);
    } catch (IOException e) {
      throw impossible(e);
    }
  }

  private static IllegalArgumentException noObject(JsonProcessingException e) {
    return new IllegalArgumentException(
        "a payload must be a JSON object: " + JsonLimits.saidOfLine(e), e);
  }

  static IllegalStateException impossible(IOException e) {
    return new IllegalStateException("memory cannot fail to be read", e);
  }

  /**
   * The bytes of Java's own values.
   *
   * @throws IllegalArgumentException if they are none that a payload can be
   */
  public static byte[] of(Map<String, ? extends @Nullable Object> values) {
    try (var parser = parser(values)) {
      return copy(parser);
    } catch (JsonProcessingException e) {
      throw noJson(e);
    } catch (IOException e) {
      throw impossible(e);
    }
  }

  /**
   * The bytes of a record, a key for each component that is not null.
   *
   * @throws IllegalArgumentException if its values are none that a payload can have
   */
  public static byte[] of(Record values) {
    try (var parser = parser(values)) {
      return copy(parser);
    } catch (JsonProcessingException e) {
      throw noJson(e);
    } catch (IOException e) {
      throw impossible(e);
    }
  }

  /**
   * The bytes of a tree, as it is now.
   *
   * @throws IllegalArgumentException if it is none that a payload can be
   */
  public static byte[] of(ObjectNode tree) {
    try (var parser = tree.traverse(MAPPER)) {
      parser.nextToken();
      return copy(parser);
    } catch (JsonProcessingException e) {
      throw noJson(e);
    } catch (IOException e) {
      throw impossible(e);
    }
  }

  private static IllegalArgumentException noJson(JsonProcessingException e) {
    return new IllegalArgumentException("a payload must be JSON: " + JsonLimits.said(e), e);
  }

  /**
   * What the bytes hold, as maps, lists, strings, booleans, nulls and numbers: integers as {@link
   * Integer}, {@link Long} or {@link java.math.BigInteger}, others as {@link BigDecimal}.
   */
  public static Map<String, @Nullable Object> values(byte[] json) {
    try {
      var values = MAPPER.readValue(json, VALUES);
      if (values == null) {
        throw new IllegalArgumentException("a payload must be a JSON object");
      }
      return values;
    } catch (JsonProcessingException e) {
      throw noObject(e);
    } catch (IOException e) {
      throw impossible(e);
    }
  }

  /** A value of {@link #values} as JSON text. */
  public static String text(@Nullable Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw impossible(e);
    }
  }

  /**
   * The object that the parser stands at; it stands at that object's end then.
   *
   * @throws IllegalArgumentException if it is no object, or none that a payload can be
   */
  public static byte[] copy(JsonParser in) throws IOException {
    if (in.currentToken() != JsonToken.START_OBJECT) {
      throw new IllegalArgumentException("a payload must be a JSON object");
    }
    try (var bytes = new ByteArrayBuilder();
        var out = MAPPER.createGenerator(bytes)) {
      new PayloadJson(out).copyValue(in);
      out.flush();
      return bytes.toByteArray();
    }
  }

  /** Copies the value that the parser stands at; it stands at that value's end then. */
  void copyValue(JsonParser in) throws IOException {
    int outside = depth;
    do {
      copyToken(in);
    } while (depth > outside && in.nextToken() != null);
  }

  private void copyToken(JsonParser in) throws IOException {
    switch (in.currentToken()) {
      case START_OBJECT -> {
        enter(in);
        out.writeStartObject();
      }
      case START_ARRAY -> {
        enter(in);
        out.writeStartArray();
      }
      case END_OBJECT -> {
        depth--;
        out.writeEndObject();
      }
      case END_ARRAY -> {
        depth--;
        out.writeEndArray();
      }
      case FIELD_NAME -> {
        String key = in.currentName();
        requireLength("a key", key.length(), JsonLimits.MAX_KEY, in);
        requireUnicode("a key", key, in);
        out.writeFieldName(key);
      }
      case VALUE_STRING -> {
        String text = in.getText();
        requireLength("a string", text.length(), JsonLimits.MAX_STRING, in);
        requireUnicode("a string", text, in);
        out.writeString(text);
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(in);
      case VALUE_TRUE -> out.writeBoolean(true);
      case VALUE_FALSE -> out.writeBoolean(false);
      case VALUE_NULL -> out.writeNull();
      case VALUE_EMBEDDED_OBJECT -> embedded(in);
      case NOT_AVAILABLE -> throw new IllegalStateException("a parser that waits for more");
    }
  }

  private void enter(JsonParser in) {
    if (++depth > JsonLimits.MAX_DEPTH) {
      throw tooDeep(": it is deeper at " + place(in));
    }
  }

  private void number(JsonParser in) throws IOException {
    String text = in.getText();
    if (!Character.isDigit(text.charAt(text.length() - 1))) {
      throw new IllegalArgumentException(
          "a payload's numbers must be finite: %s at %s".formatted(text, place(in)));
    }
    requireLength("a number", text.length(), JsonLimits.MAX_NUMBER, in);
    requireExponent(text, in);
    out.writeNumber(text);
  }

  private static void requireExponent(String text, JsonParser in) {
    try {
      var _ = new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "a payload's numbers must have exponents of 32 bits: %s at %s".formatted(text, place(in)),
          e);
    }
  }

  /** Java's own bytes, which JSON has in base 64, or an object that a tree holds. */
  private void embedded(JsonParser in) throws IOException {
    switch (in.getEmbeddedObject()) {
      case null -> out.writeNull();
      case byte[] bytes -> out.writeBinary(bytes);
      case Object object -> {
        var parser = parser(object);
        if (parser.currentToken() == JsonToken.VALUE_EMBEDDED_OBJECT) {
          throw new IllegalArgumentException(
              "a payload's values must be JSON: %s at %s"
                  .formatted(object.getClass().getName(), place(in)));
        }
        copyValue(parser);
      }
    }
  }

  /**
   * A parser of what Java has, at its first token. Floats are not made doubles, as trees would.
   *
   * @throws IllegalArgumentException if it is nested too deep
   */
  private static JsonParser parser(Object value) throws IOException {
    requireDepth(value, 1);
    try (var buffer = new TokenBuffer(MAPPER, false)) {
      MAPPER.writeValue(buffer, value);
      var parser = buffer.asParser();
      parser.nextToken();
      return parser;
    }
  }

  /** Looks into what is written by recursion, before that overflows the stack. */
  private static void requireDepth(@Nullable Object value, int depth) {
    var inner =
        switch (value) {
          case Map<?, ?> map -> map.values();
          case Collection<?> list -> list;
          case Object[] array -> Arrays.asList(array);
          case ContainerNode<?> node -> node;
          case null, default -> null;
        };
    if (inner == null) {
      return;
    }
    if (depth > JsonLimits.MAX_DEPTH) {
      throw tooDeep("");
    }
    for (Object each : inner) {
      requireDepth(each, depth + 1);
    }
  }

  private static IllegalArgumentException tooDeep(String place) {
    return new IllegalArgumentException(
        "a payload may be nested at most %d deep%s; keep what lies deeper as text"
            .formatted(JsonLimits.MAX_DEPTH, place));
  }

  private static void requireLength(String what, int length, int most, JsonParser in) {
    if (length > most) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s in a payload must have at most %d characters: characters=%d at %s",
              what,
              most,
              length,
              place(in)));
    }
  }

  private static void requireUnicode(String what, String text, JsonParser in) {
    int half = Unicode.halfSurrogate(text);
    if (half >= 0) {
      throw new IllegalArgumentException(
          "%s in a payload must be Unicode text: it has half a surrogate, %s, at %s"
              .formatted(what, Unicode.escaped(text.charAt(half)), place(in)));
    }
  }

  /** The keys and indexes that lead to a value, as a JSON pointer. */
  private static String place(JsonParser in) {
    String pointer = Unicode.shown(in.getParsingContext().pathAsPointer().toString());
    return pointer.isEmpty()
        ? "its top"
        : pointer.length() <= MAX_SHOWN ? pointer : pointer.substring(0, MAX_SHOWN - 3) + "...";
  }
}
