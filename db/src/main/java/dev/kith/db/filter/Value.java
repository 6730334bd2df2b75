package dev.kith.db.filter;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** What a field is compared with. An instant is kept as its ISO 8601 text. */
public sealed interface Value {
  /** Compared with keywords and, if it is an ISO 8601 date or instant, with datetimes. */
  record Text(String value) implements Value {
    /** Checks that it is Unicode. */
    public Text {
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
        throw new FilterException("a string must be Unicode text: it has half a surrogate");
      }
    }

    @Override
    public String toString() {
      return FilterText.quoted(value, '\'');
    }
  }

  /** A number that fits 64 bits, compared with integers and floats by its mathematical value. */
  record Whole(long value) implements Value {
    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  /** A finite float64, compared with integers and floats by its mathematical value. */
  record Real(double value) implements Value {
    /** Makes -0.0 into 0.0. */
    public Real {
      if (!Double.isFinite(value)) {
        throw new FilterException("a number must be finite: " + value);
      }
      value += 0.0;
    }

    @Override
    public String toString() {
      return Double.toString(value);
    }
  }

  /** Compared with bools. */
  record Bool(boolean value) implements Value {
    @Override
    public String toString() {
      return Boolean.toString(value);
    }
  }

  /**
   * A string.
   *
   * @throws FilterException if it is not Unicode text
   */
  static Value of(String value) {
    return new Text(value);
  }

  /** An integer. */
  static Value of(long value) {
    return new Whole(value);
  }

  /**
   * A float64.
   *
   * @throws FilterException if it is not finite
   */
  static Value of(double value) {
    return new Real(value);
  }

  /**
   * A float32, as the number that its shortest decimal text says: {@code 0.1f} is 0.1, as in a
   * payload.
   *
   * @throws FilterException if it is not finite
   */
  static Value of(float value) {
    return new Real(Double.parseDouble(Float.toString(value)));
  }

  /** True or false. */
  static Value of(boolean value) {
    return new Bool(value);
  }

  /** An instant, as its ISO 8601 text. */
  static Value of(Instant value) {
    return new Text(value.toString());
  }
}
