package dev.kith.db.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Date;
import java.util.function.Function;

/**
 * How Java's own values stand in JSON: instants and dates as their ISO 8601 text, which datetime
 * fields read; enums by their names; records as objects. And the way back, into records and other
 * classes.
 */
public final class JavaValues {
  private static final JsonMapper READER =
      JsonMapper.builder(JsonLimits.factory())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .addModule(module())
          .build();

  private JavaValues() {}

  /** What makes a mapper write and read such values. */
  @SuppressWarnings("JavaUtilDate") // payloads take what users have
  static SimpleModule module() {
    var module = new SimpleModule("kith-values");
    write(module, Instant.class, Instant::toString);
    write(module, LocalDate.class, LocalDate::toString);
    write(module, LocalDateTime.class, LocalDateTime::toString);
    write(module, OffsetDateTime.class, OffsetDateTime::toString);
    write(module, ZonedDateTime.class, time -> time.toOffsetDateTime().toString());
    write(module, Date.class, date -> Instant.ofEpochMilli(date.getTime()).toString());
    read(module, Instant.class, instant -> instant);
    read(module, Date.class, Date::from);
    read(module, OffsetDateTime.class, instant -> instant.atOffset(ZoneOffset.UTC));
    read(
        module, LocalDateTime.class, instant -> instant.atOffset(ZoneOffset.UTC).toLocalDateTime());
    read(module, LocalDate.class, instant -> instant.atOffset(ZoneOffset.UTC).toLocalDate());
    return module;
  }

  private static <T> void write(SimpleModule module, Class<T> type, Function<T, String> text) {
    module.addSerializer(
        type,
        new StdScalarSerializer<>(type) {
          private static final long serialVersionUID = 1;

          @Override
          public void serialize(T value, JsonGenerator out, SerializerProvider provider)
              throws IOException {
            out.writeString(text.apply(value));
          }
        });
  }

  private static <T> void read(SimpleModule module, Class<T> type, Function<Instant, T> of) {
    module.addDeserializer(
        type,
        new StdScalarDeserializer<T>(type) {
          private static final long serialVersionUID = 1;

          @Override
          public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
            String text = in.getText();
            var instant = Times.instant(text);
            if (instant == null) {
              throw JsonMappingException.from(
                  in, "it must be an ISO 8601 date or instant: \"%s\"".formatted(text));
            }
            return of.apply(instant);
          }
        });
  }

  /**
   * Reads an object into a record or another class, by the names of its components; keys that it
   * has no component for are passed over.
   *
   * @throws IllegalArgumentException if a value does not fit its component, if one of a primitive
   *     type has no value, or if the class keeps Kith from making one
   */
  public static <T> T read(byte[] json, Class<T> type) {
    try {
      return READER.readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "a payload must fit %s: %s".formatted(type.getSimpleName(), said(e)), e);
    } catch (IOException e) {
      throw PayloadJson.impossible(e);
    }
  }

  /** What does not fit, and where, without the parser's advice to programmers. */
  private static String said(JsonProcessingException e) {
    var place = new StringBuilder();
    if (e instanceof JsonMappingException mapping) {
      for (var step : mapping.getPath()) {
        place
            .append('/')
            .append(step.getFieldName() == null ? step.getIndex() : step.getFieldName());
      }
    }
    String problem = JsonLimits.saidOfLine(e).replaceFirst("^column \\d+: ", "");
    return "%s at %s".formatted(problem, place.isEmpty() ? "its top" : place);
  }
}
