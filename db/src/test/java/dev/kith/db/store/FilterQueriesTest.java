package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.FilterException;
import dev.kith.db.filter.RandomFilters;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class FilterQueriesTest {
  private static final Schema SCHEMA = RandomFilters.schema();

  @Test
  void compile_anyFilter_findsWhatItsDefinitionSays(SplittableRandom random) throws IOException {
    int telling = 0;
    int all = 0;
    for (int round = 0; round < 8 * Seeded.effort(); round++) {
      var schema = round % 4 == 0 ? SCHEMA : RandomFilters.schema(random);
      var filters = new RandomFilters(random, schema);
      var points = new HashMap<PointId, Payload>();
      for (int i = 0; i < 150; i++) {
        points.put(filters.id(), filters.payload());
      }
      try (var index = new FilterIndex(schema, points, 1 + random.nextInt(100))) {
        for (int i = 0; i < 300; i++) {
          var filter = filters.filter(random.nextInt(4));
          var naive = index.findNaively(filter);
          assertThat(index.find(filter)).as("%s by %s", filter, schema).isEqualTo(naive);
          assertThat(index.find(Filter.parse(filter.toString()))).isEqualTo(naive);
          telling += naive.isEmpty() || naive.size() == points.size() ? 0 : 1;
          all++;
        }
      }
    }
    assertThat(telling).as("filters that tell points apart, of %d", all).isGreaterThan(all / 2);
  }

  @Test
  void compile_unnamedPaths_findsWhatItsDefinitionSays(SplittableRandom random) throws IOException {
    int telling = 0;
    int all = 0;
    for (int round = 0; round < 6 * Seeded.effort(); round++) {
      var named = RandomFilters.plainSchema(random, Schema.of(2, Metric.L2));
      for (var path : List.copyOf(named.fields().keySet())) {
        named = random.nextInt(3) == 0 ? named : named.withoutFields(Set.of(path));
      }
      // Values of two types at the paths that have no name.
      var filters =
          List.of(
              new RandomFilters(random, RandomFilters.plainSchema(random, named)),
              new RandomFilters(random, RandomFilters.plainSchema(random, named)));
      var points = new HashMap<PointId, Payload>();
      var older = new HashSet<PointId>();
      for (int i = 0; i < 150; i++) {
        var one = filters.get(random.nextInt(2));
        var id = one.id();
        points.put(id, one.payload());
        if (round % 2 == 0 && random.nextInt(3) == 0) {
          older.add(id);
        }
      }
      try (var index = new FilterIndex(named, points, 1 + random.nextInt(100), older)) {
        for (int i = 0; i < 300; i++) {
          var filter = filters.get(random.nextInt(2)).filter(random.nextInt(3));
          var naive = index.findNaively(filter);
          assertThat(index.find(filter)).as("%s by %s", filter, named).isEqualTo(naive);
          telling += naive.isEmpty() || naive.size() == points.size() ? 0 : 1;
          all++;
        }
      }
    }
    assertThat(telling).as("filters that tell points apart, of %d", all).isGreaterThan(all / 3);
  }

  /** Few points are left to look at, so Lucene reads doc values instead of points. */
  @Test
  void compile_besideOneId_findsTheSameFromDocValues(SplittableRandom random) throws IOException {
    var filters = new RandomFilters(random, SCHEMA);
    var points = new HashMap<PointId, Payload>();
    for (long i = 0; i < 2000; i++) {
      points.put(PointId.of(i), filters.payload());
    }
    try (var index = new FilterIndex(SCHEMA, points, 2000)) {
      for (int i = 0; i < 400 * Seeded.effort(); i++) {
        var filter = filters.filter(0);
        var id = PointId.of(random.nextInt(2000));
        var both = Filter.ids(id).and(filter);
        assertThat(index.find(both)).as("%s", both).isEqualTo(index.findNaively(both));
      }
    }
  }

  @Test
  void compile_equalFilters_giveEqualQueries(SplittableRandom random) {
    var filters = new RandomFilters(random, SCHEMA);
    for (int i = 0; i < 500 * Seeded.effort(); i++) {
      var filter = filters.filter(3);
      var query = FilterQueries.compile(filter, SCHEMA);
      var again = FilterQueries.compile(Filter.parse(filter.toString()), SCHEMA);
      assertThat(again).isEqualTo(query).hasSameHashCodeAs(query);
    }
    var reordered = new ArrayList<>(List.of(3L, 1L, 2L, 1L));
    Collections.shuffle(reordered, new Random(random.nextLong()));
    assertThat(query(Filter.field("year").in(longs(reordered))))
        .isEqualTo(query(Filter.field("year").in(1, 2, 3)));
    assertThat(query(Filter.field("year").in(1, 2)))
        .isNotEqualTo(query(Filter.field("year").in(1, 3)));
  }

  private static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  private static Object query(Filter filter) {
    return FilterQueries.compile(filter, SCHEMA);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\1',
      textBlock =
          """
          year == 2020.5                | none
          year == 2020.0                | 2
          year >= 2019.5                | 2, 3
          year > 2020.5                 | 3
          year < 2020.5                 | 1, 2
          year <= 2020.5                | 1, 2
          year in 2019.5..2020.5        | 2
          year < -1e300                 | none
          year > -1e300                 | 1, 2, 3
          price == 9007199254740993     | none
          price > 9007199254740993      | 3
          price < 9007199254740993      | 1, 2
          price >= 9007199254740992     | 2, 3
          price > 9007199254740992      | 3
          at == '2024-05-01T10:00:00.0019Z' | 1
          at > '2024-05-01T10:00:00.0019Z'  | 2
          at in '2024-05-01'..'2024-05-02'  | 1
          """)
  void compile_numbers_compareByTheirMathematicalValue(String filter, String found)
      throws IOException {
    var points = new HashMap<PointId, Payload>();
    points.put(
        PointId.of(1),
        Payload.parse(
            "{'year': 2019, 'price': -0.0, 'at': '2024-05-01T12:00:00.001+02:00'}"
                .replace('\'', '"')));
    points.put(
        PointId.of(2),
        Payload.parse(
            "{'year': 2020, 'price': 9007199254740992, 'at': '2024-05-03'}".replace('\'', '"')));
    points.put(
        PointId.of(3),
        Payload.parse("{'year': 2021, 'price': 9007199254740994}".replace('\'', '"')));
    try (var index = new FilterIndex(SCHEMA, points, 10)) {
      var ids = index.find(Filter.parse(filter)).toString();
      assertThat(ids).isEqualTo(found.equals("none") ? "[]" : "[" + found + "]");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\1',
      textBlock =
          """
          ok == true && lnag == 'en'   | 15 | no indexed field is called lnag; the collection has lang, title, year, price, ok, at, place, place.name, a.b.year, a.b.lang, a.title
          year == 'x'                  | 1  | field 'year' is an integer and cannot be compared with 'x'; give a number
          price > true                 | 1  | field 'price' is a float and cannot be compared with true; give a number
          !(lang == 5)                 | 3  | field 'lang' is a keyword and cannot be compared with 5; give a string in quotes
          lang in ['a', 5]             | 1  | field 'lang' is a keyword and cannot be compared with 5; give a string in quotes
          lang > 'a'                   | 1  | field 'lang' is a keyword and has no order; use ==, != or in [...]
          ok in 1..2                   | 1  | field 'ok' is a bool and has no order; use ==, != or in [...]
          ok == 1                      | 1  | field 'ok' is a bool and cannot be compared with 1; give true or false
          at == 1714550400000          | 1  | field 'at' is a datetime and cannot be compared with 1714550400000; give an ISO 8601 date or instant like '2024-05-01'
          at >= '1 May'                | 1  | field 'at' is a datetime and cannot be compared with '1 May'; give an ISO 8601 date or instant like '2024-05-01'
          at >= '+999999999-01-01'     | 1  | field 'at' is a datetime and cannot be compared with '+999999999-01-01'; give an ISO 8601 date or instant like '2024-05-01'
          title == 'x'                 | 1  | field 'title' is text, which is searched by its words; write title ~ 'words'
          title >= 'x'                 | 1  | field 'title' is text, which is searched by its words; write title ~ 'words'
          a.title in ['x', 'y']        | 1  | field 'a.title' is text, which is searched by its words; write a.title ~ 'words'
          title ~ '!!!'                | 1  | field 'title' is searched by words, but there is none in '!!!'
          lang ~ 'x'                   | 1  | field 'lang' is a keyword and is not searched by words; ~ needs a text field, == compares keywords
          year ~ 'x'                   | 1  | field 'year' is an integer and is not searched by words; ~ needs a text field
          place == 'x'                 | 1  | field 'place' is geo; use geo_radius or geo_box, or compare it with null
          place < 3                    | 1  | field 'place' is geo; use geo_radius or geo_box, or compare it with null
          geo_radius(lang, 1, 2, 3km)  | 12 | field 'lang' is a keyword; geo_radius and geo_box need a geo field
          geo_box(title, 2, 1, 1, 2)   | 9  | field 'title' is text; geo_radius and geo_box need a geo field
          """)
  void compile_wrongType_saysTypeValueAndColumn(String text, int column, String problem) {
    var filter = Filter.parse(text);
    assertThatThrownBy(() -> FilterQueries.compile(filter, SCHEMA.asStrict()))
        .isInstanceOfSatisfying(
            FilterException.class, e -> assertThat(e.column()).isEqualTo(column))
        .hasMessage("filter: column %d: %s", column, problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          x > 'abc'                | 1  | field 'x' is not in the schema and cannot be ordered by 'abc'; give a number or an ISO 8601 date or instant like '2024-05-01'
          x > true                 | 1  | field 'x' is not in the schema and cannot be ordered by true; give a number or an ISO 8601 date or instant like '2024-05-01'
          x in 3..'2024-05-01'     | 1  | field 'x' is not in the schema; its range must be of two numbers or two dates
          x ~ 'words'              | 1  | no indexed field is called x; the collection has lang, title, year, price, ok, at, place, place.name, a.b.year, a.b.lang, a.title
          geo_radius(x, 1, 2, 3km) | 12 | no indexed field is called x; the collection has lang, title, year, price, ok, at, place, place.name, a.b.year, a.b.lang, a.title
          """)
  void compile_unnamedPath_saysWhatDoesNotFit(String text, int column, String problem) {
    var filter = Filter.parse(text);
    assertThatThrownBy(() -> FilterQueries.compile(filter, SCHEMA))
        .isInstanceOf(FilterException.class)
        .hasMessage("filter: column %d: %s", column, problem);
  }

  @Test
  void compile_builtInCode_saysNoColumn() {
    assertThatThrownBy(() -> query(Filter.field("year").is("x")))
        .hasMessage(
            "filter: field 'year' is an integer and cannot be compared with 'x'; give a number");
    assertThatThrownBy(
            () ->
                FilterQueries.compile(
                    Filter.field("x").isNull(), Schema.of(2, Metric.L2).asStrict()))
        .hasMessage("filter: no indexed field is called x; the collection has none");
    assertThatThrownBy(() -> query(Filter.field("year").is("y".repeat(500))))
        .hasMessage(
            "filter: field 'year' is an integer and cannot be compared with '%s...; give a number",
            "y".repeat(79));
  }

  @Test
  void compile_manyTests_upToTheLimitAndNoFurther() throws IOException {
    try (var index = new FilterIndex(SCHEMA, Map.of(PointId.of(1), Payload.EMPTY), 10)) {
      var most = tests(FilterQueries.MAX_TESTS);
      assertThat(index.find(most)).isEqualTo(index.findNaively(most)).isEmpty();
      // each complement is a test too
      var complements = tests(FilterQueries.MAX_TESTS / 2 - 1, true);
      assertThat(index.find(complements)).hasSize(1);
      assertThat(index.find(complements.not())).isEmpty();
    }
    assertThatThrownBy(() -> query(tests(FilterQueries.MAX_TESTS + 1)))
        .hasMessage(
            "filter: a filter must have at most 500 tests, each word and each complement counted;"
                + " use in [...] for many values of one field");
    assertThatThrownBy(() -> query(Filter.field("title").matches(words(501))))
        .hasMessageStartingWith("filter: a filter must have at most 500 tests");
    assertThatThrownBy(() -> query(Filter.all(Collections.nCopies(501, Filter.any()))))
        .hasMessageStartingWith("filter: a filter must have at most 500 tests");
  }

  private static Filter tests(int n) {
    return tests(n, false);
  }

  private static Filter tests(int n, boolean complement) {
    return Filter.any(
        IntStream.range(0, n)
            .mapToObj(i -> Filter.field("a.b.year").is(i))
            .map(test -> complement ? test.not() : test)
            .toList());
  }

  private static String words(int n) {
    return String.join(" ", IntStream.range(0, n).mapToObj(i -> "w" + i).toList());
  }

  @Test
  void compile_manyValues_areOneTest() throws IOException {
    var points = Map.of(PointId.of(1), Payload.of("year", 99_999, "lang", "k70000"));
    try (var index = new FilterIndex(SCHEMA, points, 10)) {
      assertThat(
              index.find(
                  Filter.field("year").in(IntStream.range(0, 100_000).asLongStream().toArray())))
          .hasSize(1);
      assertThat(
              index.find(
                  Filter.field("lang")
                      .in(
                          IntStream.range(0, 100_000)
                              .mapToObj(i -> "k" + i)
                              .toArray(String[]::new))))
          .hasSize(1);
      assertThat(index.find(Filter.ids(IntStream.range(2, 100_000).mapToObj(PointId::of).toList())))
          .isEmpty();
    }
  }
}
