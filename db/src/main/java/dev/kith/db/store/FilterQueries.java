package dev.kith.db.store;

import dev.kith.db.filter.Field;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.Filter.All;
import dev.kith.db.filter.Filter.Any;
import dev.kith.db.filter.Filter.Between;
import dev.kith.db.filter.Filter.Box;
import dev.kith.db.filter.Filter.Compare;
import dev.kith.db.filter.Filter.Ids;
import dev.kith.db.filter.Filter.IsNull;
import dev.kith.db.filter.Filter.Not;
import dev.kith.db.filter.Filter.OneOf;
import dev.kith.db.filter.Filter.Order;
import dev.kith.db.filter.Filter.Radius;
import dev.kith.db.filter.Filter.Words;
import dev.kith.db.filter.FilterException;
import dev.kith.db.filter.Value;
import dev.kith.db.json.Times;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.apache.lucene.analysis.tokenattributes.TermToBytesRefAttribute;
import org.apache.lucene.document.DoubleField;
import org.apache.lucene.document.KeywordField;
import org.apache.lucene.document.LatLonDocValuesField;
import org.apache.lucene.document.LatLonPoint;
import org.apache.lucene.document.LongField;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.ConstantScoreQuery;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexOrDocValuesQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/**
 * Filters as queries over the fields that {@link PayloadFields} makes. Equal filters give equal
 * queries, so a query is a key of caches; every match scores 1.
 */
public final class FilterQueries {
  /**
   * The most tests in a filter, counting each word after {@code ~} and each complement, but a list
   * after {@code in} once. Lucene allows 1,024 clauses in a query, and a test is up to two of them.
   */
  public static final int MAX_TESTS = 500;

  private static final BigDecimal MIN = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal MAX = BigDecimal.valueOf(Long.MAX_VALUE);

  private final Schema schema;
  private int tests;

  private FilterQueries(Schema schema) {
    this.schema = schema;
  }

  /**
   * The query that finds what the filter holds for.
   *
   * @throws FilterException if a field is not in the schema or has another type than the filter
   *     needs, at its column if the filter was read from text
   */
  public static Query compile(Filter filter, Schema schema) {
    return new ConstantScoreQuery(new FilterQueries(schema).query(filter));
  }

  private Query query(Filter filter) {
    count(
        switch (filter) {
          case All(var parts) -> parts.isEmpty() ? 1 : 0;
          case Any(var parts) -> parts.isEmpty() ? 1 : 0;
          default -> 1;
        });
    return switch (filter) {
      case All(var parts) -> all(parts);
      case Any(var parts) -> any(parts);
      case Not(IsNull(var field)) -> exists(field);
      case Not(Not(var inner)) -> query(inner);
      case Not(var inner) -> complement(query(inner));
      case IsNull(var field) -> complement(exists(field));
      case OneOf(var field, var values) -> oneOf(field, values);
      case Compare(var field, var order, var value) -> compare(field, order, value);
      case Between(var field, var low, var high) when isUnnamed(field.path(), schema) ->
          unnamed(filter, field, List.of(low, high));
      case Between(var field, var low, var high) ->
          range(field, number(field, low), true, number(field, high), true);
      case Words(var field, var words) -> words(field, words);
      case Radius(var field, var lat, var lon, var metres) -> radius(field, lat, lon, metres);
      case Box(var field, var top, var left, var bottom, var right) ->
          box(field, top, left, bottom, right);
      case Ids(var ids) ->
          new TermInSetQuery(
              Documents.ID, ids.stream().map(id -> new BytesRef(id.bytes())).toList());
    };
  }

  private Query all(List<Filter> parts) {
    var query = new BooleanQuery.Builder();
    boolean positive = false;
    for (var part : parts) {
      if (part instanceof Not(var inner) && !(inner instanceof IsNull)) {
        query.add(query(inner), Occur.MUST_NOT);
      } else {
        query.add(query(part), Occur.FILTER);
        positive = true;
      }
    }
    return positive ? query.build() : query.add(everything(), Occur.FILTER).build();
  }

