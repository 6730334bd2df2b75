package dev.kith.db.filter;

import dev.kith.db.point.PointId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Reads the text of a filter, one token ahead; docs/filters.md has the grammar. */
final class FilterParser {
  /** Words that are no field unless they stand in backticks. */
  private static final Set<String> RESERVED =
      Set.of("and", "or", "not", "in", "null", "true", "false", "id", "geo_radius", "geo_box");

  /** Each level of a filter takes at most two of text: {@code !(}. */
  private static final int MAX_NESTING = 3 * Filter.MAX_DEPTH;

  private static final int MAX_SHOWN = 40;

  private enum Kind {
    WORD,
    NAME,
    STRING,
    NUMBER,
    SIGN,
    END
  }

  /**
   * A token.
   *
   * @param text what it means: of strings and names in backticks without quotes and escapes
   * @param start its first character in the source
   * @param end the character after it
   */
  private record Token(Kind kind, String text, int start, int end) {
    boolean is(String wanted) {
      return (kind == Kind.SIGN || kind == Kind.WORD) && text.equals(wanted);
    }

    boolean isPlainField() {
      return kind == Kind.NAME || (kind == Kind.WORD && !RESERVED.contains(text));
    }

    int column() {
      return start + 1;
    }
  }

  private final String source;
  private Token token = new Token(Kind.END, "", 0, 0);
  private int nesting;

  FilterParser(String source) {
    this.source = source;
  }

  Filter parse() {
    if (source.length() > Filter.MAX_LENGTH) {
      throw new FilterException(
          Filter.MAX_LENGTH + 1,
          "a filter's text must have at most %d characters: characters=%d; build long lists in code"
              .formatted(Filter.MAX_LENGTH, source.length()));
    }
    next();
    var filter = or();
    if (token.kind != Kind.END) {
      throw expected("&&, || or the end", token.text.equals("=") ? "; write == to compare" : "");
    }
    return filter;
  }

  private Filter or() {
    var parts = new ArrayList<Filter>();
    do {
      parts.add(and());
    } while (accept("||") || accept("or"));
    return located(token.column(), () -> Filter.any(parts));
  }

  private Filter and() {
    var parts = new ArrayList<Filter>();
    do {
      parts.add(unary());
    } while (accept("&&") || accept("and"));
    return located(token.column(), () -> Filter.all(parts));
  }

  private Filter unary() {
    int column = token.column();
    if (accept("!") || accept("not")) {
      enter(column);
      var inner = unary();
      nesting--;
      return located(column, inner::not);
    }
    if (accept("(")) {
      enter(column);
      var inner = or();
      require(")", "&&, || or )");
      nesting--;
      return inner;
    }
    if (accept("true")) {
      return Filter.all();
    }
    if (accept("false")) {
      return Filter.any();
    }
    if (accept("geo_radius")) {
      return radius(column);
    }
    if (accept("geo_box")) {
      return box(column);
    }
    return accept("id") ? ids() : comparison(field());
  }

  private void enter(int column) {
    if (++nesting > MAX_NESTING) {
      throw new FilterException(
          column, "parentheses and ! must be nested at most %d deep".formatted(MAX_NESTING));
    }
  }

  private Field field() {
    var name = token;
    if (!name.isPlainField()) {
      throw expected(
          "a field",
          name.kind == Kind.WORD
              ? "; write `%s` if a field has that name".formatted(name.text)
              : name.kind == Kind.STRING ? "; the field comes first, then the value" : "");
    }
    next();
    return located(name.column(), () -> new Field(name.text, name.column()));
  }

  private Filter comparison(Field field) {
    var sign = token;
    for (var order : Filter.Order.values()) {
      if (accept(order.toString())) {
        return new Filter.Compare(field, order, value("'" + order + "'"));
      }
    }
    if (accept("==")) {
      return equal(field, "'=='");
    }
    if (accept("!=")) {
      return equal(field, "'!='").not();
    }
    if (accept("in")) {
      return in(field);
    }
    if (accept("not")) {
      require("in", "'in' after 'not'");
      return list("'not in'", () -> value("'['"), field::in).not();
    }
    if (accept("~")) {
      var words = token;
      if (words.kind != Kind.STRING) {
        throw expected("words in quotes after '~'", "");
      }
      next();
      return located(words.column(), () -> new Filter.Words(field, words.text));
    }
    throw expected(
        "==, !=, <, <=, >, >=, in, not in or ~ after " + field,
        sign.is("=")
            ? "; write == to compare"
            : sign.is(".")
                ? "; a field with other characters in its name stands in backticks"
                : sign.kind == Kind.SIGN || sign.kind == Kind.END
                    ? "; of a bool write %s == true".formatted(field)
                    : "");
  }

  private Filter equal(Field field, String after) {
    return accept("null") ? field.isNull() : field.is(value(after));
  }

  private Filter in(Field field) {
    if (token.is("[")) {
      return list("'in'", () -> value("'['"), field::in);
    }
    if (token.kind != Kind.STRING && token.kind != Kind.NUMBER) {
      throw expected("[ or a range like 1..5 after 'in'", "");
    }
    var low = value("'in'");
    require("..", "'..' and the range's end", "; write in [...] for a list, == for one value");
    return new Filter.Between(field, low, value("'..'"));
  }

