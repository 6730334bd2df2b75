package dev.kith.embed.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Scores computed by hand. */
class RankingScoresTest {
  private static final double LOG2_3 = 1.584962500721156;
  private static final Offset<Double> TINY = within(1e-10);

  @Test
  void ndcg_gradedJudgments_asByHand() {
    var grades = Map.of("a", 2, "b", 1, "c", 0, "d", 1);
    // Gained: b 1/1, a 2/log2(4); best order: a 2/1, b 1/log2(3), d 1/log2(4).
    double expected = (1 + 2 / 2.0) / (2 + 1 / LOG2_3 + 1 / 2.0);
    assertThat(RankingScores.ndcg(List.of("b", "c", "a", "x"), grades, 10))
        .isCloseTo(expected, TINY);
  }

  @Test
  void ndcg_cutAtTwo_cutsIdealToo() {
    var grades = Map.of("a", 1, "b", 1, "c", 1);
    double expected = (1 / LOG2_3) / (1 + 1 / LOG2_3);
    assertThat(RankingScores.ndcg(List.of("x", "a", "b", "c"), grades, 2))
        .isCloseTo(expected, TINY);
  }

  @Test
  void ndcg_negativeGrade_countsAsNotRelevant() {
    assertThat(RankingScores.ndcg(List.of("spam", "a"), Map.of("spam", -2, "a", 1), 10))
        .isCloseTo(1 / LOG2_3, TINY);
  }

  @Test
  void ndcg_perfectOrder_one() {
    assertThat(RankingScores.ndcg(List.of("a", "b"), Map.of("a", 3, "b", 1), 10)).isEqualTo(1);
  }

  @Test
  void ndcg_equalGrades_anyOrderTheSame() {
    var grades = Map.of("a", 1, "b", 1);
    assertThat(RankingScores.ndcg(List.of("a", "b", "x"), grades, 10))
        .isEqualTo(RankingScores.ndcg(List.of("b", "a", "x"), grades, 10))
        .isEqualTo(1);
  }

  @Test
  void recall_someFound_overAllRelevant() {
    var grades = Map.of("a", 1, "b", 2, "c", 1, "d", 0);
    assertThat(RankingScores.recall(List.of("d", "a", "b"), grades, 2)).isCloseTo(1 / 3.0, TINY);
    assertThat(RankingScores.recall(List.of("d", "a", "b"), grades, 3)).isCloseTo(2 / 3.0, TINY);
  }

  @Test
  void reciprocalRank_firstRelevantBehindTheCut_zero() {
    var ranking = IntStream.rangeClosed(1, 20).mapToObj(i -> "d" + i).toList();
    assertThat(RankingScores.reciprocalRank(ranking, Map.of("d10", 1), 10)).isEqualTo(0.1);
    assertThat(RankingScores.reciprocalRank(ranking, Map.of("d11", 1), 10)).isZero();
  }

  @Test
  void of_severalQueries_meanOverThoseWithARelevantDocument() {
    var judgments =
        Map.of(
            "found", Map.of("a", 1),
            "second", Map.of("b", 1),
            "noResults", Map.of("c", 1),
            "nothingRelevant", Map.of("d", 0));
    var rankings =
        Map.of(
            "found", List.of("a", "b"),
            "second", List.of("a", "b"),
            "nothingRelevant", List.of("d"),
            "notJudged", List.of("a"));
    var scores = RankingScores.of(judgments, rankings);
    assertThat(scores.queries()).isEqualTo(3);
    assertThat(scores.ndcgAt10()).isCloseTo((1 + 1 / LOG2_3 + 0) / 3, TINY);
    assertThat(scores.mrrAt10()).isCloseTo((1 + 0.5 + 0) / 3, TINY);
    assertThat(scores.recallAt10()).isCloseTo(2 / 3.0, TINY);
    assertThat(scores.recallAt100()).isCloseTo(2 / 3.0, TINY);
  }

  @Test
  void of_queryIsADocument_leftOutOfItsResults() {
    var scores = RankingScores.of(Map.of("q", Map.of("a", 1)), Map.of("q", List.of("q", "a", "b")));
    assertThat(scores).isEqualTo(new RankingScores(1, 1, 1, 1, 1));
  }

  @Test
  void of_noJudgments_zeroOverNoQueries() {
    assertThat(RankingScores.of(Map.of(), Map.of())).isEqualTo(new RankingScores(0, 0, 0, 0, 0));
  }

  @Test
  void of_documentTwice_rejected() {
    assertThatThrownBy(
            () -> RankingScores.of(Map.of("q", Map.of("a", 1)), Map.of("q", List.of("a", "a"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a ranking names a document once: query=q, document=a");
  }
}
