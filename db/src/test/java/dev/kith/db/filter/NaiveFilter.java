package dev.kith.db.filter;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.db.filter.Filter.All;
import dev.kith.db.filter.Filter.Any;
import dev.kith.db.filter.Filter.Between;
import dev.kith.db.filter.Filter.Box;
import dev.kith.db.filter.Filter.Compare;
import dev.kith.db.filter.Filter.Ids;
import dev.kith.db.filter.Filter.IsNull;
import dev.kith.db.filter.Filter.Not;
import dev.kith.db.filter.Filter.OneOf;
import dev.kith.db.filter.Filter.Radius;
import dev.kith.db.filter.Filter.Words;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.testing.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.util.SloppyMath;

/**
 * What docs/filters.md says a filter means, word by word and without an index: the oracle of tests.
 * It takes filters and payloads that fit the schema.
 */
public final class NaiveFilter {
  private static final StandardAnalyzer STANDARD = new StandardAnalyzer();

  /** A place may be found that is so much too far away; no random payload has one between. */
  private static final double REACH_METRES = 0.3;

  private NaiveFilter() {}

  /** Whether the filter holds for a point of that id and payload. */
  public static boolean matches(Filter filter, PointId id, Payload payload, Schema schema) {
    return switch (filter) {
      case All(var parts) -> parts.stream().allMatch(part -> matches(part, id, payload, schema));
      case Any(var parts) -> parts.stream().anyMatch(part -> matches(part, id, payload, schema));
      case Not(var inner) -> !matches(inner, id, payload, schema);
      case Ids(var ids) -> ids.contains(id);
      case IsNull(var field) -> values(payload, field).isEmpty();
      case OneOf(var field, var wanted) ->
          values(payload, field).stream()
              .anyMatch(
                  value ->
                      wanted.stream().anyMatch(one -> isSame(value, one, type(schema, field))));
      case Compare(var field, var order, var bound) ->
          values(payload, field).stream()
              .flatMapToInt(value -> sign(value, bound, type(schema, field)).stream())
              .anyMatch(
                  sign ->
                      switch (order) {
                        case ABOVE -> sign > 0;
                        case AT_LEAST -> sign >= 0;
                        case BELOW -> sign < 0;
                        case AT_MOST -> sign <= 0;
                      });
      case Between(var field, var low, var high) ->
          values(payload, field).stream()
              .anyMatch(
                  value ->
                      sign(value, low, type(schema, field)).orElse(-1) >= 0
                          && sign(value, high, type(schema, field)).orElse(1) <= 0);
      case Words(var field, var words) -> {
        var there = new HashSet<String>();
        values(payload, field).forEach(value -> there.addAll(words(value.textValue())));
        yield there.containsAll(words(words));
      }
      case Radius(var field, var lat, var lon, var metres) ->
          values(payload, field).stream()
              .anyMatch(
                  place ->
                      SloppyMath.haversinMeters(
                              lat, lon, degrees(place, "lat"), degrees(place, "lon"))
                          <= metres + REACH_METRES);
      case Box box ->
          values(payload, box.field()).stream()
              .anyMatch(place -> inside(box, degrees(place, "lat"), degrees(place, "lon")));
    };
  }

  /** In cells of the index's grid, which is all that edges can be told apart by. */
  private static boolean inside(Box box, double lat, double lon) {
    double cell = cell(lon, 180);
    double left = cell(box.left(), 180);
    double right = cell(box.right(), 180);
    boolean crosses = box.left() > box.right();
    boolean onMeridian = Math.abs(box.left()) == 180 || Math.abs(box.right()) == 180;
    boolean within = crosses ? cell >= left || cell <= right : cell >= left && cell <= right;
    boolean westOrEast = cell == cell(-180, 180) || cell == cell(180, 180);
    return cell(lat, 90) >= cell(box.bottom(), 90)
        && cell(lat, 90) <= cell(box.top(), 90)
        && (within || (onMeridian && westOrEast));
  }

  /** Which of 2^32 cells from -most to most degrees. */
  private static double cell(double degrees, int most) {
    return Math.min(Math.floor(degrees * 0x1p31 / most), 0x1p31 - 1);
  }