  private <T> Filter list(String after, Supplier<T> element, ListFilter<T> made) {
    require("[", "[ after " + after);
    var values = new ArrayList<T>();
    if (!accept("]")) {
      do {
        values.add(element.get());
      } while (accept(","));
      require("]", "',' or ]");
    }
    return made.of(values);
  }

  private interface ListFilter<T> {
    Filter of(List<T> values);
  }

  private Value value(String after) {
    var literal = token;
    return switch (literal.kind) {
      case STRING -> {
        next();
        yield located(literal.column(), () -> Value.of(literal.text));
      }
      case NUMBER -> {
        next();
        yield isWhole(literal) ? Value.of(whole(literal)) : Value.of(real(literal));
      }
      case WORD, NAME, SIGN, END -> {
        if (literal.is("true") || literal.is("false")) {
          next();
          yield Value.of(literal.text.equals("true"));
        }
        throw expected(
            "a value after " + after,
            literal.is("null")
                ? "; null goes with == and != alone"
                : literal.isPlainField() ? "; strings stand in quotes" : "");
      }
    };
  }

  private Filter ids() {
    if (accept("==")) {
      return Filter.ids(id("'=='"));
    }
    if (accept("!=")) {
      return Filter.ids(id("'!='")).not();
    }
    boolean complement = accept("not");
    require(
        "in",
        complement ? "'in' after 'not'" : "==, !=, in or not in after id",
        complement ? "" : "; write `id` if a field has that name");
    var filter = list(complement ? "'not in'" : "'in'", () -> id("'['"), ids -> Filter.ids(ids));
    return complement ? filter.not() : filter;
  }

  private PointId id(String after) {
    var literal = token;
    boolean marked = accept("text");
    if (marked) {
      require("(", "( after text");
    }
    var given = token;
    if (given.kind == Kind.NUMBER && !marked) {
      next();
      try {
        return PointId.of(Long.parseUnsignedLong(given.text));
      } catch (NumberFormatException e) {
        throw new FilterException(
            given.column(),
            "an id that is a number must be an integer of 0 to 2^64-1: " + shown(given));
      }
    }
    if (given.kind != Kind.STRING) {
      throw expected(
          marked ? "a string after text(" : "an id after " + after,
          given.kind == Kind.WORD ? "; strings stand in quotes" : "");
    }
    next();
    if (marked) {
      require(")", ")");
    }
    try {
      return !marked && PointId.parse(given.text) instanceof PointId.Uuid uuid
          ? uuid
          : PointId.of(given.text);
    } catch (IllegalArgumentException e) {
      throw new FilterException(literal.column(), String.valueOf(e.getMessage()));
    }
  }

  private Filter radius(int column) {
    require("(", "( after geo_radius");
    var field = field();
    double lat = degrees("latitude");
    double lon = degrees("longitude");
    double metres = number("a distance");
    if (accept("km")) {
      metres *= 1000;
    } else if (!accept("m") && !token.is(")")) {
      throw expected("m, km or )", "");
    }
    require(")", ")");
    double distance = metres;
    return located(column, () -> field.withinRadius(lat, lon, distance));
  }

  private Filter box(int column) {
    require("(", "( after geo_box");
    var field = field();
    double top = degrees("top");
    double left = degrees("left");
    double bottom = degrees("bottom");
    double right = degrees("right");
    require(")", ")");
    return located(column, () -> field.withinBox(top, left, bottom, right));
  }

  private double degrees(String what) {
    return number("the " + what + " in degrees");
  }

  private double number(String what) {
    require(",", "',' and " + what);
    if (token.kind != Kind.NUMBER) {
      throw expected(what, "");
    }
    var literal = token;
    next();
    return real(literal);
  }

  private static boolean isWhole(Token number) {
    return number.text.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9'));
  }

  private long whole(Token number) {
    try {
      return Long.parseLong(number.text);
    } catch (NumberFormatException e) {
      throw new FilterException(
          number.column(),
          "an integer must fit 64 bits: %s; write 1e20 for a float".formatted(shown(number)));
    }
  }

  private double real(Token number) {
    double value = Double.parseDouble(number.text);
    if (!Double.isFinite(value)) {
      throw new FilterException(number.column(), "a number must fit float64: " + shown(number));
    }
    return value;
  }

  private boolean accept(String text) {
    if (!token.is(text)) {
      return false;
    }
    next();
    return true;
  }

  private void require(String text, String what) {
    require(text, what, "");
  }

  private void require(String text, String what, String hint) {
    if (!accept(text)) {
      throw expected(what, hint);
    }
  }

  private FilterException expected(String what, String hint) {
    return new FilterException(
        token.column(),
        "expected %s, found %s%s"
            .formatted(what, token.kind == Kind.END ? "the end" : shown(token), hint));
  }

