package dev.kith.core.ivf;

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
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.RowFilter;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.IndexContract;
import dev.kith.core.testing.Parts;
import dev.kith.core.testing.RecallData;
import dev.kith.core.testing.RecallJudge;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is promised of lists that are asked for a recall, on every backend. */
public abstract class ListRecallContract extends IndexContract<ListData> {
  /** Creates the contract. */
  protected ListRecallContract() {
    super(ListData.class);
  }

  /** Metrics of the rows on which recall is judged, which backends share out. */
  protected abstract List<Metric> metrics();

  /** Codes of the lists on which recall is judged, which backends share out. */
  protected abstract List<String> kinds();

  private static String spec(int rows, String codes) {
    return "ivf(lists=%d,codes=%s)".formatted(2 * (int) Math.sqrt(rows), codes);
  }

  @ParameterizedTest
  @EnumSource
  void search_anyDataAndMetric_reachesTheRecall(RecallData kind, @Fixed SplittableRandom random) {
    int n = Seeded.effort() == 1 ? 4_000 : 40_000;
    // Few queries to measure on, and few to calibrate on: more of both in a campaign.
    var judge = new RecallJudge(Seeded.effort() == 1 ? 0.02 : 0.01);
    var made = kind.make(random, n);
    var rows = Arrays.copyOf(made, n);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, n, made.length))) {
      for (var metric : Seeded.effort() == 1 ? metrics() : List.of(Metric.values())) {
        var worsts = new double[21][];
        for (int k : new int[] {1, 7, 10, 20}) {
          worsts[k] = worst(metric, rows, queries, k);
        }
        for (var codes : kinds()) {
          var searcher = searcher(build(source, metric, spec(n, codes)));
          for (int k : new int[] {1, 7, 10, 20}) {
            for (double target : new double[] {0.9, 0.95, 0.99}) {
              judge.judge(searcher, queries, worsts[k], k, target, kind + ", " + metric);
            }
          }
        }
      }
    }
    judge.requireHonestIntervals();
  }

  /** Without what an index of rows in clusters gains by it, a curve would be of no use. */
  @Test
  void search_recallAsked_readsFewerRowsThanAnExactSearch(@Fixed SplittableRandom random) {
    int n = 6_000;
    var made = RecallData.SUBSPACE.make(random, n);
    try (var source = VectorSource.of(Arrays.copyOf(made, n));
        var queries = VectorSource.of(Arrays.copyOfRange(made, n, made.length))) {
      for (var codes : kinds()) {
        var searcher = searcher(build(source, Metric.L2, spec(n, codes)));
        long before = 0;
        for (double target : new double[] {0.8, 0.9, 0.95}) {
          var report = searcher.search(queries, recall(10, target)).report();
          assertThat(report.proved()).isFalse();
          assertThat(report.work().lists()).isPositive();
          assertThat(report.work().rowsRead())
              .as("%s, asked %s", codes, target)
              .isGreaterThanOrEqualTo(before)
              .isLessThan(queries.size() * n / 3);
          assertThat(report.toString())
              .containsPattern("expected recall 0\\.\\d{4} \\(0\\.\\d{4} ");
          before = report.work().rowsRead();
        }
      }
    }
  }

  @Test
  void search_beyondTheCurve_isExactAndSaysSo(@Fixed SplittableRandom random) {
    var made = RecallData.GAUSSIAN.make(random, 800);
    var rows = Arrays.copyOf(made, 800);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, 800, 810))) {
      for (var codes : kinds()) {
        var searcher = searcher(build(source, Metric.L2, spec(800, codes)));
        for (var options : List.of(recall(10, 1), recall(10, 0.99999), recall(101, 0.5))) {
          var result = searcher.search(queries, options);
          assertThat(result.report().proved()).isTrue();
          assertThat(result.report().expectedRecall()).isEqualTo(ExpectedRecall.EXACT);
          assertThat(measure(Metric.L2, rows, queries, result, options.k()))
              .containsOnly(new double[] {1}, within(1e-9));
        }
      }
    }
  }

  @Test
  void search_indexWithoutACurve_isExactAndSaysSo(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 900, 12);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(TestVectors.gaussians(random, 10, 12))) {
      var data = build(source, Metric.L2, spec(900, "int8"));
      assertThat(data.parts()).containsKey(ListData.CURVE);
      var parts = Parts.copies(data);
      parts.remove(ListData.CURVE);
      var older = ListData.open(source, Metric.L2, data.spec(), parts);
      assertThat(older.curve()).isNull();
      assertThat(older.parts()).doesNotContainKey(ListData.CURVE);
      older.verify();
      var result = searcher(older).search(queries, recall(10, 0.8));
      assertThat(result.report().proved()).isTrue();
      assertThat(result.report().expectedRecall()).isEqualTo(ExpectedRecall.EXACT);
      assertThat(measure(Metric.L2, rows, queries, result, 10))
          .containsOnly(new double[] {1}, within(1e-9));
    }
  }

  /** Which lists are read depends on the query alone. */
  @ParameterizedTest
  @EnumSource
  void search_recallOfBatches_isThatOfSingleQueries(Metric metric, @Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, 2_000);
    try (var source = VectorSource.of(Arrays.copyOf(made, 2_000));
        var queries = VectorSource.of(Arrays.copyOfRange(made, 2_000, 2_040))) {
      for (var codes : kinds()) {
        var searcher = searcher(build(source, metric, spec(2_000, codes)));
        for (double target : new double[] {0.8, 0.95}) {
          var together = searcher.search(queries, recall(10, target).withThreads(1));
          double expected = 0;
          var again = searcher.search(queries, recall(10, target).withThreads(3));
          assertThat(again.neighbors()).isEqualTo(together.neighbors());
          for (int q = 0; q < 40; q++) {
            var alone =
                searcher.search(queries.slice(q, 1), recall(10, target).withThreads(1 + q % 2));
            assertThat(alone.neighbors().getFirst()).isEqualTo(together.neighbors().get(q));
            expected += Objects.requireNonNull(alone.report().expectedRecall()).mean() / 40;
          }
          assertThat(Objects.requireNonNull(together.report().expectedRecall()).mean())
              .isCloseTo(expected, within(1e-9));
        }
      }
    }
  }

  /** Filters that pass rows at random, those of one side, and those far from the queries. */
  @ParameterizedTest
  @ValueSource(doubles = {0.6, 0.3, 0.15})
  void search_filtered_reachesTheRecallAmongThosePassing(
      double share, @Fixed SplittableRandom random) {
    int n = 5_000;
    var made = RecallData.LOOSE_CLUSTERS.make(random, n);
    var rows = Arrays.copyOf(made, n);
    var target = 0.9;
    var some = RowFilter.of(n, row -> random.nextDouble() < share);
    var side = RowFilter.of(n, row -> rows[(int) row][0] + rows[(int) row][1] > 1 - 2 * share);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, n, made.length))) {
      for (var metric : metrics()) {
        for (var codes : kinds()) {
          var searcher = searcher(build(source, metric, spec(n, codes)));
          for (var filter : List.of(some, side)) {
            var result = searcher.search(queries, recall(10, target).among(filter));
            double found = 0;
            for (int q = 0; q < queries.size(); q++) {
              var query = queries.row(q);
              var exact = TestVectors.nearest(metric, query, rows, 10, filter::allows);
              double worst = TestVectors.key(metric, query, rows[(int) exact[9]]);
              var one = result.neighbors().get(q);
              assertThat(one.size()).isEqualTo(10);
              for (int rank = 0; rank < 10; rank++) {
                assertThat(filter.allows(one.row(rank))).isTrue();
                found += one.key(rank) <= worst ? 1 : 0;
              }
            }
            assertThat(found / (10.0 * queries.size()))
                .as("%s %s: %s", metric, codes, result.report())
                .isGreaterThanOrEqualTo(target - 0.02);
            assertThat(Objects.requireNonNull(result.report().expectedRecall()).mean())
                .isGreaterThanOrEqualTo(target);
          }
          var few = RowFilter.of(n, row -> row % 100 == 0);
          var sparse = searcher.search(queries, recall(10, target).among(few)).report();
          assertThat(sparse.proved()).isTrue();
          assertThat(sparse.expectedRecall()).isEqualTo(ExpectedRecall.EXACT);
        }
      }
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
      var data = build(source, Metric.L2, spec(4_000, kinds().getFirst()));
      var again = (ListData) searcher(data).calibrated(asked, BuildOptions.defaults());
      var curve = Objects.requireNonNull(again.curve());
      assertThat(curve.likely()).isEqualTo(400);
      assertThat(again.parts().get(ListData.LISTS)).isEqualTo(data.parts().get(ListData.LISTS));
      var result = searcher(again).search(queries, recall(10, 0.95));
      var recalls = measure(Metric.L2, rows, queries, result, 10);
      assertThat(mean(recalls)).isGreaterThanOrEqualTo(0.94 - 2 * standardError(recalls));
      // A number of lists finds less of what these ask for, and the curve has learnt it.
      assertThat(recallAt(curve, 8)).isLessThan(recallAt(Objects.requireNonNull(data.curve()), 8));
    }
  }

  @Test
  void calibrate_tooFewOrOtherQueries_isRefused(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 300, 8));
        var wide = VectorSource.of(TestVectors.gaussians(random, 30, 9))) {
      var searcher = searcher(build(source, Metric.L2, "ivf(lists=9)"));
      assertCalibrationRefuses(searcher, source, wide);
      var sweep = searcher(build(source, Metric.L2, "flat(shadow=bits1)"));
      assertThatThrownBy(() -> sweep.calibrated(source, BuildOptions.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "there is no recall to calibrate: an index flat(shadow=bits1) meets one by its"
                  + " bounds");
    }
  }

  @Test
  void curve_ofAnyBuild_doesNotFallAndOpensAgain(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 1_500, 16))) {
      for (var codes : kinds()) {
        var data = build(source, Metric.L2, spec(1_500, codes));
        var curve = Objects.requireNonNull(data.curve());
        assertThat(curve.ks()).containsExactly(1, 3, 10, 30, 100);
        assertThat(curve.likely()).isEqualTo(100);
        assertThat(curve.unlikely()).isEqualTo(100);
        for (int k : curve.ks()) {
          double recall = 0;
          double rows = 0;
          for (var point : curve.points(k)) {
            assertThat(point.recall().mean()).isGreaterThanOrEqualTo(recall);
            assertThat(point.hops()).isEqualTo(point.width());
            assertThat(point.estimated()).isGreaterThan(rows);
            recall = point.recall().mean();
            rows = point.estimated();
          }
          assertThat(recall).isGreaterThan(0.9);
        }
        var opened = ListData.open(source, Metric.L2, data.spec(), Parts.copies(data)).curve();
        assertThat(Objects.requireNonNull(opened).points(10)).isEqualTo(curve.points(10));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 40})
  void search_fewRows_answersARecall(int size, @Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, size, 6);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(TestVectors.gaussians(random, 5, 6))) {
      for (var metric : Metric.values()) {
        for (var codes : List.of("int8", "bits1")) {
          var searcher = searcher(build(source, metric, "ivf(codes=%s)".formatted(codes)));
          var result = searcher.search(queries, recall(10, 0.9));
          assertThat(mean(measure(metric, rows, queries, result, 10))).isGreaterThanOrEqualTo(0.9);
        }
      }
    }
  }
}
