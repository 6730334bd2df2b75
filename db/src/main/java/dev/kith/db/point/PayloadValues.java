package dev.kith.db.point;

import dev.kith.db.json.PayloadJson;
import dev.kith.db.json.Times;
import dev.kith.db.json.Unicode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What gives a payload's values as Java's own. Each is asked for by a path of keys joined by dots;
 * the key that is the whole path goes before keys joined by dots. Null is returned where there is
 * nothing, or JSON's null; a value of another kind is refused with {@link
 * IllegalArgumentException}.
 */
public interface PayloadValues {

  /** The value at that path as {@link Payload#values} has it, or null. */
  @Nullable Object value(String path);

  /**
   * The payload as a record, or another class with a constructor that names its parameters: each
   * component takes the value of its name, and is null where there is none. Instants, dates, enums,
   * lists, maps and records inside are read as {@link Payload#of(Record)} writes them. The package
   * of a class in a named module must be open to {@code com.fasterxml.jackson.databind}, or the
   * class public and its package exported.
   *
   * @throws IllegalArgumentException if a value does not fit its component, or a component of a
   *     primitive type has none
   */
  <T> T as(Class<T> type);

  /** The string at that path, or null. */
  default @Nullable String getString(String path) {
    return switch (value(path)) {
      case null -> null;
      case String text -> text;
      case Object other -> throw wrong(path, "a string", other);
    };
  }

  /** The integer at that path, or null; {@code 2020.0} is one. */
  default @Nullable Long getLong(String path) {
    Object value = value(path);
    try {
      return switch (value) {
        case null -> null;
        case Integer integer -> integer.longValue();
        case Long integer -> integer;
        case BigInteger integer -> integer.longValueExact();
        case BigDecimal decimal -> decimal.longValueExact();
        case Object other -> throw wrong(path, "an integer", other);
      };
    } catch (ArithmeticException e) {
      throw wrong(path, "an integer of 64 bits", value);
    }
  }

  /** The number at that path as the nearest float64, or null. */
  default @Nullable Double getDouble(String path) {
    return switch (value(path)) {
      case null -> null;
      case Number number -> number.doubleValue();
      case Object other -> throw wrong(path, "a number", other);
    };
  }

  /** Whether it is true that stands at that path, or null. */
  default @Nullable Boolean getBoolean(String path) {
    return switch (value(path)) {
      case null -> null;
      case Boolean truth -> truth;
      case Object other -> throw wrong(path, "true or false", other);
    };
  }

  /**
   * The ISO 8601 instant at that path, or null; a date alone is its midnight, and without an offset
   * it is UTC, as datetime fields read it.
   */
  default @Nullable Instant getInstant(String path) {
    Object value = value(path);
    if (value == null) {
      return null;
    }
    var instant = value instanceof String text ? Times.instant(text) : null;
    if (instant == null) {
      throw wrong(path, "an ISO 8601 date or instant like 2024-05-01T10:00:00Z", value);
    }
    return instant;
  }

  /** The date of {@link #getInstant} in UTC, or null. */
  default @Nullable LocalDate getDate(String path) {
    var instant = getInstant(path);
    return instant == null ? null : instant.atOffset(ZoneOffset.UTC).toLocalDate();
  }

  /** The constant whose name stands at that path, or null. */
  default <E extends Enum<E>> @Nullable E getEnum(String path, Class<E> type) {
    String name = getString(path);
    if (name == null) {
      return null;
    }
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.name().equals(name))
        .findFirst()
        .orElseThrow(() -> wrong(path, "one of " + Arrays.toString(type.getEnumConstants()), name));
  }

  /** The strings of the array at that path; one string is an array of it, and nothing is none. */
  default List<String> getStrings(String path) {
    return switch (value(path)) {
      case null -> List.of();
      case String text -> List.of(text);
      case List<?> list when list.stream().allMatch(String.class::isInstance) ->
          list.stream().map(String.class::cast).toList();
      case Object other -> throw wrong(path, "an array of strings", other);
    };
  }

  private static IllegalArgumentException wrong(String path, String what, @Nullable Object value) {
    String found = PayloadJson.text(value);
    return new IllegalArgumentException(
        "payload value '%s' must be %s: %s"
            .formatted(
                Unicode.shown(path), what, found.length() <= 80 ? found : found.substring(0, 80)));
  }
}
