package dev.kith.db.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.db.point.PointId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FilterTest {
  private static final Field YEAR = Filter.field("year");
  private static final Filter A = Filter.field("a").is(1);
  private static final Filter B = Filter.field("b").is(2);
  private static final Filter C = Filter.field("c").is(3);

  @Test
  void builder_everyMethod_writesItsText() {
    var time = Instant.parse("2024-05-01T10:00:00Z");
    var later = time.plusMillis(1500);
    assertTexts(
        List.of(YEAR.is("x"), "year == 'x'"),
        List.of(YEAR.is(1), "year == 1"),
        List.of(YEAR.is(1.0), "year == 1.0"),
        List.of(YEAR.is(true), "year == true"),
        List.of(YEAR.is(time), "year == '2024-05-01T10:00:00Z'"),
        List.of(YEAR.isNot("x"), "year != 'x'"),
        List.of(YEAR.isNot(1), "year != 1"),
        List.of(YEAR.isNot(-1e300), "year != -1.0E300"),
        List.of(YEAR.isNot(false), "year != false"),
        List.of(YEAR.isNot(time), "year != '2024-05-01T10:00:00Z'"),
        List.of(YEAR.isNot(Value.of(2)), "year != 2"),
        List.of(YEAR.in("x", "y"), "year in ['x', 'y']"),
        List.of(YEAR.in(1, 2), "year in [1, 2]"),
        List.of(YEAR.in(1.5, 2), "year in [1.5, 2.0]"),
        List.of(
            YEAR.in(time, later), "year in ['2024-05-01T10:00:00Z', '2024-05-01T10:00:01.500Z']"),
        List.of(
            YEAR.in(List.of(Value.of(1), Value.of("x"), Value.of(true))), "year in [1, 'x', true]"),
        List.of(YEAR.in(List.of()), "year in []"),
        List.of(YEAR.notIn("x", "y"), "year not in ['x', 'y']"),
        List.of(YEAR.notIn(1, 2), "year not in [1, 2]"),
        List.of(YEAR.notIn(1.5, 2), "year not in [1.5, 2.0]"),
        List.of(
            YEAR.notIn(time, later),
            "year not in ['2024-05-01T10:00:00Z', '2024-05-01T10:00:01.500Z']"),
        List.of(YEAR.notIn(List.of()), "year not in []"),
        List.of(YEAR.atLeast("2024-05-01"), "year >= '2024-05-01'"),
        List.of(YEAR.atLeast(1), "year >= 1"),
        List.of(YEAR.atLeast(1.5), "year >= 1.5"),
        List.of(YEAR.atLeast(time), "year >= '2024-05-01T10:00:00Z'"),
        List.of(YEAR.above("2024-05-01"), "year > '2024-05-01'"),
        List.of(YEAR.above(1), "year > 1"),
        List.of(YEAR.above(1.5), "year > 1.5"),
        List.of(YEAR.above(time), "year > '2024-05-01T10:00:00Z'"),
        List.of(YEAR.atMost("2024-05-01"), "year <= '2024-05-01'"),
        List.of(YEAR.atMost(1), "year <= 1"),
        List.of(YEAR.atMost(1.5), "year <= 1.5"),
        List.of(YEAR.atMost(time), "year <= '2024-05-01T10:00:00Z'"),
        List.of(YEAR.below("2024-05-01"), "year < '2024-05-01'"),
        List.of(YEAR.below(1), "year < 1"),
        List.of(YEAR.below(1.5), "year < 1.5"),
        List.of(YEAR.below(time), "year < '2024-05-01T10:00:00Z'"),
        List.of(YEAR.between("2024-05-01", "2024-06-01"), "year in '2024-05-01'..'2024-06-01'"),
        List.of(YEAR.between(-2, -1), "year in -2..-1"),
        List.of(YEAR.between(1.5, 2.5), "year in 1.5..2.5"),
        List.of(
            YEAR.between(time, later),
            "year in '2024-05-01T10:00:00Z'..'2024-05-01T10:00:01.500Z'"),
        List.of(YEAR.isNull(), "year == null"),
        List.of(YEAR.exists(), "year != null"),
        List.of(YEAR.matches("two words"), "year ~ 'two words'"),
        List.of(YEAR.withinRadius(52.5, 13, 2000), "geo_radius(year, 52.5, 13, 2000m)"),
        List.of(YEAR.withinBox(2, -1, 1.5, -0.0), "geo_box(year, 2, -1, 1.5, 0)"),
        List.of(
            Filter.ids(PointId.of(-1), PointId.of("17"), PointId.of("a'b")),
            "id in [18446744073709551615, '17', 'a\\'b']"),
        List.of(
            Filter.ids(PointId.of(new UUID(1, 2))),
            "id in ['00000000-0000-0001-0000-000000000002']"),
        List.of(
            Filter.ids(PointId.of(new UUID(1, 2).toString())).not(),
            "id not in [text('00000000-0000-0001-0000-000000000002')]"),
        List.of(Filter.all(), "true"),
        List.of(Filter.any(), "false"),
        List.of(A.and(B).or(C), "a == 1 && b == 2 || c == 3"),
        List.of(A.or(B).and(C), "(a == 1 || b == 2) && c == 3"),
        List.of(A.or(B).not().and(Filter.any()), "!(a == 1 || b == 2) && false"),
        List.of(Filter.not(A.not()), "!(a != 1)"),
        List.of(Filter.field("not").is("\n\u2028\u0000"), "`not` == '\\n\\u2028\\u0000'"),
        List.of(Filter.field("a b").is(1), "`a b` == 1"),
        List.of(Filter.field("a.b-1._ü").is(1), "a.b-1._ü == 1"));
  }

  @SafeVarargs
  private static void assertTexts(List<Object>... filtersAndTexts) {
    for (var pair : filtersAndTexts) {
      assertThat(pair.getFirst()).hasToString((String) pair.getLast());
      assertThat(Filter.parse((String) pair.getLast())).isEqualTo(pair.getFirst());
    }
  }

  @Test
  void allAndAny_nested_areFlat() {
    assertThat(A.and(B).and(C)).isEqualTo(Filter.all(A, B, C)).isEqualTo(A.and(B.and(C)));
    assertThat(A.or(B).or(C)).isEqualTo(Filter.any(A, B, C)).isEqualTo(A.or(B.or(C)));
    assertThat(Filter.all(A)).isEqualTo(A);
    assertThat(Filter.any(List.of(A))).isEqualTo(A);
    assertThat(A.and(B)).isNotEqualTo(A.or(B)).isNotEqualTo(B.and(A));
    assertThatThrownBy(() -> new Filter.All(List.of(A)))
        .hasMessage(
            "filter: All must have no part or at least two, none of the same kind; use Filter.all");
    assertThatThrownBy(() -> new Filter.Any(List.of(A, A.or(B))))
        .hasMessage(
            "filter: Any must have no part or at least two, none of the same kind; use Filter.any");
  }

  @Test
  void equality_doesNotSeeColumns() {
    var first = Filter.parse("a == 1");
    var second = Filter.parse("   a == 1");
    assertThat(first).isEqualTo(second).hasSameHashCodeAs(second).isEqualTo(A);
    assertThat(((Filter.OneOf) second).field().column()).isEqualTo(4);
    assertThat(first).isNotEqualTo(B);
    assertThat(YEAR.is(1)).isNotEqualTo(YEAR.is(1.0));
    assertThat(YEAR.is(-0.0)).isEqualTo(YEAR.is(0.0));
  }

  @Test
  void builder_wrongArguments_saysWhich() {
    assertProblem(() -> YEAR.is(Double.NaN), "a number must be finite: NaN");
    assertProblem(
        () -> YEAR.is("\uD800"), "a string must be Unicode text: it has half a surrogate");
    assertProblem(
        () -> YEAR.matches("\uDC00"), "a string must be Unicode text: it has half a surrogate");
    assertProblem(() -> Filter.field(""), "a field must have a name");
    assertProblem(
        () -> YEAR.withinRadius(90.1, 0, 1), "a latitude must be -90 to 90 degrees: 90.1");
    assertProblem(
        () -> YEAR.withinRadius(0, -181, 1), "a longitude must be -180 to 180 degrees: -181.0");
    assertProblem(
        () -> YEAR.withinRadius(0, 0, -1), "a radius must be 0 metres or more, and finite: -1.0");
    assertProblem(
        () -> YEAR.withinRadius(0, 0, Double.NaN),
        "a radius must be 0 metres or more, and finite: NaN");
    assertProblem(
        () -> YEAR.withinBox(1, 0, 2, 0),
        "a box's top must not lie below its bottom: top=1.0, bottom=2.0; the order is top, left,"
            + " bottom, right");
  }

  private static void assertProblem(Runnable made, String problem) {
    assertThatThrownBy(made::run)
        .isInstanceOfSatisfying(FilterException.class, e -> assertThat(e.column()).isZero())
        .hasMessage("filter: " + problem);
  }

  @Test
  void depth_uptoTheLimit_isAllowed() {
    Filter nots = A;
    Filter mixed = A;
    for (int i = 0; i < Filter.MAX_DEPTH; i++) {
      nots = nots.not();
      mixed = i % 2 == 0 ? mixed.and(B) : i % 4 == 1 ? mixed.not() : mixed.or(C);
    }
    assertThat(Filter.parse(nots.toString())).isEqualTo(nots);
    assertThat(Filter.parse(mixed.toString())).isEqualTo(mixed);
    var deepest = nots;
    assertProblem(
        deepest::not,
        "Not is nested too deep: depth=65, allowed=64; use in [...] or fewer parentheses");
    assertProblem(
        () -> deepest.and(A),
        "All is nested too deep: depth=65, allowed=64; use in [...] or fewer parentheses");
  }

  @Test
  void lists_areCopied() {
    var values = new ArrayList<>(List.of(Value.of(1)));
    var filter = YEAR.in(values);
    values.add(Value.of(2));
    assertThat(filter).hasToString("year == 1");
  }

  @Test
  void not_nestedWithoutEnd_saysTheLimit() {
    assertThatThrownBy(
            () -> {
              var filter = Filter.all();
              for (int i = 0; i < 100_000; i++) {
                filter = filter.not();
              }
            })
        .isInstanceOf(FilterException.class)
        .hasMessage(
            "filter: Not is nested too deep: depth=65, allowed=64; use in [...] or fewer"
                + " parentheses");
    for (var opening : List.of("(", "!", "not ", "!(")) {
      assertThatThrownBy(() -> Filter.parse(opening.repeat(100_000) + "a == 1"))
          .isInstanceOf(FilterException.class)
          .hasMessageContaining(": parentheses and ! must be nested at most 192 deep");
    }
  }
}
