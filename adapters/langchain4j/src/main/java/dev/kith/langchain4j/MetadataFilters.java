package dev.kith.langchain4j;

import static dev.kith.langchain4j.MetadataType.DOUBLE;
import static dev.kith.langchain4j.MetadataType.FLOAT;
import static dev.kith.langchain4j.MetadataType.INT;
import static dev.kith.langchain4j.MetadataType.LONG;
import static dev.kith.langchain4j.MetadataType.LONG_STRING;
import static dev.kith.langchain4j.MetadataType.SPECIALS;
import static dev.kith.langchain4j.MetadataType.SPECIAL_DOUBLE;
import static dev.kith.langchain4j.MetadataType.SPECIAL_FLOAT;
import static dev.kith.langchain4j.MetadataType.STRING;

import dev.kith.db.CollectionReader;
import dev.kith.db.filter.Field;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.Filter.Order;
import dev.kith.db.filter.Value;
import dev.kith.db.point.PointId;
import dev.kith.db.query.Facet;
import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.store.embedding.filter.comparison.ContainsString;
import dev.langchain4j.store.embedding.filter.comparison.IsEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsGreaterThan;
import dev.langchain4j.store.embedding.filter.comparison.IsGreaterThanOrEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsIn;
import dev.langchain4j.store.embedding.filter.comparison.IsLessThan;
import dev.langchain4j.store.embedding.filter.comparison.IsLessThanOrEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsNotEqualTo;
import dev.langchain4j.store.embedding.filter.comparison.IsNotIn;
import dev.langchain4j.store.embedding.filter.logical.And;
import dev.langchain4j.store.embedding.filter.logical.Not;
import dev.langchain4j.store.embedding.filter.logical.Or;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * LangChain4j's filters as filters of a collection, as it is at one moment. What a filter means is
 * what its own {@code test} says of a segment's metadata, with one exception: where that throws,
 * since the value and what it is compared with are of different kinds, they are not equal, in no
 * order, and do not contain each other; a UUID and the string that it is written as are equal.
 *
 * <p>Numbers are compared by the index. Strings and UUIDs are compared for equality by the index;
 * where their order counts, or what they contain, every distinct value of the key is put to the
 * filter's {@code test}, and the index finds those that pass. Long strings are always put to it,
 * read from their payloads.
 *
 * <p>LangChain4j compares numbers by the decimal digits that Java prints, which matters where longs
 * meet doubles beyond 2^53: the double 2^60 prints as 1.15292150460684698E18, which is more.
 */
final class MetadataFilters {
  private static final Filter NOTHING = Filter.any();

  /**
   * A chain of tests is nested in LangChain4j's filters, so this is more than a filter may have.
   */
  private static final int MAX_DEPTH = 1000;

  private static final BigDecimal MIN = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal MAX = BigDecimal.valueOf(Long.MAX_VALUE);

  private final CollectionReader reader;

  /** Creates filters of what {@code reader} sees. */
  MetadataFilters(CollectionReader reader) {
    this.reader = reader;
  }

  /** A leaf of a filter: one key and a test of its value. */
  private record Test(String key, dev.langchain4j.store.embedding.filter.Filter filter) {
    boolean passes(Object value) {
      return filter.test(Metadata.from(Map.of(key, value)));
    }
  }

  /**
   * Translates a filter for the collection.
   *
   * @throws UnsupportedFeatureException if it is none of LangChain4j's own
   * @throws IllegalArgumentException if it compares with something that metadata cannot hold, or is
   *     nested too deep
   */
  Filter of(dev.langchain4j.store.embedding.filter.Filter filter) {
    return of(filter, 1);
  }