  private Query any(List<Filter> parts) {
    if (parts.isEmpty()) {
      return nothing();
    }
    var query = new BooleanQuery.Builder();
    for (var part : parts) {
      query.add(query(part), Occur.SHOULD);
    }
    return query.build();
  }

  private static Query complement(Query query) {
    return new BooleanQuery.Builder()
        .add(everything(), Occur.FILTER)
        .add(query, Occur.MUST_NOT)
        .build();
  }

  private static Query everything() {
    return MatchAllDocsQuery.INSTANCE;
  }

  private static Query nothing() {
    return new MatchNoDocsQuery("a filter that never holds");
  }

  private Query exists(Field field) {
    if (isUnnamed(field.path(), schema)) {
      return new UnnamedQuery(new IsNull(field), field.path());
    }
    return new FieldExistsQuery(name(field));
  }

  /** Whether points may have values at a path that the schema does not name. */
  static boolean isUnnamed(String path, Schema schema) {
    return schema.field(path) == null && !schema.strict();
  }

  /** The paths of a filter that the schema does not name. */
  static SortedSet<String> unnamed(Filter filter, Schema schema) {
    var paths = new TreeSet<String>();
    collect(filter, paths);
    paths.removeIf(path -> !isUnnamed(path, schema));
    return paths;
  }

  private static void collect(Filter filter, Set<String> paths) {
    switch (filter) {
      case All(var parts) -> parts.forEach(part -> collect(part, paths));
      case Any(var parts) -> parts.forEach(part -> collect(part, paths));
      case Not(var inner) -> collect(inner, paths);
      case IsNull(var field) -> paths.add(field.path());
      case OneOf(var field, var _) -> paths.add(field.path());
      case Compare(var field, var _, var _) -> paths.add(field.path());
      case Between(var field, var _, var _) -> paths.add(field.path());
      case Words _, Radius _, Box _, Ids _ -> {}
    }
  }

  /** A test whose values' own types say what it compares. */
  private static Query unnamed(Filter test, Field field, List<Value> bounds) {
    for (var bound : bounds) {
      boolean isTime = bound instanceof Value.Text(var text) && UnnamedFields.millis(text) != null;
      if (!isTime && !(bound instanceof Value.Whole || bound instanceof Value.Real)) {
        throw wrong(
            field,
            "is not in the schema and cannot be ordered by %s; give a number or an ISO 8601 date or instant like '2024-05-01'"
                .formatted(shown(bound)));
      }
      if (isTime != bounds.getFirst() instanceof Value.Text) {
        throw wrong(field, "is not in the schema; its range must be of two numbers or two dates");
      }
    }
    return new UnnamedQuery(test, field.path());
  }

  private Query oneOf(Field field, List<Value> values) {
    if (isUnnamed(field.path(), schema)) {
      return new UnnamedQuery(new OneOf(field, values), field.path());
    }
    return switch (type(field)) {
      case KEYWORD -> terms(field, values.stream().map(value -> text(field, value)).toList());
      case BOOL -> terms(field, values.stream().map(value -> bool(field, value)).toList());
      case INTEGER, DATETIME -> {
        var wanted =
            values.stream()
                .map(value -> number(field, value))
                .filter(FilterQueries::isLong)
                .mapToLong(BigDecimal::longValueExact)
                .sorted()
                .distinct()
                .toArray();
        yield wanted.length == 0 ? nothing() : LongField.newSetQuery(name(field), wanted);
      }
      case FLOAT -> {
        var wanted =
            values.stream()
                .map(value -> number(field, value))
                .filter(value -> new BigDecimal(value.doubleValue()).compareTo(value) == 0)
                .mapToDouble(BigDecimal::doubleValue)
                .sorted()
                .distinct()
                .toArray();
        yield wanted.length == 0 ? nothing() : DoubleField.newSetQuery(name(field), wanted);
      }
      case TEXT ->
          throw wrong(
              field,
              "is text, which is searched by its words; write %s ~ 'words'".formatted(field));
      case GEO -> throw wrong(field, "is geo; use geo_radius or geo_box, or compare it with null");
    };
  }

  private Query terms(Field field, List<String> values) {
    return values.isEmpty()
        ? nothing()
        : KeywordField.newSetQuery(name(field), values.stream().map(BytesRef::new).toList());
  }

