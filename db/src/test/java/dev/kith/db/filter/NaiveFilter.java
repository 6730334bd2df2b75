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
import java.util.Set;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.geo.GeoEncodingUtils;
import org.apache.lucene.util.SloppyMath;

/**
 * What docs/filters.md says a filter means, word by word and without an index: the oracle of tests.
 * It takes filters and payloads that fit the schema.
 */
public final class NaiveFilter {
  private static final StandardAnalyzer STANDARD = new StandardAnalyzer();

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
                      wanted.stream()
                          .anyMatch(one -> compare(value, one, type(schema, field)) == 0));
      case Compare(var field, var order, var bound) ->
          values(payload, field).stream()
              .mapToInt(value -> compare(value, bound, type(schema, field)))
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
                      compare(value, low, type(schema, field)) >= 0
                          && compare(value, high, type(schema, field)) <= 0);
      case Words(var field, var words) -> {
        var there = new HashSet<String>();
        values(payload, field).forEach(value -> there.addAll(words(value.textValue())));
        yield there.containsAll(words(words));
      }
      case Radius(var field, var lat, var lon, var metres) ->
          values(payload, field).stream()
              .anyMatch(
                  place -> SloppyMath.haversinMeters(lat, lon, lat(place), lon(place)) <= metres);
      case Box(var field, var top, var left, var bottom, var right) ->
          values(payload, field).stream()
              .anyMatch(
                  place ->
                      lat(place) >= bottom
                          && lat(place) <= top
                          && (left <= right
                              ? lon(place) >= left && lon(place) <= right
                              : lon(place) >= left || lon(place) <= right));
    };
  }

  private static FieldType type(Schema schema, Field field) {
    var type = schema.field(field.path());
    if (type == null) {
      throw new IllegalArgumentException("not in the schema: " + field);
    }
    return type;
  }

  private static List<JsonNode> values(Payload payload, Field field) {
    var whole = payload.tree().get(field.path());
    if (whole != null) {
      return flat(List.of(whole));
    }
    List<JsonNode> nodes = List.of(payload.tree());
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

  /** As an index keeps it. */
  private static double lat(JsonNode place) {
    return GeoEncodingUtils.decodeLatitude(
        GeoEncodingUtils.encodeLatitude(place.get("lat").doubleValue()));
  }

  private static double lon(JsonNode place) {
    return GeoEncodingUtils.decodeLongitude(
        GeoEncodingUtils.encodeLongitude(place.get("lon").doubleValue()));
  }
}
