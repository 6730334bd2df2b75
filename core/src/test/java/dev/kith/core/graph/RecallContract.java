package dev.kith.core.graph;

import static dev.kith.core.testing.RecallData.mean;
import static dev.kith.core.testing.RecallData.measure;
import static dev.kith.core.testing.RecallData.standardError;
import static dev.kith.core.testing.RecallData.worst;
import static dev.kith.core.testing.RecallJudge.assertCalibrationRefuses;
import static dev.kith.core.testing.RecallJudge.recall;
import static dev.kith.core.testing.RecallJudge.recallAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.metric.Metric;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.IndexContract;
import dev.kith.core.testing.RecallData;
import dev.kith.core.testing.RecallJudge;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is promised of a search that is asked for a recall, on every backend. */
public abstract class RecallContract extends IndexContract<GraphData> {
  /** Creates the contract. */
  protected RecallContract() {
    super(GraphData.class);
  }

  /** What answers searches of {@code data}; not what calibrates. */
  protected Searcher searching(GraphData data) {
    return searcher(data);
  }

  /**
   * Metrics of the rows on which recall is judged: backends share them out, since their walks visit
   * the same rows.
   */
  protected abstract List<Metric> metrics();

  @ParameterizedTest
  @EnumSource
  void search_anyDataAndMetric_reachesTheRecall(RecallData kind, @Fixed SplittableRandom random) {
    int n = Seeded.effort() == 1 ? 3_000 : 20_000;
    // Few queries to measure on, and few to calibrate on: more of both in a campaign.
    var judge = new RecallJudge(Seeded.effort() == 1 ? 0.03 : 0.01);
    var made = kind.make(random, n);
    var rows = Arrays.copyOf(made, n);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, n, made.length))) {
      for (var metric : Seeded.effort() == 1 ? metrics() : List.of(Metric.values())) {
        var searcher = searching(build(source, metric, "graph(r=16,efc=64)"));
        for (int k : new int[] {1, 10}) {
          var worst = worst(metric, rows, queries, k);
          for (double target : new double[] {0.9, 0.95, 0.99}) {
            judge.judge(searcher, queries, worst, k, target, kind + ", " + metric);
          }
        }
      }
    }
    judge.requireHonestIntervals();
  }

  @Test
  void search_fixedWidth_saysWhatItExpects(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, 3_000);
    var rows = Arrays.copyOf(made, 3_000);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, 3_000, made.length))) {
      var searcher = searching(build(source, Metric.L2, "graph(r=16,efc=64)"));
      for (int k : new int[] {1, 5, 10, 20}) {
        var beam = SearchOptions.nearest(k).withEffort(new Effort.Beam(24));
        var result = searcher.search(queries, beam);
        var recalls = measure(Metric.L2, rows, queries, result, k);
        var expected = Objects.requireNonNull(result.report().expectedRecall());
        assertThat(mean(recalls))
            .as("k=%d, expected %s", k, expected)
            .isGreaterThanOrEqualTo(expected.low() - 3 * standardError(recalls) - 0.02);
        assertThat(result.report().width()).isEqualTo(24);
        assertThat(result.report().proved()).isFalse();
      }
      var many = SearchOptions.nearest(150).withEffort(new Effort.Beam(24));
      assertThat(searcher.search(queries, many).report().expectedRecall()).isNull();
      var narrow = SearchOptions.nearest(1).withEffort(new Effort.Beam(2));
      assertThat(searcher.search(queries, narrow).report().expectedRecall()).isNull();
    }
  }

  @Test
  void search_beyondTheCurve_isExactAndSaysSo(@Fixed SplittableRandom random) {
    var made = RecallData.GAUSSIAN.make(random, 800);
    var rows = Arrays.copyOf(made, 800);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, 800, 810))) {
      var searcher = searching(build(source, Metric.L2, "graph(r=8)"));
      for (var options :
          new SearchOptions[] {recall(10, 1), recall(10, 0.99999), recall(101, 0.5)}) {
        var result = searcher.search(queries, options);
        assertThat(result.report().proved()).isTrue();
        assertThat(result.report().expectedRecall()).isEqualTo(ExpectedRecall.EXACT);
        assertThat(result.report().width()).isZero();
        assertThat(measure(Metric.L2, rows, queries, result, options.k()))
            .containsOnly(new double[] {1}, within(1e-9));
      }
    }
  }

  @Test
  void search_recallAsked_reportTellsWidthAndExpectation(@Fixed SplittableRandom random) {
    var made = RecallData.SUBSPACE.make(random, 2_000);
    try (var source = VectorSource.of(Arrays.copyOf(made, 2_000));
        var queries = VectorSource.of(Arrays.copyOfRange(made, 2_000, made.length))) {
      var searcher = searching(build(source, Metric.L2, "graph(r=16)"));
      var low = searcher.search(queries, recall(10, 0.8)).report();
      var high = searcher.search(queries, recall(10, 0.98)).report();
      assertThat(low.width()).isGreaterThanOrEqualTo(10);
      assertThat(high.width()).isGreaterThanOrEqualTo(low.width());
      assertThat(high.work().hops()).isGreaterThanOrEqualTo(low.work().hops());
      assertThat(low.toString())
          .matches(".*, expected recall 0\\.\\d{4} \\(0\\.\\d{4} to [01]\\.\\d{4}\\), width .*");
    }
  }

  @Test
  void search_recallOfBatches_isThatOfSingleQueries(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, 1_500);
    try (var source = VectorSource.of(Arrays.copyOf(made, 1_500));
        var queries = VectorSource.of(Arrays.copyOfRange(made, 1_500, 1_530))) {
      var searcher = searching(build(source, Metric.COSINE, "graph(r=16)"));
      var together = searcher.search(queries, recall(10, 0.95));
      double width = 0;
      for (int q = 0; q < 30; q++) {
        var alone = searcher.search(queries.slice(q, 1), recall(10, 0.95));
        assertThat(alone.neighbors().getFirst()).isEqualTo(together.neighbors().get(q));
        width += alone.report().width() / 30;
      }
      assertThat(together.report().width()).isCloseTo(width, within(1e-9));
    }
  }

  @Test
  void calibrate_queriesOfAnotherKind_reachesTheRecallForThem(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, 4_000);
    var rows = Arrays.copyOf(made, 4_000);
    var others = TestVectors.gaussians(random, 600, 32);
    try (var source = VectorSource.of(rows);
        var asked = VectorSource.of(Arrays.copyOf(others, 400));
        var queries = VectorSource.of(Arrays.copyOfRange(others, 400, 600))) {
      var data = build(source, Metric.L2, "graph(r=12,efc=48)");
      var again = (GraphData) searcher(data).calibrated(asked, BuildOptions.defaults());
      assertThat(again.curve().likely()).isEqualTo(400);
      assertThat(again.graph()).isNotNull();
      assertThat(again.parts().get(GraphData.CODES)).isSameAs(data.parts().get(GraphData.CODES));
      var result = searching(again).search(queries, recall(10, 0.95));
      var recalls = measure(Metric.L2, rows, queries, result, 10);
      assertThat(mean(recalls)).isGreaterThanOrEqualTo(0.94 - 2 * standardError(recalls));
      // A width finds less of what these ask for, and the curve has learnt it.
      assertThat(recallAt(again.curve(), 40)).isLessThan(recallAt(data.curve(), 40));
    }
  }

  @Test
  void calibrate_tooFewOrOtherQueries_isRefused(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 300, 8));
        var wide = VectorSource.of(TestVectors.gaussians(random, 30, 9))) {
      var searcher = searcher(build(source, Metric.L2, "graph(r=8)"));
      assertCalibrationRefuses(searcher, source, wide);
    }
  }

  @Test
  void curve_ofAnyBuild_doesNotFallAndOpensAgain(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 1_200, 16))) {
      var data = build(source, Metric.L2, "graph(r=8,efc=32)");
      var curve = data.curve();
      assertThat(curve.ks()).containsExactly(1, 3, 10, 30, 100);
      assertThat(curve.likely()).isEqualTo(100);
      assertThat(curve.unlikely()).isEqualTo(100);
      assertThat(curve.intrinsicDimension()).isBetween(5f, 20f);
      for (int k : curve.ks()) {
        double recall = 0;
        double hops = 0;
        for (var point : curve.points(k)) {
          assertThat(point.recall().mean()).isGreaterThanOrEqualTo(recall);
          assertThat(point.hops()).isGreaterThanOrEqualTo(hops);
          assertThat(point.estimated()).isPositive();
          recall = point.recall().mean();
          hops = point.hops();
        }
        assertThat(recall).isGreaterThan(0.9);
      }
      assertThat(RecallCurve.open(curve.part()).points(10)).isEqualTo(curve.points(10));
      assertThatThrownBy(() -> curve.points(7))
          .hasMessage("no curve was measured for k=7; known are [1, 3, 10, 30, 100]");
      var cut = curve.part().asSlice(0, curve.part().byteSize() - 4);
      assertThatThrownBy(() -> RecallCurve.open(cut))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "the curve of an index has %d bytes and is none of layout 1; build the index again"
                  .formatted(cut.byteSize()));
      assertThatThrownBy(() -> RecallCurve.open(Arena.ofAuto().allocate(8)))
          .isInstanceOf(VectorDataException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 40})
  void search_fewRows_answersARecall(int size, @Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, size, 6);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(TestVectors.gaussians(random, 5, 6))) {
      for (var metric : Metric.values()) {
        var result = searching(build(source, metric, "graph")).search(queries, recall(10, 0.9));
        assertThat(mean(measure(metric, rows, queries, result, 10))).isGreaterThanOrEqualTo(0.9);
      }
    }
  }

  @Test
  void build_codesByThemselves_fourBitsForASubspaceAndEightForTightClusters(
      @Fixed SplittableRandom random) {
    var loose = RecallData.SUBSPACE.make(random, 2_000);
    var tight = RecallData.TIGHT_CLUSTERS.make(random, 2_000);
    try (var one = VectorSource.of(loose);
        var many = VectorSource.of(tight)) {
      assertThat(build(one, Metric.L2, "graph").codesKind()).hasToString("int4");
      assertThat(build(many, Metric.L2, "graph").codesKind()).hasToString("int8");
      assertThat(build(many, Metric.L2, "graph(codes=int4)").codesKind()).hasToString("int4");
    }
  }
}
