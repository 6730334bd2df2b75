package dev.kith.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import java.util.Collections;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What searches say together is said of all of them, not of the last. */
class AnswersTest {
  private static final Neighbors NONE = new Neighbors(Metric.L2, new long[0], new double[0]);

  private static SearchResult result(
      int queries, boolean proved, @Nullable ExpectedRecall expected) {
    var report = SearchReport.of("simd", "graph").withProved(proved).withExpectedRecall(expected);
    return new SearchResult(Collections.nCopies(queries, NONE), report);
  }

  @Test
  void report_searchesThatDiffer_isTheMeanOverTheirQueries() {
    var answers = new Answers();
    answers.add(result(3, false, new ExpectedRecall(0.8, 0.7, 0.9)));
    answers.add(result(1, true, null));
    var expected = Objects.requireNonNull(answers.report().expectedRecall());
    assertThat(expected.mean()).isCloseTo(0.85, within(1e-12));
    assertThat(expected.low()).isCloseTo(0.775, within(1e-12));
    assertThat(answers.report().proved()).isFalse();
    assertThat(answers.neighbors()).hasSize(4);
  }

  @Test
  void report_oneSearchExpectsNothing_expectsNothing() {
    var answers = new Answers();
    answers.add(result(1, false, null));
    answers.add(result(1, false, new ExpectedRecall(0.8, 0.7, 0.9)));
    assertThat(answers.report().expectedRecall()).isNull();
  }

  @Test
  void report_allProved_isProved() {
    var answers = new Answers();
    answers.add(result(1, true, null));
    answers.add(result(2, true, null));
    assertThat(answers.report().proved()).isTrue();
    assertThat(answers.report().expectedRecall()).isEqualTo(ExpectedRecall.EXACT);
  }
}