  private Query compare(Field field, Order order, Value value) {
    if (isUnnamed(field.path(), schema)) {
      return unnamed(new Compare(field, order, value), field, List.of(value));
    }
    var bound = number(field, value);
    return switch (order) {
      case ABOVE -> range(field, bound, false, null, false);
      case AT_LEAST -> range(field, bound, true, null, false);
      case BELOW -> range(field, null, false, bound, false);
      case AT_MOST -> range(field, null, false, bound, true);
    };
  }

  /** Between bounds that are exact numbers, whatever the field's own precision; null is none. */
  private Query range(
      Field field,
      @Nullable BigDecimal low,
      boolean lowIncluded,
      @Nullable BigDecimal high,
      boolean highIncluded) {
    if (type(field) == FieldType.FLOAT) {
      double least = low == null ? Double.NEGATIVE_INFINITY : atLeast(low, lowIncluded);
      double most = high == null ? Double.POSITIVE_INFINITY : atMost(high, highIncluded);
      return least <= most ? DoubleField.newRangeQuery(name(field), least, most) : nothing();
    }
    var least = low == null ? MIN : ceiling(low, lowIncluded).max(MIN);
    var most = high == null ? MAX : floor(high, highIncluded).min(MAX);
    return least.compareTo(most) <= 0
        ? LongField.newRangeQuery(name(field), least.longValueExact(), most.longValueExact())
        : nothing();
  }

  private static boolean isLong(BigDecimal value) {
    return value.compareTo(MIN) >= 0
        && value.compareTo(MAX) <= 0
        && value.stripTrailingZeros().scale() <= 0;
  }

  private static BigDecimal ceiling(BigDecimal low, boolean included) {
    return included
        ? low.setScale(0, RoundingMode.CEILING)
        : low.setScale(0, RoundingMode.FLOOR).add(BigDecimal.ONE);
  }

  private static BigDecimal floor(BigDecimal high, boolean included) {
    return included
        ? high.setScale(0, RoundingMode.FLOOR)
        : high.setScale(0, RoundingMode.CEILING).subtract(BigDecimal.ONE);
  }

  /** The least float64 that is as large as that, or larger. */
  private static double atLeast(BigDecimal low, boolean included) {
    double nearest = low.doubleValue();
    int side = new BigDecimal(nearest).compareTo(low);
    return (side < 0 || (side == 0 && !included) ? Math.nextUp(nearest) : nearest) + 0.0;
  }

  private static double atMost(BigDecimal high, boolean included) {
    return 0.0 - atLeast(high.negate(), included);
  }

  private Query words(Field field, String words) {
    var type = type(field);
    if (type != FieldType.TEXT) {
      throw wrong(
          field,
          "is %s and is not searched by words; ~ needs a text field%s"
              .formatted(
                  described(type), type == FieldType.KEYWORD ? ", == compares keywords" : ""));
    }
    var terms = terms(words);
    if (terms.isEmpty()) {
      throw wrong(field, "is searched by words, but there is none in " + shown(Value.of(words)));
    }
    count(terms.stream().mapToInt(List::size).sum() - 1);
    var query = new BooleanQuery.Builder();
    for (var forms : terms) {
      query.add(anyForm(field, forms), Occur.FILTER);
    }
    return query.build();
  }

  private Query anyForm(Field field, List<BytesRef> forms) {
    if (forms.size() == 1) {
      return new TermQuery(new Term(name(field), forms.getFirst()));
    }
    var any = new BooleanQuery.Builder();
    for (var form : forms) {
      any.add(new TermQuery(new Term(name(field), form)), Occur.SHOULD);
    }
    return any.build();
  }

