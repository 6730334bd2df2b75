package dev.kith.db.filter;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A payload field, and the filters on it. Where it holds an array, a filter holds if one of the
 * values satisfies it; {@code isNot} and {@code notIn} are the complements of {@code is} and {@code
 * in}, so they hold where there is no value at all.
 *
 * @param path keys joined by dots
 * @param column where a filter's text names it, from 1; 0 if it was built in code. Only messages
 *     use it: it does not count for equality
 */
public record Field(String path, int column) {
  /** Checks the path. */
  public Field {
    if (path.isEmpty()) {
      throw new FilterException("a field must have a name");
    }
  }

  /** Has exactly that value. */
  public Filter is(Value value) {
    return in(List.of(value));
  }

  /** See {@link #is(Value)}. */
  public Filter is(String value) {
    return is(Value.of(value));
  }

  /** See {@link #is(Value)}. */
  public Filter is(long value) {
    return is(Value.of(value));
  }

  /** See {@link #is(Value)}. */
  public Filter is(double value) {
    return is(Value.of(value));
  }

  /** See {@link #is(Value)}. */
  public Filter is(float value) {
    return is(Value.of(value));
  }

  /** See {@link #is(Value)}. */
  public Filter is(boolean value) {
    return is(Value.of(value));
  }

  /** See {@link #is(Value)}. */
  public Filter is(Instant value) {
    return is(Value.of(value));
  }

  /** The complement of {@link #is(Value)}: also holds where there is no value. */
  public Filter isNot(Value value) {
    return is(value).not();
  }

  /** See {@link #isNot(Value)}. */
  public Filter isNot(String value) {
    return is(value).not();
  }

  /** See {@link #isNot(Value)}. */
  public Filter isNot(long value) {
    return is(value).not();
  }

  /** See {@link #isNot(Value)}. */
  public Filter isNot(double value) {
    return is(value).not();
  }

  /** See {@link #isNot(Value)}. */
  public Filter isNot(float value) {
    return is(value).not();
  }

  /** See {@link #isNot(Value)}. */
  public Filter isNot(boolean value) {
    return is(value).not();
  }

  /** See {@link #isNot(Value)}. */
  public Filter isNot(Instant value) {
    return is(value).not();
  }

  /** Has one of the values; never holds if there are none. */
  public Filter in(List<Value> values) {
    return new Filter.OneOf(this, values);
  }

  /** See {@link #in(List)}. */
  public Filter in(String... values) {
    return in(Arrays.stream(values).map(Value::of).toList());
  }

  /** See {@link #in(List)}. */
  public Filter in(long... values) {
    return in(Arrays.stream(values).mapToObj(Value::of).toList());
  }

  /** See {@link #in(List)}. */
  public Filter in(double... values) {
    return in(Arrays.stream(values).mapToObj(Value::of).toList());
  }

  /** See {@link #in(List)}. */
  public Filter in(float... values) {
    var floats = new ArrayList<Value>(values.length);
    for (float value : values) {
      floats.add(Value.of(value));
    }
    return in(floats);
  }

  /** See {@link #in(List)}. */
  public Filter in(Instant... values) {
    return in(Arrays.stream(values).map(Value::of).toList());
  }

  /** The complement of {@link #in(List)}: also holds where there is no value. */
  public Filter notIn(List<Value> values) {
    return in(values).not();
  }

  /** See {@link #notIn(List)}. */
  public Filter notIn(String... values) {
    return in(values).not();
  }

  /** See {@link #notIn(List)}. */
  public Filter notIn(long... values) {
    return in(values).not();
  }

  /** See {@link #notIn(List)}. */
  public Filter notIn(double... values) {
    return in(values).not();
  }

  /** See {@link #notIn(List)}. */
  public Filter notIn(float... values) {
    return in(values).not();
  }

  /** See {@link #notIn(List)}. */
  public Filter notIn(Instant... values) {
    return in(values).not();
  }

  /** Greater than or equal to that; of numbers and datetimes. */
  public Filter atLeast(Value low) {
    return new Filter.Compare(this, Filter.Order.AT_LEAST, low);
  }

  /** See {@link #atLeast(Value)}; a date or instant in ISO 8601. */
  public Filter atLeast(String low) {
    return atLeast(Value.of(low));
  }

  /** See {@link #atLeast(Value)}. */
  public Filter atLeast(long low) {
    return atLeast(Value.of(low));
  }

  /** See {@link #atLeast(Value)}. */
  public Filter atLeast(double low) {
    return atLeast(Value.of(low));
  }

  /** See {@link #atLeast(Value)}. */
  public Filter atLeast(float low) {
    return atLeast(Value.of(low));
  }

  /** See {@link #atLeast(Value)}. */
  public Filter atLeast(Instant low) {
    return atLeast(Value.of(low));
  }

