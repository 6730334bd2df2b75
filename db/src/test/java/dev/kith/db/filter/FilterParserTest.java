package dev.kith.db.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.kith.core.testing.Seeded;
import dev.kith.db.point.PointId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class FilterParserTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '\1',
      textBlock =
          """
          lang == 'en' && year >= 2020 && !(tags in ['draft']) @ lang == 'en' && year >= 2020 && tags != 'draft'
          geo_radius(place, 52.5, 13.4, 2km) && title ~ 'words' @ geo_radius(place, 52.5, 13.4, 2000m) && title ~ 'words'
          geo_radius ( place , -52.5 , 1e1 , 5e-1 m ) @ geo_radius(place, -52.5, 10, 0.5m)
          geo_radius(place, 1, 2, 3)    @ geo_radius(place, 1, 2, 3m)
          geo_box(place, 2, 170, 1, -170) @ geo_box(place, 2, 170, 1, -170)
          a==1||b==2&&c==3              @ a == 1 || b == 2 && c == 3
          (a==1||b==2)&&c==3            @ (a == 1 || b == 2) && c == 3
          a==1 or b==2 and not c==3     @ a == 1 || b == 2 && c != 3
          !a == 1                       @ a != 1
          !!a == 1                      @ !(a != 1)
          not(not a == 1)               @ !(a != 1)
          ((((a == 1))))                @ a == 1
          a == 1 && (b == 2 && c == 3)  @ a == 1 && b == 2 && c == 3
          true && a == 1                @ a == 1
          true or false                 @ true
          x == null                     @ x == null
          x != null                     @ x != null
          !(x == null)                  @ x != null
          x not in ["a", 'b']           @ x not in ['a', 'b']
          x in [ ]                      @ x in []
          x in [1]                      @ x == 1
          x in [1, 2.5, 'a', true]      @ x in [1, 2.5, 'a', true]
          year in 2000..2010            @ year in 2000..2010
          year in -2.5 .. -1e3          @ year in -2.5..-1000.0
          at in '2024-05-01'..'2024-05-01T10:00:00Z' @ at in '2024-05-01'..'2024-05-01T10:00:00Z'
          id in ['a', 17]               @ id in ['a', 17]
          id == 17                      @ id in [17]
          id != '17'                    @ id not in ['17']
          id not in [18446744073709551615] @ id not in [18446744073709551615]
          id == '00000000-0000-0001-0000-000000000002' @ id in ['00000000-0000-0001-0000-000000000002']
          id == text('plain')           @ id in ['plain']
          `id` == 17                    @ `id` == 17
          `lang` == 'x'                 @ lang == 'x'
          a.b-c._d2 == -9223372036854775808 @ a.b-c._d2 == -9223372036854775808
          änderung.x == 1               @ änderung.x == 1
          x == "it's"                   @ x == 'it\\'s'
          x == 'a\\"b\\'c\\\\d\\n\\u00e9' @ x == 'a"b\\'c\\\\d\\né'
          `a\\`b` ~ "x"                 @ `a\\`b` ~ 'x'
          inside == 1                   @ inside == 1
          text == 1                     @ text == 1
          x == 1.50                     @ x == 1.5
          x == -0.0                     @ x == 0.0
          x == 1E3                      @ x == 1000.0
          """)
  void parse_text_givesItsCanonicalText(String text, String canonical) {
    var filter = Filter.parse(text);
    assertThat(filter).hasToString(canonical);
    assertThat(Filter.parse(canonical)).isEqualTo(filter).hasSameHashCodeAs(filter);
  }

  @Test
  void parse_whitespace_isAnyOfUnicode() {
    assertThat(Filter.parse("\n a\t==\r\n'x' \n")).isEqualTo(Filter.field("a").is("x"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '\1',
      textBlock =
          """
          (empty)             @ 1  @ expected a field, found the end
          lang ==  && x == 1  @ 10 @ expected a value after '==', found '&&'
          lang == en          @ 9  @ expected a value after '==', found 'en'; strings stand in quotes
          lang = 'en'         @ 6  @ expected ==, !=, <, <=, >, >=, in, not in or ~ after lang, found '='; write == to compare
          ok                  @ 3  @ expected ==, !=, <, <=, >, >=, in, not in or ~ after ok, found the end; of a bool write ok == true
          ok && x == 1        @ 4  @ expected ==, !=, <, <=, >, >=, in, not in or ~ after ok, found '&&'; of a bool write ok == true
          lang is 'en'        @ 6  @ expected ==, !=, <, <=, >, >=, in, not in or ~ after lang, found 'is'
          'en' == lang        @ 1  @ expected a field, found 'en'; the field comes first, then the value
          17 == x             @ 1  @ expected a field, found 17
          in == 1             @ 1  @ expected a field, found 'in'; write `in` if a field has that name
          x == 1 y == 2       @ 8  @ expected &&, || or the end, found 'y'
          x == 1 & y == 2     @ 8  @ expected &&, || or the end, found '&'
          x == 1)             @ 7  @ expected &&, || or the end, found ')'
          (x == 1             @ 8  @ expected &&, || or ), found the end
          x == 1 &&           @ 10 @ expected a field, found the end
          x > null            @ 5  @ expected a value after '>', found 'null'; null goes with == and != alone
          x in 1              @ 7  @ expected '..' and the range's end, found the end; write in [...] for a list, == for one value
          x in y              @ 6  @ expected [ or a range like 1..5 after 'in', found 'y'
          x in [1, 2          @ 11 @ expected ',' or ], found the end
          x in [1 2]          @ 9  @ expected ',' or ], found 2
          x in [1,]           @ 9  @ expected a value after '[', found ']'
          x in [null]         @ 7  @ expected a value after '[', found 'null'; null goes with == and != alone
          x in 1..y           @ 9  @ expected a value after '..', found 'y'; strings stand in quotes
          x not 1             @ 7  @ expected 'in' after 'not', found 1
          x not in 1          @ 10 @ expected [ after 'not in', found 1
          x ~ words           @ 5  @ expected words in quotes after '~', found 'words'
          x == 'abc           @ 6  @ what is quoted here has no end; close it with '
          x == "a'            @ 6  @ what is quoted here has no end; close it with "
          x == 'a\\q'         @ 8  @ after a backslash come \\, a quote, n, r, t or u and four hexadecimal digits
          x == 'a\\u12g4'     @ 8  @ after a backslash come \\, a quote, n, r, t or u and four hexadecimal digits
          x == '\\ud800'      @ 6  @ a string must be Unicode text: it has half a surrogate
          `` == 1             @ 1  @ a field must have a name
          x == 9223372036854775808 @ 6 @ an integer must fit 64 bits: 9223372036854775808; write 1e20 for a float
          x == 1e999          @ 6  @ a number must fit float64: 1e999
          x == 1.             @ 7  @ expected &&, || or the end, found '.'
          x == +1             @ 6  @ expected a value after '==', found '+'
          x == # 1            @ 6  @ expected a value after '==', found '#'
          id == x             @ 7  @ expected an id after '==', found 'x'; strings stand in quotes
          id > 3              @ 4  @ expected ==, !=, in or not in after id, found '>'; write `id` if a field has that name
          id == -1            @ 7  @ an id that is a number must be an integer of 0 to 2^64-1: -1
          id == 1.5           @ 7  @ an id that is a number must be an integer of 0 to 2^64-1: 1.5
          id == ''            @ 7  @ an id must have 1 to 1024 bytes of UTF-8: bytes=0
          id == text(5)       @ 12 @ expected a string after text(, found 5
          id in 1..2          @ 7  @ expected [ after 'in', found 1
          geo_radius(place)   @ 17 @ expected ',' and the latitude in degrees, found ')'
          geo_radius(p, 91, 0, 1) @ 1 @ a latitude must be -90 to 90 degrees: 91.0
          geo_radius(p, 1, 2, 3 miles) @ 23 @ expected m, km or ), found 'miles'
          geo_radius(p, 1, 2, -3) @ 1 @ a radius must be 0 metres or more, and finite: -3.0
          geo_radius(p, 1, 2, 1e308km) @ 1 @ a radius must be 0 metres or more, and finite: Infinity
          x == 1 && geo_box(p, 1, 2, 3, 4) @ 11 @ a box's top must not lie below its bottom: top=1.0, bottom=3.0; the order is top, left, bottom, right
          geo_box(p, 1, x, 3, 4) @ 15 @ expected the left in degrees, found 'x'
          x == y0123456789012345678901234567890123456789z @ 6 @ expected a value after '==', found 'y012345678901234567890123456789012345678...'; strings stand in quotes
          """)
  void parse_mistake_saysColumnExpectedAndFound(String text, int column, String problem) {
    assertMistake(text.equals("(empty)") ? "" : text, column, problem);
  }

  private static void assertMistake(String text, int column, String problem) {
    assertThatThrownBy(() -> Filter.parse(text))
        .isInstanceOfSatisfying(
            FilterException.class, e -> assertThat(e.column()).isEqualTo(column))
        .hasMessage("filter: column %d: %s", column, problem);
  }

  @Test
  void parse_controlCharacters_messageStaysOneLine() {
    assertMistake(
        "'a\nb\u2028c' == 1",
        1,
        "expected a field, found 'a?b?c'; the field comes first, then the value");
  }

  @Test
  void parse_tooDeepOrTooLong_saysSo() {
    assertMistake("(".repeat(1_000_000), 193, "parentheses and ! must be nested at most 192 deep");
    assertMistake("!".repeat(1_000_000), 193, "parentheses and ! must be nested at most 192 deep");
    assertThat(Filter.parse("(".repeat(192) + "a == 1" + ")".repeat(192)))
        .isEqualTo(Filter.field("a").is(1));
    assertMistake(
        "!".repeat(65) + "a == 1",
        1,
        "Not is nested too deep: depth=65, allowed=64; use in [...] or fewer parentheses");
    assertMistake(
        "x".repeat(Filter.MAX_LENGTH + 1),
        Filter.MAX_LENGTH + 1,
        "a filter's text must have at most 1048576 characters: characters=1048577; build long lists"
            + " in code");
    var path = "a" + ".a".repeat(Filter.MAX_LENGTH / 2 - 3);
    assertThat(Filter.parse(path + "==1")).isEqualTo(Filter.field(path).is(1));
    assertThat(Filter.parse("a==1" + "||a==1".repeat(100_000)).toString())
        .hasSize(6 + 10 * 100_000);
  }

  @Test
  void parse_whatAnyFilterWrites_isAnEqualFilter(SplittableRandom random) {
    for (int i = 0; i < 5_000 * Seeded.effort(); i++) {
      var filter = wild(random, 5);
      var text = filter.toString();
      assertThat(Filter.parse(text)).as("%s", text).isEqualTo(filter).hasToString(text);
    }
  }

  @Test
  void parse_randomOrMutatedText_readsItOrSaysWhereItIsWrong(SplittableRandom random) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          int read = 0;
          int rounds = 30_000 * Seeded.effort();
          for (int i = 0; i < rounds; i++) {
            read += readsOrComplains(i % 5 == 0 ? noise(random) : mutated(random)) ? 1 : 0;
          }
          assertThat(read).as("mutants that are filters").isBetween(rounds / 100, rounds / 2);
        });
  }

  private static boolean readsOrComplains(String text) {
    try {
      var filter = Filter.parse(text);
      assertThat(Filter.parse(filter.toString())).as("%s", text).isEqualTo(filter);
      return true;
    } catch (FilterException e) {
      assertThat(e.column()).as("column in %s", text).isBetween(1, text.length() + 1);
      assertThat(e)
          .hasMessageMatching("filter: column " + e.column() + ": [^\\p{Cntrl}\u2028\u2029]+");
      return false;
    }
  }

  private static String noise(SplittableRandom random) {
    var bytes = new byte[random.nextInt(60)];
    random.nextBytes(bytes);
    return new String(
        bytes, random.nextBoolean() ? StandardCharsets.UTF_8 : StandardCharsets.UTF_16);
  }

  /** A filter's text with characters and pieces taken out, doubled, exchanged or put in. */
  private static String mutated(SplittableRandom random) {
    var pieces =
        List.of(
            "(",
            ")",
            "!",
            "&&",
            "||",
            "'",
            "\"",
            "`",
            "[",
            "]",
            "..",
            ",",
            "null",
            "not",
            "in",
            "id",
            " ",
            "\\",
            "==",
            "-",
            "1e9",
            "km",
            "\uD83D\uDE00",
            "\uD800",
            "\n",
            "true",
            "text(");
    var text = new StringBuilder(wild(random, 3).toString());
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      int from = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), from + random.nextInt(4));
      switch (random.nextInt(3)) {
        case 0 -> text.delete(from, to);
        case 1 -> text.insert(random.nextInt(text.length() + 1), text.substring(from, to));
        default -> text.insert(from, pieces.get(random.nextInt(pieces.size())));
      }
    }
    return text.toString();
  }

  /** Any filter at all: odd names, odd strings, odd numbers. */
  private static Filter wild(SplittableRandom random, int depth) {
    if (depth > 0 && random.nextInt(3) > 0) {
      return switch (random.nextInt(3)) {
        case 0 -> Filter.all(parts(random, depth));
        case 1 -> Filter.any(parts(random, depth));
        default -> Filter.not(wild(random, depth - 1));
      };
    }
    var field = Filter.field(name(random));
    return switch (random.nextInt(9)) {
      case 0 -> field.isNull();
      case 1 -> field.in(values(random));
      case 2 -> new Filter.Compare(field, order(random), value(random));
      case 3 ->
          new Filter.Between(
              field,
              random.nextBoolean() ? Value.of(random.nextLong()) : Value.of(number(random)),
              value(random));
      case 4 -> field.matches(string(random));
      case 5 ->
          field.withinRadius(
              random.nextDouble(-90, 90), random.nextInt(-180, 181), Math.abs(number(random)));
      case 6 ->
          field.withinBox(
              random.nextDouble(0, 90),
              random.nextDouble(-180, 180),
              random.nextInt(-90, 1),
              random.nextDouble(-1e-9, 1e-9));
      case 7 -> field.is(value(random));
      default -> Filter.ids(ids(random));
    };
  }

  private static Filter.Order order(SplittableRandom random) {
    return random.nextBoolean()
        ? random.nextBoolean() ? Filter.Order.ABOVE : Filter.Order.AT_LEAST
        : random.nextBoolean() ? Filter.Order.BELOW : Filter.Order.AT_MOST;
  }

  private static List<Filter> parts(SplittableRandom random, int depth) {
    var parts = new ArrayList<Filter>();
    for (int n = random.nextInt(4); n > 0; n--) {
      parts.add(wild(random, depth - 1));
    }
    return parts;
  }

  private static List<Value> values(SplittableRandom random) {
    var values = new ArrayList<Value>();
    for (int n = random.nextInt(4); n > 0; n--) {
      values.add(value(random));
    }
    return values;
  }

  private static List<PointId> ids(SplittableRandom random) {
    var ids = new ArrayList<PointId>();
    for (int n = random.nextInt(4); n > 0; n--) {
      ids.add(
          switch (random.nextInt(4)) {
            case 0 -> PointId.of(random.nextLong());
            case 1 -> PointId.of(new UUID(random.nextLong(), random.nextLong()));
            case 2 -> PointId.of(new UUID(random.nextLong(), random.nextLong()).toString());
            default -> PointId.of(string(random) + random.nextInt(10));
          });
    }
    return ids;
  }

  private static Value value(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> Value.of(random.nextLong() >> random.nextInt(64));
      case 1 -> Value.of(number(random));
      case 2 -> Value.of(random.nextBoolean());
      default -> Value.of(string(random));
    };
  }

  private static double number(SplittableRandom random) {
    double number = Double.longBitsToDouble(random.nextLong());
    return Double.isFinite(number) && random.nextBoolean() ? number : random.nextInt(-1000, 1000);
  }

  private static String name(SplittableRandom random) {
    var names =
        List.of(
            "a", "b.c", "in", "id", "not", "a-1", "ü.x_2", "a.", ".a", "1a", "a..b", "text", "m");
    return random.nextInt(4) == 0 ? string(random) + "x" : names.get(random.nextInt(names.size()));
  }

  private static String string(SplittableRandom random) {
    var text = new StringBuilder();
    for (int n = random.nextInt(6); n > 0; n--) {
      int c =
          switch (random.nextInt(4)) {
            case 0 -> "'\"`\\\n\r\t &|!()[]u0".charAt(random.nextInt(17));
            case 1 -> random.nextInt(0x20, 0x7f);
            case 2 -> random.nextInt(0, 0xd800);
            default -> random.nextInt(0x10000, 0x110000);
          };
      text.appendCodePoint(c);
    }
    return text.toString();
  }
}