  /** The token as the source has it, short and on one line. */
  private String shown(Token shown) {
    boolean cut = shown.end - shown.start > MAX_SHOWN;
    var text =
        new StringBuilder(source.substring(shown.start, cut ? shown.start + MAX_SHOWN : shown.end));
    for (int i = 0; i < text.length(); i++) {
      if (FilterText.breaksLines(text.charAt(i))) {
        text.setCharAt(i, '?');
      }
    }
    var whole = text + (cut ? "..." : "");
    return shown.kind == Kind.STRING || shown.kind == Kind.NAME || shown.kind == Kind.NUMBER
        ? whole
        : "'" + whole + "'";
  }

  /** What a constructor rejects gets the column. */
  private static <T> T located(int column, Supplier<T> made) {
    try {
      return made.get();
    } catch (FilterException e) {
      throw e.at(column);
    }
  }

  private void next() {
    int at = token.end;
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      at++;
    }
    token = read(at);
  }

  private Token read(int at) {
    if (at == source.length()) {
      return new Token(Kind.END, "", at, at);
    }
    char c = source.charAt(at);
    if (c == '\'' || c == '"') {
      return quoted(Kind.STRING, at);
    }
    if (c == '`') {
      return quoted(Kind.NAME, at);
    }
    if (isDigit(at) || (c == '-' && isDigit(at + 1))) {
      return source(Kind.NUMBER, at, numberEnd(at));
    }
    int wordEnd = wordEnd(source, at);
    if (wordEnd > at) {
      return source(Kind.WORD, at, wordEnd);
    }
    for (var sign : List.of("==", "!=", "<=", ">=", "&&", "||", "..")) {
      if (source.startsWith(sign, at)) {
        return source(Kind.SIGN, at, at + 2);
      }
    }
    return source(Kind.SIGN, at, source.offsetByCodePoints(at, 1));
  }

  private Token source(Kind kind, int start, int end) {
    return new Token(kind, source.substring(start, end), start, end);
  }

  private Token quoted(Kind kind, int start) {
    char quote = source.charAt(start);
    var text = new StringBuilder();
    for (int at = start + 1; at < source.length(); at++) {
      char c = source.charAt(at);
      if (c == quote) {
        return new Token(kind, text.toString(), start, at + 1);
      }
      if (c == '\\') {
        at++;
        char escape = at < source.length() ? source.charAt(at) : ' ';
        switch (escape) {
          case '\\', '\'', '"', '`' -> text.append(escape);
          case 'n' -> text.append('\n');
          case 'r' -> text.append('\r');
          case 't' -> text.append('\t');
          case 'u' -> {
            text.append(unicode(at));
            at += 4;
          }
          default -> throw badEscape(at);
        }
      } else {
        text.append(c);
      }
    }
    throw new FilterException(
        start + 1, "what is quoted here has no end; close it with %s".formatted(quote));
  }

  private char unicode(int at) {
    int value = 0;
    for (int i = at + 1; i <= at + 4; i++) {
      int digit = i < source.length() ? Character.digit(source.charAt(i), 16) : -1;
      if (digit < 0) {
        throw badEscape(at);
      }
      value = value * 16 + digit;
    }
    return (char) value;
  }

  private static FilterException badEscape(int at) {
    return new FilterException(
        at, "after a backslash come \\, a quote, n, r, t or u and four hexadecimal digits");
  }

  private boolean isDigit(int at) {
    return at < source.length() && source.charAt(at) >= '0' && source.charAt(at) <= '9';
  }

  private int digitsEnd(int at) {
    int end = at;
    while (isDigit(end)) {
      end++;
    }
    return end;
  }

  private int numberEnd(int start) {
    int end = digitsEnd(start + 1);
    if (end < source.length() && source.charAt(end) == '.' && isDigit(end + 1)) {
      end = digitsEnd(end + 1);
    }
    if (end < source.length() && (source.charAt(end) | 0x20) == 'e') {
      int sign = end + 1;
      if (sign < source.length() && (source.charAt(sign) == '-' || source.charAt(sign) == '+')) {
        sign++;
      }
      if (isDigit(sign)) {
        end = digitsEnd(sign);
      }
    }
    return end;
  }

  /** True if a field of that path needs no backticks. */
  static boolean isPlainName(String path) {
    return !RESERVED.contains(path) && wordEnd(path, 0) == path.length();
  }

  /** The end of the names joined by dots that begin there, or the place itself if none does. */
  private static int wordEnd(String text, int start) {
    int end = start;
    int at = start;
    while (at < text.length() && startsName(text.codePointAt(at))) {
      while (at < text.length() && continuesName(text.codePointAt(at))) {
        at += Character.charCount(text.codePointAt(at));
      }
      end = at;
      if (at < text.length() && text.charAt(at) == '.') {
        at++;
      }
    }
    return end;
  }

  private static boolean startsName(int codePoint) {
    return Character.isLetter(codePoint) || codePoint == '_';
  }

  private static boolean continuesName(int codePoint) {
    return startsName(codePoint)
        || codePoint == '-'
        || switch (Character.getType(codePoint)) {
          case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
              true;
          default -> false;
        };
  }
}