  /** Greater than that; of numbers and datetimes. */
  public Filter above(Value low) {
    return new Filter.Compare(this, Filter.Order.ABOVE, low);
  }

  /** See {@link #above(Value)}; a date or instant in ISO 8601. */
  public Filter above(String low) {
    return above(Value.of(low));
  }

  /** See {@link #above(Value)}. */
  public Filter above(long low) {
    return above(Value.of(low));
  }

  /** See {@link #above(Value)}. */
  public Filter above(double low) {
    return above(Value.of(low));
  }

  /** See {@link #above(Value)}. */
  public Filter above(float low) {
    return above(Value.of(low));
  }

  /** See {@link #above(Value)}. */
  public Filter above(Instant low) {
    return above(Value.of(low));
  }

  /** Less than or equal to that; of numbers and datetimes. */
  public Filter atMost(Value high) {
    return new Filter.Compare(this, Filter.Order.AT_MOST, high);
  }

  /** See {@link #atMost(Value)}; a date or instant in ISO 8601. */
  public Filter atMost(String high) {
    return atMost(Value.of(high));
  }

  /** See {@link #atMost(Value)}. */
  public Filter atMost(long high) {
    return atMost(Value.of(high));
  }

  /** See {@link #atMost(Value)}. */
  public Filter atMost(double high) {
    return atMost(Value.of(high));
  }

  /** See {@link #atMost(Value)}. */
  public Filter atMost(float high) {
    return atMost(Value.of(high));
  }

  /** See {@link #atMost(Value)}. */
  public Filter atMost(Instant high) {
    return atMost(Value.of(high));
  }

  /** Less than that; of numbers and datetimes. */
  public Filter below(Value high) {
    return new Filter.Compare(this, Filter.Order.BELOW, high);
  }

  /** See {@link #below(Value)}; a date or instant in ISO 8601. */
  public Filter below(String high) {
    return below(Value.of(high));
  }

  /** See {@link #below(Value)}. */
  public Filter below(long high) {
    return below(Value.of(high));
  }

  /** See {@link #below(Value)}. */
  public Filter below(double high) {
    return below(Value.of(high));
  }

  /** See {@link #below(Value)}. */
  public Filter below(float high) {
    return below(Value.of(high));
  }

  /** See {@link #below(Value)}. */
  public Filter below(Instant high) {
    return below(Value.of(high));
  }

  /**
   * Has one value that lies between both, ends included. Of an array that is narrower than {@link
   * #atLeast(Value)} and {@link #atMost(Value)} together, which two values may satisfy.
   */
  public Filter between(Value low, Value high) {
    return new Filter.Between(this, low, high);
  }

  /** See {@link #between(Value, Value)}; dates or instants in ISO 8601. */
  public Filter between(String low, String high) {
    return between(Value.of(low), Value.of(high));
  }

  /** See {@link #between(Value, Value)}. */
  public Filter between(long low, long high) {
    return between(Value.of(low), Value.of(high));
  }

  /** See {@link #between(Value, Value)}. */
  public Filter between(double low, double high) {
    return between(Value.of(low), Value.of(high));
  }

  /** See {@link #between(Value, Value)}. */
  public Filter between(float low, float high) {
    return between(Value.of(low), Value.of(high));
  }

  /** See {@link #between(Value, Value)}. */
  public Filter between(Instant low, Instant high) {
    return between(Value.of(low), Value.of(high));
  }

  /** Has no value: is missing, null, or an array of nothing but nulls. */
  public Filter isNull() {
    return new Filter.IsNull(this);
  }

  /** Has a value. */
  public Filter exists() {
    return isNull().not();
  }

  /** Holds all of these words, in whatever order, in whichever of its values; of text. */
  public Filter matches(String words) {
    return new Filter.Words(this, words);
  }

  /**
   * Lies at most so far from a place, along a sphere of the Earth's mean radius (haversine).
   *
   * @param lat in degrees, -90 to 90
   * @param lon in degrees, -180 to 180
   * @param metres 0 or more
   */
  public Filter withinRadius(double lat, double lon, double metres) {
    return new Filter.Radius(this, lat, lon, metres);
  }

  /**
   * Lies in a box of degrees, edges included. A left edge that is greater than the right one means
   * that the box crosses the 180th meridian, which is an edge by either of its names, 180 and -180.
   */
  public Filter withinBox(double top, double left, double bottom, double right) {
    return new Filter.Box(this, top, left, bottom, right);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Field field && path.equals(field.path);
  }

  @Override
  public int hashCode() {
    return path.hashCode();
  }

  /** The name as a filter's text writes it. */
  @Override
  public String toString() {
    return FilterText.name(path);
  }
}
