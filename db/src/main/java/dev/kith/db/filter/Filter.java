package dev.kith.db.filter;

import dev.kith.db.point.PointId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A condition on points. Its text, {@link Object#toString}, reads {@code lang == 'en' && year >=
 * 2020}, and {@link #parse} makes an equal filter of it.
 *
 * <p>Whether the fields exist and have the right type is found out where the filter meets a
 * collection's schema.
 */
public sealed interface Filter {
  /** How deep {@link All}, {@link Any} and {@link Not} may be nested in each other. */
  int MAX_DEPTH = 64;

  /** The most characters that {@link #parse} reads. */
  int MAX_LENGTH = 1 << 20;

  /**
   * Holds if all of its parts do; without parts it holds always.
   *
   * @param parts none or at least two, none of them an {@code All}; {@link Filter#all} sees to that
   */
  record All(List<Filter> parts) implements Filter {
    /** Copies the list and checks the depth. */
    public All {
      parts = List.copyOf(parts);
      requireFlat(parts, All.class);
      requireDepth(this, parts);
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /**
   * Holds if one of its parts does; without parts it never holds.
   *
   * @param parts none or at least two, none of them an {@code Any}; {@link Filter#any} sees to that
   */
  record Any(List<Filter> parts) implements Filter {
    /** Copies the list and checks the depth. */
    public Any {
      parts = List.copyOf(parts);
      requireFlat(parts, Any.class);
      requireDepth(this, parts);
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** Holds where the other does not. */
  record Not(Filter filter) implements Filter {
    /** Checks the depth. */
    public Not {
      requireDepth(this, List.of(filter));
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** One of the field's values equals one of these. */
  record OneOf(Field field, List<Value> values) implements Filter {
    /** Copies the list. */
    public OneOf {
      values = List.copyOf(values);
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** One of the field's values is so related to this one. */
  record Compare(Field field, Order order, Value value) implements Filter {
    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** One of the field's values lies between these, ends included. */
  record Between(Field field, Value low, Value high) implements Filter {
    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** The field has no value. */
  record IsNull(Field field) implements Filter {
    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** The field's values hold all of these words among them. */
  record Words(Field field, String words) implements Filter {
    /** Checks that the words are Unicode. */
    public Words {
      words = new Value.Text(words).value();
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** One of the field's places is at most so far away; see {@link Field#withinRadius}. */
  record Radius(Field field, double lat, double lon, double metres) implements Filter {
    /** Checks the ranges and makes -0.0 into 0.0. */
    public Radius {
      lat = latitude(lat);
      lon = longitude(lon);
      metres += 0.0;
      if (!(metres >= 0 && metres < Double.POSITIVE_INFINITY)) {
        throw new FilterException("a radius must be 0 metres or more, and finite: " + metres);
      }
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** One of the field's places is in this box; see {@link Field#withinBox}. */
  record Box(Field field, double top, double left, double bottom, double right) implements Filter {
    /** Checks the ranges and makes -0.0 into 0.0. */
    public Box {
      top = latitude(top);
      bottom = latitude(bottom);
      left = longitude(left);
      right = longitude(right);
      if (bottom > top) {
        throw new FilterException(
            "a box's top must not lie below its bottom: top=%s, bottom=%s; the order is top, left, bottom, right"
                .formatted(top, bottom));
      }
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** The point's id is one of these. */
  record Ids(List<PointId> ids) implements Filter {
    /** Copies the list. */
    public Ids {
      ids = List.copyOf(ids);
    }

    @Override
    public String toString() {
      return FilterText.of(this);
    }
  }

  /** How {@link Compare} compares. */
  enum Order {
    /** {@code >}. */
    ABOVE(">"),
    /** {@code >=}. */
    AT_LEAST(">="),
    /** {@code <}. */
    BELOW("<"),
    /** {@code <=}. */
    AT_MOST("<=");

    private final String sign;

    Order(String sign) {
      this.sign = sign;
    }

    /** As text writes it. */
    @Override
    public String toString() {
      return sign;
    }
  }

  /**
   * Reads the text of a filter; docs/filters.md has the grammar.
   *
   * @throws FilterException saying at which column what was expected
   */
  static Filter parse(String text) {
    return new FilterParser(text).parse();
  }

  /** Begins a filter on a payload field, named by its keys joined by dots. */
  static Field field(String path) {
    return new Field(path, 0);
  }

  /** Holds for the points that have one of these ids. */
  static Filter ids(PointId... ids) {
    return new Ids(List.of(ids));
  }

  /** The same of many ids. */
  static Filter ids(List<PointId> ids) {
    return new Ids(ids);
  }

  /** Holds if all do; of one it is that one, of none it holds always. */
  static Filter all(Filter... parts) {
    return all(Arrays.asList(parts));
  }

  /** The same of a list. */
  static Filter all(List<Filter> parts) {
    var flat = new ArrayList<Filter>();
    for (var part : parts) {
      if (part instanceof All(var inner)) {
        flat.addAll(inner);
      } else {
        flat.add(part);
      }
    }
    return flat.size() == 1 ? flat.getFirst() : new All(flat);
  }

  /** Holds if one does; of one it is that one, of none it never holds. */
  static Filter any(Filter... parts) {
    return any(Arrays.asList(parts));
  }

  /** The same of a list. */
  static Filter any(List<Filter> parts) {
    var flat = new ArrayList<Filter>();
    for (var part : parts) {
      if (part instanceof Any(var inner)) {
        flat.addAll(inner);
      } else {
        flat.add(part);
      }
    }
    return flat.size() == 1 ? flat.getFirst() : new Any(flat);
  }

  /** Holds where that one does not. As a lambda write {@code f -> f.not()}. */
  @SuppressWarnings("AmbiguousMethodReference") // reads well on both sides: not(a), a.not()
  static Filter not(Filter filter) {
    return new Not(filter);
  }

  /** Holds if both do. */
  default Filter and(Filter other) {
    return all(this, other);
  }

  /** Holds if one of both does. */
  default Filter or(Filter other) {
    return any(this, other);
  }

  /** Holds where this one does not. */
  @SuppressWarnings("AmbiguousMethodReference")
  default Filter not() {
    return new Not(this);
  }

  private static void requireFlat(List<Filter> parts, Class<? extends Filter> type) {
    if (parts.size() == 1 || parts.stream().anyMatch(type::isInstance)) {
      throw new FilterException(
          "%s must have no part or at least two, none of the same kind; use Filter.%s"
              .formatted(type.getSimpleName(), type == All.class ? "all" : "any"));
    }
  }

  private static void requireDepth(Filter filter, List<Filter> parts) {
    int depth = 1 + parts.stream().mapToInt(Filter::depth).max().orElse(0);
    if (depth > MAX_DEPTH) {
      throw new FilterException(
          "%s is nested too deep: depth=%d, allowed=%d; use in [...] or fewer parentheses"
              .formatted(filter.getClass().getSimpleName(), depth, MAX_DEPTH));
    }
  }

  private static int depth(Filter filter) {
    return switch (filter) {
      case All(var parts) -> 1 + parts.stream().mapToInt(Filter::depth).max().orElse(0);
      case Any(var parts) -> 1 + parts.stream().mapToInt(Filter::depth).max().orElse(0);
      case Not(var inner) -> 1 + depth(inner);
      default -> 0;
    };
  }

  private static double latitude(double degrees) {
    if (!(degrees >= -90 && degrees <= 90)) {
      throw new FilterException("a latitude must be -90 to 90 degrees: " + degrees);
    }
    return degrees + 0.0;
  }

  private static double longitude(double degrees) {
    if (!(degrees >= -180 && degrees <= 180)) {
      throw new FilterException("a longitude must be -180 to 180 degrees: " + degrees);
    }
    return degrees + 0.0;
  }
}
