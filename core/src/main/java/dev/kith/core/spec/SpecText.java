package dev.kith.core.spec;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The one grammar of index specs: {@code name} or {@code name(key=value,...)}. Names and keys are
 * lower-case letters, digits, {@code -} and {@code _}; a value is any text without blanks in which
 * parentheses are balanced, and without a comma outside of them, so that a value may be a spec
 * itself. Blanks between the pieces are skipped. Each error names the column, from 1.
 */
final class SpecText {
  private final String text;
  private final String name;
  private final Map<String, Value> values = new LinkedHashMap<>();

  /** Keys that were asked for, whether or not they stand in the text. */
  private final TreeSet<String> known = new TreeSet<>();

  private int at;

  private record Value(String text, int keyColumn, int column) {}

  private SpecText(String text) {
    this.text = text;
    this.name = word("the name of an index");
    skipBlanks();
    if (at < text.length()) {
      take('(', "( or the end");
      do {
        pair();
      } while (takeIf(','));
      take(')', ", or )");
      if (at < text.length()) {
        throw unexpected("the end");
      }
    }
  }

  /**
   * Splits {@code text} into its name and its parameters.
   *
   * @throws IllegalArgumentException naming the column of what does not belong there
   */
  static SpecText parse(String text) {
    return new SpecText(text);
  }

  /** Name of the kind of index. */
  String name() {
    return name;
  }

  /** Value of {@code key} as {@code reader} understands it, or null if the key is not there. */
  <T> @Nullable T value(String key, Function<String, T> reader) {
    known.add(key);
    var found = values.get(key);
    if (found == null) {
      return null;
    }
    try {
      return reader.apply(found.text);
    } catch (IllegalArgumentException e) {
      throw error(found.column, String.valueOf(e.getMessage()));
    }
  }

  /** Whole number of {@code key}, or {@code usual} if the key is not there. */
  long number(String key, long usual, long least, long most) {
    var found =
        value(
            key,
            digits -> {
              long number;
              try {
                number = Long.parseLong(digits);
              } catch (NumberFormatException e) {
                number = least - 1;
              }
              if (number < least || number > most) {
                throw new IllegalArgumentException(
                    "%s must be a whole number from %d%s: %s"
                        .formatted(
                            key, least, most == Long.MAX_VALUE ? " on" : " to " + most, digits));
              }
              return number;
            });
    return found == null ? usual : found;
  }

  /** Decimal number of {@code key}, or {@code usual} if the key is not there. */
  double decimal(String key, double usual, double least, double most) {
    var found =
        value(
            key,
            digits -> {
              double number;
              try {
                number = Double.parseDouble(digits);
              } catch (NumberFormatException e) {
                number = Double.NaN;
              }
              if (!(number >= least && number <= most)) {
                throw new IllegalArgumentException(
                    "%s must be a number from %s to %s: %s".formatted(key, least, most, digits));
              }
              return number;
            });
    return found == null ? usual : found;
  }

  /** One of {@code values}, by its name in lower case, or {@code usual} if the key is not there. */
  <E extends Enum<E>> E choice(String key, E usual, E[] values) {
    var found =
        value(
            key,
            word -> {
              for (var value : values) {
                if (value.toString().equals(word)) {
                  return value;
                }
              }
              throw new IllegalArgumentException(
                  "%s must be one of %s: %s"
                      .formatted(
                          key,
                          Arrays.stream(values)
                              .map(Object::toString)
                              .collect(Collectors.joining(", ")),
                          word));
            });
    return found == null ? usual : found;
  }

  /**
   * Checks that every key of the text was asked for.
   *
   * @throws IllegalArgumentException naming the first key that was not, and the known ones
   */
  void requireAllRead() {
    for (var entry : values.entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw error(
            entry.getValue().keyColumn,
            "%s has no parameter %s; known are: %s"
                .formatted(name, entry.getKey(), String.join(", ", known)));
      }
    }
  }

  /** Exception for a name that is none of {@code names}. */
  IllegalArgumentException unknownName(String names) {
    return error(text.indexOf(name) + 1, "no such index: %s; known are %s".formatted(name, names));
  }

  private void pair() {
    skipBlanks();
    int keyColumn = at + 1;
    var key = word("a parameter's name");
    take('=', "=");
    skipBlanks();
    int column = at + 1;
    int depth = 0;
    while (at < text.length() && !Character.isWhitespace(text.charAt(at))) {
      char c = text.charAt(at);
      if (depth == 0 && (c == ',' || c == ')')) {
        break;
      }
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      at++;
    }
    if (at + 1 == column || depth != 0) {
      throw unexpected(depth == 0 ? "a value of " + key : ")");
    }
    if (values.put(key, new Value(text.substring(column - 1, at), keyColumn, column)) != null) {
      throw error(keyColumn, "%s is given twice".formatted(key));
    }
  }

  private String word(String what) {
    skipBlanks();
    int from = at;
    while (at < text.length() && isWord(text.charAt(at))) {
      at++;
    }
    if (at == from) {
      throw unexpected(what);
    }
    return text.substring(from, at);
  }

  private static boolean isWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  }

  private void skipBlanks() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private boolean takeIf(char expected) {
    skipBlanks();
    if (at == text.length() || text.charAt(at) != expected) {
      return false;
    }
    at++;
    skipBlanks();
    return true;
  }

  private void take(char expected, String what) {
    if (!takeIf(expected)) {
      throw unexpected(what);
    }
  }

  private IllegalArgumentException unexpected(String expected) {
    var found = at < text.length() ? "\"" + text.charAt(at) + "\"" : "the end";
    return error(at + 1, "expected %s, found %s".formatted(expected, found));
  }

  private IllegalArgumentException error(int column, String what) {
    return new IllegalArgumentException(
        "index \"%s\", column %d: %s".formatted(text, column, what));
  }
}
