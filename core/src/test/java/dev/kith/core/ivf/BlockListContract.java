package dev.kith.core.ivf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Limit;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What lists with rotated and product codes promise on every backend. */
public abstract class BlockListContract extends ListContract {
  /** One of each kind of codes: few and many bits, and product codes of both widths. */
  private static final List<String> KINDS =
      List.of("bits1", "bits2", "bits6", "bits8", "pq4x4", "opq5x8");

  /** Creates the contract. */
  protected BlockListContract() {}

  @Override
  final List<String> kinds() {
    return KINDS;
  }

  @ParameterizedTest
  @EnumSource
  void search_exactAskedFor_isTheDefinitions(Metric metric, SplittableRandom random) {
    for (var codes : someKinds(random)) {
      int d = 5 + random.nextInt(40);
      var rows = TestVectors.gaussians(random, 300 + random.nextInt(400), d);
      var queries = TestVectors.gaussians(random, 1 + random.nextInt(20), d);
      queries[0] = rows[13].clone();
      assertExact(metric, rows, queries, spec(1 + random.nextInt(40), codes));
    }
  }

  /** Codes whose certain bound excludes rows answer without a scan, where rows are in clusters. */
  @ParameterizedTest
  @EnumSource
  void search_exactOfClustersByManyBits_readsFewRowsAndScansNone(Metric metric) {
    var rows = clustered(0, 3000, 16, 40, 0.05);
    var queries = clustered(3000, 30, 16, 40, 0.05);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, metric, spec(60, "bits8")));
      var result = searcher.search(batch, SearchOptions.nearest(K));
      assertExact(metric, rows, queries, K, result);
      var work = result.report().work();
      assertThat(work.fallbacks()).isZero();
      assertThat(work.keysComputed()).isLessThan(30L * 3000 / 4);
      assertThat(result.report().bound()).isEqualTo("bits8");
    }
  }

  /** Distances are as small as what scaling and centring rows rounds: bounds must not be fooled. */
  @ParameterizedTest
  @EnumSource
  void search_tightClusterFarFromOrigin_isExact(Metric metric, SplittableRandom random) {
    for (float spread : new float[] {1e-3f, 1e-1f}) {
      var rows = farFromOrigin(random, spread);
      assertExact(metric, rows, Arrays.copyOf(rows, 9), spec(30, "bits8"));
      assertExact(metric, rows, Arrays.copyOf(rows, 9), spec(500, "bits6"));
    }
  }

  /** What is found does not depend on threads, on batches or on the order of lists. */
  @ParameterizedTest
  @EnumSource
  void search_probes_findTheSameHoweverTheyAreAsked(Metric metric, SplittableRandom random) {
    int d = 24;
    var rows = TestVectors.gaussians(random, 1500, d);
    var queries = TestVectors.gaussians(random, 40, d);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      for (var codes : someKinds(random)) {
        var searcher = searcher(build(source, metric, spec(50, codes)));
        for (int lists : new int[] {1, 3, 10, Integer.MAX_VALUE}) {
          var whole = searcher.search(batch, probes(lists).withThreads(1));
          assertThat(whole.report().proved()).isFalse();
          assertThat(whole.report().bound()).isEqualTo(codes);
          assertCanonical(metric, rows, queries, whole);
          for (int threads : new int[] {2, 7}) {
            var many = searcher.search(batch, probes(lists).withThreads(threads));
            assertThat(many.neighbors()).isEqualTo(whole.neighbors());
          }
          for (int q = 0; q < queries.length; q++) {
            var one = searcher.search(batch.slice(q, 1), probes(lists).withThreads(1 + q % 3));
            assertThat(one.neighbors().getFirst()).isEqualTo(whole.neighbors().get(q));
          }
        }
      }
    }
  }

  /** With all lists probed, what is missed is what the bounds of rows get wrong. */
  @ParameterizedTest
  @EnumSource
  void search_allProbes_missFew(Metric metric, SplittableRandom random) {
    var rows = clustered(0, 4000, 48, 60, 0.5);
    var queries = clustered(4000, 100, 48, 60, 0.5);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var kinds = List.of("bits1", "bits3", "bits6", "pq12x4", "pq12x8", "opq24x4");
      for (var codes : Seeded.some(random, 2, kinds)) {
        var data = build(source, metric, spec(30, codes));
        var result = searcher(data).search(batch, probes(30));
        double recall = TestVectors.recall(metric, queries, rows, K, result.neighbors());
        assertThat(recall).as("%s %s", metric, codes).isGreaterThan(0.97);
        assertThat(result.report().work().keysComputed())
            .as("%s %s", metric, codes)
            .isLessThan(100L * 4000 / 3);
      }
    }
  }

  /** A sweep meets a recall by its bound alone, and says with which probability a row is missed. */
  @ParameterizedTest
  @EnumSource
  void search_recallOfASweep_missesNoMoreThanItSays(Metric metric, @Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 500, 40);
    var queries = TestVectors.gaussians(random, 20, 40);
    int rotations = Seeded.effort() == 1 ? 10 : 20;
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      for (double target : new double[] {0.7, 0.97}) {
        for (var codes : new String[] {"bits1", "bits2"}) {
          double found = 0;
          long keys = 0;
          for (int seed = 1; seed <= rotations; seed++) {
            var spec = "flat(shadow=%s,seed=%d)".formatted(codes, seed);
            var options = SearchOptions.nearest(K).withEffort(new Effort.Recall(target));
            var result = searcher(build(source, metric, spec)).search(batch, options);
            var report = result.report();
            double miss = Objects.requireNonNull(report.miss());
            assertThat(report.proved()).isFalse();
            assertThat(miss).isBetween(0.99 * (1 - target), 1 - target);
            assertThat(Objects.requireNonNull(report.expectedRecall()).low()).isEqualTo(1 - miss);
            assertThat(report.toString())
                .contains("each true neighbour missed with probability at most " + miss);
            assertCanonical(metric, rows, queries, result);
            found += TestVectors.recall(metric, queries, rows, K, result.neighbors());
            keys += report.work().keysComputed();
          }
          double missed = 1 - found / rotations;
          assertThat(missed).as("%s %s", codes, target).isLessThanOrEqualTo(1 - target);
          if (target < 0.9) { // bounds that are wrong so often do lose rows, and exclude more
            assertThat(missed).isPositive();
            assertThat(keys).isLessThan(20L * 500 * rotations / 2);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_sweep_isExactWhereThatIsAskedFor(Metric metric, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 700, 20);
    var queries = TestVectors.gaussians(random, 9, 20);
    for (var codes : someKinds(random)) {
      var spec = "flat(shadow=%s)".formatted(codes);
      assertExact(metric, rows, queries, spec);
      try (var source = VectorSource.of(rows);
          var batch = VectorSource.of(queries)) {
        var searcher = searcher(build(source, metric, spec));
        var all = searcher.search(batch, SearchOptions.nearest(K).withEffort(new Effort.Recall(1)));
        assertExact(metric, rows, queries, K, all);
        assertThatThrownBy(() -> searcher.search(batch, probes(2)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("an index %s has no lists to probe: ask for a recall", spec);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_filtered_returnsOnlyWhatPasses(Metric metric, SplittableRandom random) {
    int d = 10;
    var rows = TestVectors.gaussians(random, 1200, d);
    var queries = TestVectors.gaussians(random, 8, d);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      for (var codes : someKinds(random)) {
        var searcher = searcher(build(source, metric, spec(20, codes)));
        for (double share : new double[] {0, 0.004, 0.1, 0.7, 1}) {
          var filter =
              RowFilter.of(
                  rows.length,
                  row -> random.nextDouble() < share && (share == 1 || rows[(int) row][0] > -0.5));
          for (int k : new int[] {1, K, 1200}) {
            var options = SearchOptions.nearest(k).among(filter).withThreads(2);
            var exact = searcher.search(batch, options);
            assertThat(exact.report().proved()).isTrue();
            for (int q = 0; q < queries.length; q++) {
              assertThat(exact.neighbors().get(q).rows())
                  .isEqualTo(TestVectors.nearest(metric, queries[q], rows, k, filter::allows));
            }
            var few = searcher.search(batch, options.withEffort(new Effort.Probes(1)));
            assertCanonical(metric, rows, queries, few);
            for (int q = 0; q < queries.length; q++) {
              var found = few.neighbors().get(q);
              assertThat(found.size()).isEqualTo((int) Math.min(k, filter.count()));
              assertThat(Arrays.stream(found.rows()).allMatch(filter::allows)).isTrue();
              var one =
                  searcher.search(
                      batch.slice(q, 1), options.withEffort(new Effort.Probes(1)).withThreads(1));
              assertThat(one.neighbors().getFirst()).isEqualTo(found);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bits1", "bits8", "pq4x4"})
  void search_sharedLimit_leavesOutOnlyWhatIsAboveIt(String codes, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 900, 8);
    var queries = TestVectors.gaussians(random, 7, 8);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, Metric.L2, spec(30, codes)));
      for (var effort : new Effort[] {new Effort.Exact(), new Effort.Probes(30)}) {
        var limit = new Limit(queries.length);
        var cuts = new double[queries.length];
        for (int q = 0; q < queries.length; q++) {
          var exact = TestVectors.nearest(Metric.L2, queries[q], rows, K);
          cuts[q] = TestVectors.key(Metric.L2, queries[q], rows[(int) exact[3]]);
          limit.offer(q, cuts[q]);
        }
        var options = SearchOptions.nearest(K).withLimit(limit).withEffort(effort);
        var result = searcher.search(batch, options);
        for (int q = 0; q < queries.length; q++) {
          var exact = TestVectors.nearest(Metric.L2, queries[q], rows, K);
          var found = result.neighbors().get(q);
          if (effort instanceof Effort.Exact) {
            assertThat(Arrays.copyOf(found.rows(), 4)).isEqualTo(Arrays.copyOf(exact, 4));
          }
          assertThat(limit.key(q)).isLessThanOrEqualTo(cuts[q]);
        }
        var open = new Limit(1);
        searcher.search(
            batch.slice(0, 1), SearchOptions.nearest(901).withLimit(open).withEffort(effort));
        assertThat(open.key(0)).isInfinite();
        var falls = new Limit(1);
        searcher.search(
            batch.slice(0, 1), SearchOptions.nearest(2).withLimit(falls).withEffort(effort));
        double second =
            TestVectors.key(
                Metric.L2,
                queries[0],
                rows[(int) TestVectors.nearest(Metric.L2, queries[0], rows, 2)[1]]);
        assertThat(falls.key(0)).isFinite().isGreaterThanOrEqualTo(second);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 31, 32, 33, 65})
  void search_fewRows_areAllFound(int size, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, size, 5);
    var queries = TestVectors.gaussians(random, 6, 5);
    for (var metric : Metric.values()) {
      for (var codes : someKinds(random)) {
        assertExact(metric, rows, queries, spec(7, codes));
        try (var source = VectorSource.of(rows);
            var batch = VectorSource.of(queries)) {
          var options = SearchOptions.nearest(size).withEffort(new Effort.Probes(1));
          var found = searcher(build(source, metric, spec(7, codes))).search(batch, options);
          for (int q = 0; q < queries.length; q++) {
            assertThat(found.neighbors().get(q).rows())
                .isEqualTo(TestVectors.nearest(metric, queries[q], rows, size));
          }
        }
      }
    }
  }

  @Test
  void search_noRows_findsNone() {
    try (var some = VectorSource.of(new float[][] {{1, 2, 3, 4, 5}})) {
      for (var codes : KINDS) {
        var data = build(some.slice(0, 0), Metric.L2, spec(9, codes));
        data.verify();
        assertThat(data.lists()).isZero();
        assertThat(searcher(data).search(some, probes(3)).neighbors().getFirst()).isEmpty();
      }
    }
  }

  @Test
  void search_manyQueries_areSearchedInGroups(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 200, 4);
    var queries = TestVectors.gaussians(random, 1030, 4);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, Metric.L2, spec(9, "bits2")));
      var all = searcher.search(batch, probes(9));
      assertCanonical(Metric.L2, rows, queries, all);
      assertThat(all.neighbors()).hasSize(1030);
      assertThat(searcher.search(batch.slice(1029, 1), probes(9)).neighbors().getFirst())
          .isEqualTo(all.neighbors().get(1029));
    }
  }

  @Test
  void buildOrSearch_notFinite_namesTheRow() {
    for (var codes : new String[] {"bits1", "pq2x4"}) {
      assertRefusesNotFinite("ivf(codes=%s)".formatted(codes), probes(1));
    }
  }

  @Test
  void build_morePartsThanElements_saysSo(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 40, 5))) {
      assertThatThrownBy(() -> build(source, Metric.L2, spec(3, "pq8x4")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "product codes have 1 part to one an element, at most 32768: parts=8, dimension=5");
    }
  }

  @Test
  void build_stoppedByItsListener_throwsWhatTheListenerThrew(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 700, 8))) {
      for (var codes : someKinds(random)) {
        assertStops(source, spec(30, codes), 50, random);
      }
    }
  }
}