  /** Of a path that a schema that is not strict does not name, none: values are what they are. */
  private static Optional<FieldType> type(Schema schema, Field field) {
    var type = schema.field(field.path());
    if (type == null && schema.strict()) {
      throw new IllegalArgumentException("not in the schema: " + field);
    }
    return Optional.ofNullable(type);
  }

  private static boolean isSame(JsonNode stored, Value value, Optional<FieldType> type) {
    if (type.isPresent()) {
      return compare(stored, value, type.get()) == 0;
    }
    return switch (value) {
      case Value.Text(var text) -> stored.isTextual() && stored.textValue().equals(text);
      case Value.Bool(var truth) -> stored.isBoolean() && stored.booleanValue() == truth;
      default -> sign(stored, value, type).equals(OptionalInt.of(0));
    };
  }

  /** How a value compares with a bound, none if they are of different kinds. */
  private static OptionalInt sign(JsonNode stored, Value bound, Optional<FieldType> type) {
    if (type.isPresent()) {
      return OptionalInt.of(compare(stored, bound, type.get()));
    }
    try {
      if (bound instanceof Value.Text(var text)) {
        return stored.isTextual()
            ? OptionalInt.of(Long.compare(millis(stored.textValue()), millis(text)))
            : OptionalInt.empty();
      }
      return stored.isNumber()
          ? OptionalInt.of(number(stored).compareTo(number(bound)))
          : OptionalInt.empty();
    } catch (DateTimeException _) { // the string is no date
      return OptionalInt.empty();
    }
  }

  /** An integer of 64 bits as it is, any other number as its nearest float64. */
  private static BigDecimal number(JsonNode stored) {
    return stored.isIntegralNumber() && stored.bigIntegerValue().bitLength() < 64
        ? stored.decimalValue()
        : new BigDecimal(stored.doubleValue());
  }

  private static List<JsonNode> values(Payload payload, Field field) {
    var whole = Trees.of(payload).get(field.path());
    if (whole != null) {
      return flat(List.of(whole));
    }
    List<JsonNode> nodes = List.of(Trees.of(payload));
    for (var key : field.path().split("\\.", -1)) {
      var below = new ArrayList<JsonNode>();
      for (var node : nodes) {
        if (node.has(key)) {
          below.add(node.get(key));
        }
      }
      nodes = flat(below);
    }
    return nodes;
  }

  /** Elements of arrays, and of arrays in them, without nulls. */
  private static List<JsonNode> flat(List<JsonNode> nodes) {
    var flat = new ArrayList<JsonNode>();
    for (var node : nodes) {
      if (node.isArray()) {
        var elements = new ArrayList<JsonNode>();
        node.forEach(elements::add);
        flat.addAll(flat(elements));
      } else if (!node.isNull()) {
        flat.add(node);
      }
    }
    return flat;
  }

  private static int compare(JsonNode stored, Value value, FieldType type) {
    return switch (type) {
      case KEYWORD -> stored.textValue().compareTo(((Value.Text) value).value());
      case BOOL -> Boolean.compare(stored.booleanValue(), ((Value.Bool) value).value());
      case INTEGER -> stored.decimalValue().compareTo(number(value));
      case FLOAT -> new BigDecimal(stored.doubleValue()).compareTo(number(value));
      case DATETIME ->
          Long.compare(millis(stored.textValue()), millis(((Value.Text) value).value()));
      case TEXT, GEO -> throw new IllegalArgumentException("not comparable: " + type);
    };
  }

  private static BigDecimal number(Value value) {
    return value instanceof Value.Whole(var whole)
        ? BigDecimal.valueOf(whole)
        : new BigDecimal(((Value.Real) value).value());
  }

  private static long millis(String text) {
    return instant(text).toEpochMilli();
  }

  private static Instant instant(String text) {
    if (!text.contains("T")) {
      return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
    }
  }

  private static Set<String> words(String text) {
    var words = new HashSet<String>();
    try (var stream = STANDARD.tokenStream("", text)) {
      var word = stream.addAttribute(CharTermAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        words.add(word.toString());
      }
      stream.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return words;
  }

  private static double degrees(JsonNode place, String key) {
    return place.get(key).doubleValue();
  }
}
