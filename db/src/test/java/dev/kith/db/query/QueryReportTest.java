package dev.kith.db.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric.ScoreKind;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Work;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class QueryReportTest {
  private static QueryReport vectors(String backend, String index, String bound, boolean proved) {
    var report = QueryReport.ofVectors(ScoreKind.DISTANCE);
    report.segment(10);
    report.add(
        SearchReport.of(backend, index)
            .withBounds(List.of(bound))
            .withWork(Work.ofScan(10, 3, 1))
            .withProved(proved));
    return report.build();
  }

  @Test
  void plus_searchesForVectors_sumsThemUp() {
    var sum =
        vectors("simd", "flat(shadow=int8)", "int8", true)
            .plus(vectors("cuda", "flat", "float32", true));
    assertThat(sum.backend()).isEqualTo("cuda, simd");
    assertThat(sum.index()).isEqualTo("flat, flat(shadow=int8)");
    assertThat(sum.bound()).isEqualTo("float32, int8");
    assertThat(sum.segments()).isEqualTo(2);
    assertThat(sum.passed()).isEqualTo(20);
    assertThat(sum.work()).isEqualTo(Work.ofScan(20, 6, 2));
    assertThat(sum.proved()).isTrue();
    assertThat(sum.plus(vectors("cuda", "flat", "float32", false)).proved()).isFalse();
  }

  private static QueryReport expecting(@Nullable ExpectedRecall recall, int points) {
    var report = QueryReport.ofVectors(ScoreKind.DISTANCE);
    report.add(SearchReport.of("simd", "graph"));
    report.expect(recall, points);
    return report.build();
  }

  /** Of several searches the mean over the points that each gave, in whatever order they come. */
  @Test
  void plus_expectedRecalls_areWeighedByTheirPoints() {
    var low = expecting(new ExpectedRecall(0.5, 0.25, 0.75), 10);
    var high = expecting(ExpectedRecall.EXACT, 30);
    assertThat(low.expectedRecall()).isEqualTo(new ExpectedRecall(0.5, 0.25, 0.75));
    var expected = new ExpectedRecall(0.875, 0.8125, 0.9375);
    assertThat(low.plus(high).expectedRecall()).isEqualTo(expected);
    assertThat(high.plus(low).expectedRecall()).isEqualTo(expected);
    assertThat(low.plus(high).plus(high).expectedRecall())
        .isEqualTo(high.plus(high).plus(low).expectedRecall());
    assertThat(low.plus(expecting(null, 3)).expectedRecall()).isNull();
    assertThat(QueryReport.ofWords(1, false).expectedRecall()).isNull();
  }

  @Test
  void plus_words_provesNothingAndCountsTheVectorsAlone() {
    var words = QueryReport.ofWords(7, false);
    assertThat(words.backend()).isEqualTo("lucene");
    assertThat(words.index()).isEqualTo("words");
    assertThat(words.segments()).isEqualTo(7);
    assertThat(words.plus(words)).isEqualTo(words);
    var vectors = vectors("simd", "flat", "float32", true);
    for (var sum : List.of(words.plus(vectors), vectors.plus(words))) {
      assertThat(sum.proved()).isFalse();
      assertThat(sum.backend()).isEqualTo("simd");
      assertThat(sum.index()).isEqualTo("flat");
      assertThat(sum.segments()).isEqualTo(1);
      assertThat(sum.work()).isEqualTo(vectors.work());
    }
  }

  @Test
  void report_ofNothingToSearch_saysNone() {
    var nothing = QueryReport.ofVectors(ScoreKind.SIMILARITY).build();
    assertThat(nothing.backend()).isEqualTo("none");
    assertThat(nothing.index()).isEmpty();
    assertThat(nothing.proved()).isTrue();
    var one = vectors("simd", "flat", "float32", true);
    assertThat(nothing.plus(one).backend()).isEqualTo("simd");
  }

  @Test
  void stale_ofOnePart_isOfAll() {
    var report = QueryReport.ofWords(1, true).plus(vectors("simd", "flat", "float32", true));
    assertThat(report.stale()).isTrue();
    assertThat(report.withScoreKind(ScoreKind.SIMILARITY).stale()).isTrue();
    assertThat(report.withScoreKind(ScoreKind.SIMILARITY).scoreKind())
        .isEqualTo(ScoreKind.SIMILARITY);
  }
}
