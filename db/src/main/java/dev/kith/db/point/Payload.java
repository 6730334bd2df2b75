package dev.kith.db.point;

import dev.kith.db.json.JavaValues;
import dev.kith.db.json.JsonLimits;
import dev.kith.db.json.PayloadEdits;
import dev.kith.db.json.PayloadJson;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is kept beside a point's vectors: a JSON object, read only when it is looked into. Two are
 * equal if their values are, in whatever order. Immutable.
 */
public final class Payload implements PayloadValues {
  /** The most objects and arrays inside each other, the outermost one included. */
  public static final int MAX_DEPTH = JsonLimits.MAX_DEPTH;

  /** The most characters of a number. */
  public static final int MAX_NUMBER = JsonLimits.MAX_NUMBER;

  /** The most characters of a key. */
  public static final int MAX_KEY = JsonLimits.MAX_KEY;

  /** The most characters of a string. */
  public static final int MAX_STRING = JsonLimits.MAX_STRING;

  /** Of what no payload was given. */
  public static final Payload EMPTY = new Payload("{}".getBytes(StandardCharsets.UTF_8));

  /** What {@link #find} gives where there is nothing, not even JSON's null. */
  private static final Object NONE = new Object();

  private final byte[] json;
  private volatile @Nullable Map<String, @Nullable Object> values;

  private Payload(byte[] json) {
    this.json = json;
  }

  /**
   * Reads a JSON object.
   *
   * @throws IllegalArgumentException if it is no JSON, no object, names a key twice, is beyond
   *     {@link #MAX_DEPTH}, {@link #MAX_NUMBER}, {@link #MAX_KEY} or {@link #MAX_STRING}, or holds
   *     half a surrogate
   */
  public static Payload parse(String json) {
    return new Payload(PayloadJson.parse(json));
  }

  /**
   * Of a value each key: strings, numbers, booleans, null, instants and dates (as their ISO 8601
   * text), enums (by their names), records (as objects), and lists and maps of such values.
   *
   * @throws IllegalArgumentException as {@link #parse} does
   */
  public static Payload of(Map<String, ? extends @Nullable Object> values) {
    return new Payload(PayloadJson.of(values));
  }

  /**
   * Of a record, a key for each component that is not null; values as {@link #of(Map)} has them.
   *
   * @throws IllegalArgumentException as {@link #parse} does
   */
  public static Payload of(Record values) {
    return new Payload(PayloadJson.of(values));
  }

  /** Of keys and values in turn; values as {@link #of(Map)} has them. */
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

  /**
   * The values by their keys, read on first use: maps, lists, strings, booleans, nulls and numbers.
   * Integers are {@link Integer}, {@link Long} or {@link BigInteger}, whichever holds them, other
   * numbers {@link BigDecimal}, with all their digits. Nothing of it can be changed.
   */
  public Map<String, @Nullable Object> values() {
    var known = values;
    if (known == null) {
      known = fixed(PayloadJson.values(json));
      values = known;
    }
    return known;
  }

  private static Map<String, @Nullable Object> fixed(Map<String, @Nullable Object> map) {
    map.replaceAll((_, value) -> fixed(value));
    return Collections.unmodifiableMap(map);
  }

  @SuppressWarnings("unchecked") // of JSON, whose keys are strings
  private static @Nullable Object fixed(@Nullable Object value) {
    return switch (value) {
      case Map<?, ?> map -> fixed((Map<String, @Nullable Object>) map);
      case List<?> list -> {
        var elements = new ArrayList<@Nullable Object>(list.size());
        for (Object element : list) {
          elements.add(fixed(element));
        }
        yield Collections.unmodifiableList(elements);
      }
      case null, default -> value;
    };
  }

  /** The values as {@link #values} has them, in maps and lists of the caller's own. */
  public Map<String, @Nullable Object> toMap() {
    return PayloadJson.values(json);
  }

  /**
   * The value at a path of keys joined by dots, or null if there is none; the key that is the whole
   * path goes before keys joined by dots. A string as it is, all else as JSON text.
   */
  public @Nullable String get(String path) {
    var found = find(path);
    if (found == NONE) {
      return null;
    }
    return found instanceof String text ? text : PayloadJson.text(found);
  }

  /** The same as {@link #values} has it; null also where JSON's null stands. */
  @Override
  public @Nullable Object value(String path) {
    var found = find(path);
    return found == NONE ? null : found;
  }

  @Override
  public <T> T as(Class<T> type) {
    return JavaValues.read(json, type);
  }

  /**
   * This payload with the keys of another one. Of a key that both have, the other's value is taken
   * whole: objects are not merged within each other.
   */
  public Payload mergedWith(Payload other) {
    return other.isEmpty() ? this : new Payload(PayloadEdits.merged(json, other.json));
  }

  /**
   * This payload without what some paths lead to. A path is keys joined by dots that lead through
   * objects, not arrays; the key that is the whole path goes before that. Paths that lead nowhere
   * are passed over.
   */
  public Payload without(Collection<String> paths) {
    return new Payload(PayloadEdits.without(json, paths));
  }

  /** This payload with nothing but what some paths lead to, as {@link #without} reads them. */
  public Payload only(Collection<String> paths) {
    return new Payload(PayloadEdits.only(json, paths));
  }

  private @Nullable Object find(String path) {
    if (values().containsKey(path)) {
      return values().get(path);
    }
    if (path.indexOf('.') < 0) {
      return NONE;
    }
    Object found = values();
    for (var key : path.split("\\.", -1)) {
      if (!(found instanceof Map<?, ?> map) || !map.containsKey(key)) {
        return NONE;
      }
      found = map.get(key);
    }
    return found;
  }

  /** True if it has no key. */
  public boolean isEmpty() {
    return json.length == EMPTY.json.length; // it is compact
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Payload payload
        && (Arrays.equals(json, payload.json) || same(values(), payload.values()));
  }

  /** Numbers are the same if their values are, however they are written. */
  private static boolean same(@Nullable Object one, @Nullable Object other) {
    return switch (one) {
      case Map<?, ?> map -> other instanceof Map<?, ?> others && same(map, others);
      case List<?> list -> other instanceof List<?> others && same(list, others);
      case Number number ->
          other instanceof Number another && decimal(number).compareTo(decimal(another)) == 0;
      case null, default -> Objects.equals(one, other);
    };
  }

  private static boolean same(Map<?, ?> one, Map<?, ?> other) {
    return one.size() == other.size()
        && one.entrySet().stream()
            .allMatch(
                entry ->
                    other.containsKey(entry.getKey())
                        && same(entry.getValue(), other.get(entry.getKey())));
  }

  private static boolean same(List<?> one, List<?> other) {
    if (one.size() != other.size()) {
      return false;
    }
    var others = other.iterator();
    for (Object element : one) {
      if (!same(element, others.next())) {
        return false;
      }
    }
    return true;
  }

  private static BigDecimal decimal(Number number) {
    return switch (number) {
      case BigDecimal decimal -> decimal;
      case BigInteger integer -> new BigDecimal(integer);
      default -> BigDecimal.valueOf(number.longValue());
    };
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (var key : values().keySet()) {
      hash += key.hashCode(); // values that are equal may be written in several ways
    }
    return hash;
  }

  /** The JSON. */
  @Override
  public String toString() {
    return new String(json, StandardCharsets.UTF_8);
  }
}