  private Filter of(dev.langchain4j.store.embedding.filter.Filter filter, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "a filter's and, or and not may be nested at most %d deep; use isIn for many values"
              .formatted(MAX_DEPTH));
    }
    return switch (filter) {
      case And and -> of(and.left(), depth + 1).and(of(and.right(), depth + 1));
      case Or or -> of(or.left(), depth + 1).or(of(or.right(), depth + 1));
      case Not not -> of(not.expression(), depth + 1).not();
      case IsNotEqualTo not -> of(new IsEqualTo(not.key(), not.comparisonValue()), depth).not();
      case IsNotIn not -> of(new IsIn(not.key(), not.comparisonValues()), depth).not();
      case IsEqualTo equal -> among(new Test(equal.key(), equal), List.of(equal.comparisonValue()));
      case IsIn in -> among(new Test(in.key(), in), in.comparisonValues());
      case IsGreaterThan than ->
          ordered(new Test(than.key(), than), Order.ABOVE, than.comparisonValue());
      case IsGreaterThanOrEqualTo than ->
          ordered(new Test(than.key(), than), Order.AT_LEAST, than.comparisonValue());
      case IsLessThan than ->
          ordered(new Test(than.key(), than), Order.BELOW, than.comparisonValue());
      case IsLessThanOrEqualTo than ->
          ordered(new Test(than.key(), than), Order.AT_MOST, than.comparisonValue());
      case ContainsString contains -> tested(new Test(contains.key(), contains));
      default ->
          throw new UnsupportedFeatureException(
              "a filter must be made of LangChain4j's own comparisons and and, or, not: "
                  + filter.getClass().getName());
    };
  }

  /** Filter of points with one of {@code values}, each compared within its kind. */
  private Filter among(Test test, Collection<?> values) {
    var texts = new ArrayList<Value>();
    var integers = new ArrayList<Value>();
    var reals = new ArrayList<Value>();
    var parts = new ArrayList<Filter>();
    for (var value : values) {
      switch (value) {
        case String text when MetadataType.isLong(text) ->
            parts.add(longStrings(new Test(test.key, new IsEqualTo(test.key, text))));
        case String text -> texts.add(Value.of(text));
        case UUID uuid -> texts.add(Value.of(uuid.toString()));
        case Number number when isFinite(number) -> {
          var decimal = decimal(number);
          if (decimal.compareTo(MIN) >= 0
              && decimal.compareTo(MAX) <= 0
              && decimal.stripTrailingZeros().scale() <= 0) {
            integers.add(Value.of(decimal.longValueExact()));
          }
          double real = decimal.doubleValue();
          if (Double.isFinite(real) && decimal(real).compareTo(decimal) == 0) {
            reals.add(Value.of(real));
          }
          parts.add(specials(new Test(test.key, new IsEqualTo(test.key, number))));
        }
        case Number number ->
            parts.add(specials(new Test(test.key, new IsEqualTo(test.key, number))));
        default -> throw incomparable(test.key, value);
      }
    }
    parts.add(in(STRING, test.key, texts));
    parts.add(in(MetadataType.UUID, test.key, texts));
    parts.add(in(INT, test.key, integers));
    parts.add(in(LONG, test.key, integers));
    parts.add(in(FLOAT, test.key, reals));
    parts.add(in(DOUBLE, test.key, reals));
    return any(parts);
  }

  /** Filter of points whose value is in an order to one of the same kind. */
  private Filter ordered(Test test, Order order, Object value) {
    return switch (value) {
      case String _ -> tested(test);
      case UUID _ -> distinct(MetadataType.UUID, test);
      case Number number ->
          any(
              List.of(
                  specials(test),
                  compare(INT, test, order, number),
                  compare(LONG, test, order, number),
                  compare(FLOAT, test, order, number),
                  compare(DOUBLE, test, order, number)));
      default -> throw incomparable(test.key, value);
    };
  }

  /** Filter of points with a string that passes. */
  private Filter tested(Test test) {
    return any(List.of(distinct(STRING, test), longStrings(test)));
  }

  /** Filter of points with one of the key's distinct strings or UUIDs that pass. */
  private Filter distinct(MetadataType type, Test test) {
    return in(
        type,
        test.key,
        reader.facet(type.path(test.key), null, Integer.MAX_VALUE).stream()
            .map(Facet::value)
            .filter(text -> test.passes(type == MetadataType.UUID ? UUID.fromString(text) : text))
            .map(Value::of)
            .toList());
  }

  /** Filter of points with a long string that passes. */
  private Filter longStrings(Test test) {
    var ids = new ArrayList<PointId>();
    reader.forEach(
        field(LONG_STRING, test.key).exists(),
        point -> {
          if (test.filter.test(Segments.metadata(point.payload()))) {
            ids.add(point.id());
          }
        });
    return Filter.ids(ids);
  }

  /** Filter of points with a number that is indexed by its text and passes. */
  private Filter specials(Test test) {
    var passing =
        SPECIALS.stream().filter(test::passes).map(number -> Value.of(number.toString())).toList();
    return any(
        List.of(in(SPECIAL_FLOAT, test.key, passing), in(SPECIAL_DOUBLE, test.key, passing)));
  }

  private Filter compare(MetadataType type, Test test, Order order, Number number) {
    var field = field(type, test.key);
    if (!isFinite(number)) {
      return test.passes(0) ? field.exists() : NOTHING; // all finite numbers are alike to it
    }
    return type == INT || type == LONG
        ? integers(field, order, decimal(number))
        : reals(field, order, decimal(number));
  }

  /** Filter of integers: {@code x > 1.5} becomes {@code x > 1}, and so on. */
  private static Filter integers(Field field, Order order, BigDecimal bound) {
    boolean upwards = order == Order.ABOVE || order == Order.AT_LEAST;
    if (bound.compareTo(MIN) < 0 || bound.compareTo(MAX) > 0) {
      return upwards == (bound.signum() < 0) ? field.exists() : NOTHING;
    }
    var rounding =
        order == Order.ABOVE || order == Order.AT_MOST ? RoundingMode.FLOOR : RoundingMode.CEILING;
    return new Filter.Compare(field, order, Value.of(bound.setScale(0, rounding).longValueExact()));
  }

  /**
   * A bound that is no double's decimal digits lies between those of its nearest double and of the
   * next one to that, so the nearest double itself passes or does not.
   */
  private static Filter reals(Field field, Order order, BigDecimal bound) {
    boolean upwards = order == Order.ABOVE || order == Order.AT_LEAST;
    double nearest = bound.doubleValue();
    if (Double.isInfinite(nearest)) {
      return upwards == (nearest < 0) ? field.exists() : NOTHING;
    }
    int side = decimal(nearest).compareTo(bound);
    var exact =
        side == 0
            ? order
            : upwards
                ? (side > 0 ? Order.AT_LEAST : Order.ABOVE)
                : (side < 0 ? Order.AT_MOST : Order.BELOW);
    return new Filter.Compare(field, exact, Value.of(nearest));
  }

  private Filter in(MetadataType type, String key, List<Value> values) {
    return values.isEmpty() ? NOTHING : field(type, key).in(values);
  }

  private static Field field(MetadataType type, String key) {
    return Filter.field(type.path(key));
  }

  /** Filter that is true where one of {@code parts} is. */
  private static Filter any(List<Filter> parts) {
    return Filter.any(parts.stream().filter(part -> !part.equals(NOTHING)).toList());
  }

  private static BigDecimal decimal(Number number) {
    return new BigDecimal(number.toString());
  }

  private static boolean isFinite(Number number) {
    return !(number instanceof Double || number instanceof Float)
        || Double.isFinite(number.doubleValue());
  }

  private static IllegalArgumentException incomparable(String key, Object value) {
    return new IllegalArgumentException(
        "metadata is compared with a String, a UUID or a number: key=%s, compared with a %s"
            .formatted(key, value.getClass().getName()));
  }
}