  /** The distinct words of a text, in their order, each in the forms that it may have. */
  private static Set<List<BytesRef>> terms(String text) {
    var words = new ArrayList<List<BytesRef>>();
    try (var stream = PayloadFields.ASKED.tokenStream("", text)) {
      var term = stream.addAttribute(TermToBytesRefAttribute.class);
      var step = stream.addAttribute(PositionIncrementAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        if (step.getPositionIncrement() > 0) {
          words.add(new ArrayList<>());
        }
        words.getLast().add(BytesRef.deepCopyOf(term.getBytesRef()));
      }
      stream.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new LinkedHashSet<>(words);
  }

  private Query radius(Field field, double lat, double lon, double metres) {
    requireGeo(field);
    double reach = PlaceGrid.reach(metres);
    return new IndexOrDocValuesQuery(
        LatLonPoint.newDistanceQuery(name(field), lat, lon, reach),
        LatLonDocValuesField.newSlowDistanceQuery(name(field), lat, lon, reach));
  }

  private Query box(Field field, double top, double left, double bottom, double right) {
    requireGeo(field);
    var box = PlaceGrid.box(top, left, bottom, right);
    return new IndexOrDocValuesQuery(
        LatLonPoint.newBoxQuery(name(field), box.bottom(), box.top(), box.left(), box.right()),
        LatLonDocValuesField.newSlowBoxQuery(
            name(field), box.bottom(), box.top(), box.left(), box.right()));
  }

  private void requireGeo(Field field) {
    var type = type(field);
    if (type != FieldType.GEO) {
      throw wrong(
          field, "is %s; geo_radius and geo_box need a geo field".formatted(described(type)));
    }
  }

  private String text(Field field, Value value) {
    if (!(value instanceof Value.Text(var text))) {
      throw incomparable(field, value, "a string in quotes");
    }
    return text;
  }

  private String bool(Field field, Value value) {
    if (!(value instanceof Value.Bool(var bool))) {
      throw incomparable(field, value, "true or false");
    }
    return Boolean.toString(bool);
  }

  /** Of datetimes the milliseconds since 1970. */
  private BigDecimal number(Field field, Value value) {
    var type = type(field);
    return switch (type) {
      case INTEGER, FLOAT ->
          switch (value) {
            case Value.Whole(var whole) -> BigDecimal.valueOf(whole);
            case Value.Real(var real) -> new BigDecimal(real);
            case Value.Text _, Value.Bool _ -> throw incomparable(field, value, "a number");
          };
      case DATETIME -> {
        var millis = value instanceof Value.Text(var text) ? Times.millis(text) : null;
        if (millis == null) {
          throw incomparable(field, value, "an ISO 8601 date or instant like '2024-05-01'");
        }
        yield BigDecimal.valueOf(millis);
      }
      case KEYWORD, BOOL ->
          throw wrong(
              field, "is %s and has no order; use ==, != or in [...]".formatted(described(type)));
      case TEXT ->
          throw wrong(
              field,
              "is text, which is searched by its words; write %s ~ 'words'".formatted(field));
      case GEO -> throw wrong(field, "is geo; use geo_radius or geo_box, or compare it with null");
    };
  }

  /** Finds the type of a field that a test is about to use. */
  private FieldType type(Field field) {
    var type = schema.field(field.path());
    if (type == null) {
      throw new FilterException(
          field.column(),
          "no indexed field is called %s; the collection has %s"
              .formatted(field, fieldNames(schema)));
    }
    return type;
  }

  static String fieldNames(Schema schema) {
    return schema.fields().isEmpty() ? "none" : String.join(", ", schema.fields().keySet());
  }

  private String name(Field field) {
    return PayloadFields.name(field.path(), type(field));
  }

  private static String described(FieldType type) {
    return switch (type) {
      case TEXT, GEO -> type.toString();
      case INTEGER -> "an integer";
      case KEYWORD, FLOAT, BOOL, DATETIME -> "a " + type;
    };
  }

  private FilterException incomparable(Field field, Value value, String wanted) {
    return wrong(
        field,
        "is %s and cannot be compared with %s; give %s"
            .formatted(described(type(field)), shown(value), wanted));
  }

  private static FilterException wrong(Field field, String problem) {
    return new FilterException(field.column(), "field '%s' %s".formatted(field.path(), problem));
  }

  private static String shown(Object value) {
    return PayloadFields.cut(value.toString());
  }

  private void count(int more) {
    tests += more;
    if (tests > MAX_TESTS) {
      throw new FilterException(
          "a filter must have at most %d tests, each word and each complement counted; use in [...] for many values of one field"
              .formatted(MAX_TESTS));
    }
  }
}
