package dev.kith.langchain4j;

import dev.kith.db.point.FieldType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;

/**
 * Type of a metadata value. A payload has an object for each type that occurs, under {@code
 * metadata}, with the values by their key. A key that has values of several types is therefore
 * several fields, each indexed as its type requires, and every value is read back with its type.
 */
enum MetadataType {
  /** A string short enough for a keyword. */
  STRING("string", FieldType.KEYWORD),
  /** A longer string; filters read it from the payload. */
  LONG_STRING("long-string", FieldType.TEXT),
  /** A UUID, as its text. */
  UUID("uuid", FieldType.KEYWORD),
  /** An int. */
  INT("int", FieldType.INTEGER),
  /** A long. */
  LONG("long", FieldType.INTEGER),
  /** A float; indexed as the float64 with the same decimal digits. */
  FLOAT("float", FieldType.FLOAT),
  /** A double. */
  DOUBLE("double", FieldType.FLOAT),
  /** One of {@link #SPECIALS}, as a float's text. */
  SPECIAL_FLOAT("special-float", FieldType.KEYWORD),
  /** One of {@link #SPECIALS}, as a double's text. */
  SPECIAL_DOUBLE("special-double", FieldType.KEYWORD);

  /** Numbers that an indexed JSON number cannot be; their texts are Java's. */
  static final List<Double> SPECIALS =
      List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0);

  /** Most bytes of UTF-8 in a keyword; see {@link FieldType#KEYWORD}. */
  static final int MAX_KEYWORD = 8191;

  /** Length of the longest path of a field in a schema. */
  private static final int MAX_PATH = 256;

  private static final String ESCAPE = "__";

  private final String folder;
  private final FieldType fieldType;

  MetadataType(String folder, FieldType fieldType) {
    this.folder = folder;
    this.fieldType = fieldType;
  }

  /** The type of a value that LangChain4j's {@code Metadata} allows. */
  static MetadataType of(Object value) {
    return switch (value) {
      case String text -> isLong(text) ? LONG_STRING : STRING;
      case UUID _ -> UUID;
      case Integer _ -> INT;
      case Long _ -> LONG;
      case Float number -> SPECIALS.contains(number.doubleValue()) ? SPECIAL_FLOAT : FLOAT;
      case Double number -> SPECIALS.contains(number) ? SPECIAL_DOUBLE : DOUBLE;
      default ->
          throw new IllegalArgumentException(
              "a metadata value must be a String, UUID, Integer, Long, Float or Double: "
                  + value.getClass().getName());
    };
  }

  /** Whether a string is too long for a keyword. */
  static boolean isLong(String text) {
    return text.length() > MAX_KEYWORD / 3
        && text.getBytes(StandardCharsets.UTF_8).length > MAX_KEYWORD;
  }

  /** Name of the object that holds this type's values. */
  String folder() {
    return folder;
  }

  /** Type of the fields that its values are indexed as. */
  FieldType fieldType() {
    return fieldType;
  }

  /**
   * The indexed field of a key.
   *
   * @throws IllegalArgumentException if the key is too long for the name of a field
   */
  String path(String key) {
    String path = "%s.%s.%s".formatted(Segments.METADATA, folder, name(key));
    if (path.length() > MAX_PATH) {
      throw new IllegalArgumentException(
          "a metadata key must make a field's path of at most %d characters: length=%d, key=%.40s...; shorten the key"
              .formatted(MAX_PATH, path.length(), key));
    }
    return path;
  }

  /**
   * A key as part of a field's path: letters, digits, {@code -} and {@code _} stay, except where
   * they would begin the name or look like an escape; every other UTF-16 unit becomes {@code __}
   * and its four hexadecimal digits.
   */
  static String name(String key) {
    var name = new StringBuilder(key.length() + 8);
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      boolean stays =
          Character.isLetter(c)
              || (i > 0 && isInner(c))
              || (c == '_' && i + 1 < key.length() && isInner(key.charAt(i + 1)));
      if (stays) {
        name.append(c);
      } else {
        name.append(ESCAPE).append("%04x".formatted((int) c));
      }
    }
    return name.toString();
  }

  private static boolean isInner(char c) {
    return Character.isLetter(c) || Character.isDigit(c) || c == '-';
  }

  /** The key of which {@link #name} made {@code name}. */
  static String key(String name) {
    var key = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); ) {
      if (name.startsWith(ESCAPE, i)) {
        key.append((char) Integer.parseInt(name, i + 2, i + 6, 16));
        i += 6;
      } else {
        key.append(name.charAt(i++));
      }
    }
    return key.toString();
  }

  /** A value of this type as a payload has it. */
  Object write(Object value) {
    return switch (this) {
      case STRING, LONG_STRING, UUID, SPECIAL_FLOAT, SPECIAL_DOUBLE -> value.toString();
      case INT, LONG, FLOAT, DOUBLE -> value;
    };
  }

  /** The value of which {@link #write} made {@code value}. */
  Object read(Object value) {
    return switch (this) {
      case STRING, LONG_STRING -> value;
      case UUID -> java.util.UUID.fromString((String) value);
      case INT -> ((Number) value).intValue();
      case LONG -> ((Number) value).longValue();
      case FLOAT -> ((Number) value).floatValue();
      case DOUBLE -> ((Number) value).doubleValue();
      case SPECIAL_FLOAT -> Float.valueOf((String) value);
      case SPECIAL_DOUBLE -> Double.valueOf((String) value);
    };
  }
}
