package dev.kith.core.ivf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Limit;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What inverted lists promise on every backend. */
public abstract class ListSearchContract extends ListContract {
  /** Creates the contract. */
  protected ListSearchContract() {}

  @Override
  final List<String> kinds() {
    return List.of("int8");
  }

  @ParameterizedTest
  @EnumSource
  void search_exactAskedFor_isTheDefinitions(Metric metric, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      int d = 1 + random.nextInt(40);
      var rows = TestVectors.gaussians(random, 300 + random.nextInt(400), d);
      var queries = TestVectors.gaussians(random, 1 + random.nextInt(30), d);
      queries[0] = rows[13].clone();
      assertExact(metric, rows, queries, "ivf(lists=%d)".formatted(1 + random.nextInt(60)));
      assertExact(metric, rows, queries, "ivf");
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_clusters_skipsListsAndIsExact(Metric metric) {
    var rows = clustered(0, 3000, 16, 40, 0.05);
    var queries = clustered(3000, 50, 16, 40, 0.05);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var data = build(source, metric, "ivf(lists=60)");
      var searcher = searcher(data);
      var result = searcher.search(batch, SearchOptions.nearest(K));
      assertExact(metric, rows, queries, K, result);
      var work = result.report().work();
      assertThat(work.lists()).isLessThan(50L * data.lists() / (metric == Metric.DOT ? 1 : 3));
      assertThat(work.rowsRead()).isLessThan(50L * 3000);
      assertThat(work.fallbacks()).isZero();
    }
  }

  /**
   * Distances between lists are as small as the rounding of products: bounds must not be fooled.
   */
  @ParameterizedTest
  @EnumSource
  void search_tightClusterFarFromOrigin_isExact(Metric metric, SplittableRandom random) {
    for (float spread : new float[] {1e-3f, 1e-1f}) {
      var rows = farFromOrigin(random, spread);
      assertExact(metric, rows, Arrays.copyOf(rows, 9), "ivf(lists=30)");
    }
  }

  /** Lists of one row have radius zero: a bound is then as near to the keys as it can be. */
  @ParameterizedTest
  @EnumSource
  void search_aListForEachRow_isExact(Metric metric, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 120, 30);
    for (int i = 60; i < 120; i++) {
      rows[i] = rows[i - 60].clone();
      rows[i][i % 30] = Math.nextUp(rows[i][i % 30]);
    }
    assertExact(metric, rows, Arrays.copyOf(rows, 20), "ivf(lists=120)");
  }

  @Test
  void search_wholeRecallAskedFor_isAnsweredExactly(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 400, 8);
    var queries = TestVectors.gaussians(random, 5, 8);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var options = SearchOptions.nearest(K).withEffort(new Effort.Recall(1));
      var result = searcher(build(source, Metric.L2, "ivf")).search(batch, options);
      assertExact(Metric.L2, rows, queries, K, result);
      assertThat(result.report().index()).isEqualTo("ivf");
      assertThat(result.report().backend()).isEqualTo(backend().name());
      assertThat(result.report().bound()).isEqualTo("int8");
    }
  }

  /** The answer to a number of probes is the exact one of the rows in the nearest lists. */
  @ParameterizedTest
  @EnumSource
  void search_probes_areTheNearestListsWhatever(Metric metric, SplittableRandom random) {
    int d = 12;
    var rows = TestVectors.gaussians(random, 1500, d);
    var queries = TestVectors.gaussians(random, 40, d);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var data = build(source, metric, "ivf(lists=50)");
      var searcher = searcher(data);
      for (int lists : new int[] {1, 3, 10, 49}) {
        var whole = searcher.search(batch, probes(lists).withThreads(1));
        if (lists >= K) { // fewer lists may have fewer rows than are asked for: then more are read
          assertThat(whole.report().work().lists()).isLessThanOrEqualTo(40L * lists);
        }
        for (int threads : new int[] {2, 7}) {
          var many = searcher.search(batch, probes(lists).withThreads(threads));
          assertThat(many.neighbors()).isEqualTo(whole.neighbors());
        }
        for (int q = 0; q < queries.length; q++) {
          var one = searcher.search(batch.slice(q, 1), probes(lists));
          assertThat(one.neighbors().getFirst()).isEqualTo(whole.neighbors().get(q));
          assertProbed(data, metric, rows, queries[q], lists, one);
        }
      }
      var all = searcher.search(batch, probes(50));
      assertExact(metric, rows, queries, K, all);
      assertExact(metric, rows, queries, K, searcher.search(batch, probes(Integer.MAX_VALUE)));
    }
  }

  /** Compares an answer with that of the lists whose centres are nearest, by other means. */
  private static void assertProbed(
      ListData data, Metric metric, float[][] rows, float[] query, int probes, SearchResult one) {
    var order = data.order();
    var means = new double[order.lists()];
    var centres = data.centres();
    // Centres are stored less the origin for L2, so that here each list's mean is computed again.
    assertThat(centres.byteSize()).isEqualTo(4L * order.lists() * query.length);
    for (int list = 0; list < order.lists(); list++) {
      var mean = new double[query.length];
      for (int i = 0; i < order.size(list); i++) {
        var row = rows[order.row(order.first(list) + i)];
        double norm =
            metric == Metric.COSINE ? Math.sqrt(-TestVectors.key(Metric.DOT, row, row)) : 1;
        for (int e = 0; e < mean.length; e++) {
          mean[e] += row[e] / norm / order.size(list);
        }
      }
      double norm =
          metric == Metric.COSINE ? Math.sqrt(-TestVectors.key(Metric.DOT, query, query)) : 1;
      for (int e = 0; e < mean.length; e++) {
        double x = query[e] / norm;
        means[list] += metric == Metric.DOT ? -x * mean[e] : (x - mean[e]) * (x - mean[e]);
      }
    }
    var nearest = new Integer[order.lists()];
    Arrays.setAll(nearest, i -> i);
    Arrays.sort(nearest, (a, b) -> Double.compare(means[a], means[b]));
    long met = 0;
    int last = 0;
    while (last < nearest.length && (last < probes || met < K)) {
      met += order.size(nearest[last++]);
    }
    if (last < nearest.length && means[nearest[last]] - means[nearest[last - 1]] < 1e-4) {
      return; // too near to tell by other arithmetic which list comes first
    }
    var numbers = new ArrayList<Integer>();
    for (int i = 0; i < last; i++) {
      for (int j = 0; j < order.size(nearest[i]); j++) {
        numbers.add(order.row(order.first(nearest[i]) + j));
      }
    }
    numbers.sort(null);
    var some = numbers.stream().map(row -> rows[row]).toArray(float[][]::new);
    var expected =
        Arrays.stream(TestVectors.nearest(metric, query, some, K))
            .map(place -> numbers.get((int) place))
            .toArray();
    assertThat(one.neighbors().getFirst().rows()).isEqualTo(expected);
  }

  @Test
  void search_someProbes_findNearlyAll(@Fixed SplittableRandom random) {
    var rows = clustered(0, 4000, 24, 300, 0.3);
    var queries = clustered(4000, 60, 24, 300, 0.3);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      for (var metric : Metric.values()) {
        var result = searcher(build(source, metric, "ivf(lists=64)")).search(batch, probes(12));
        long hits = 0;
        for (int q = 0; q < queries.length; q++) {
          var exact = TestVectors.nearest(metric, queries[q], rows, K);
          var found = result.neighbors().get(q).rows();
          assertThat(found).hasSize(K).doesNotHaveDuplicates();
          hits +=
              Arrays.stream(found)
                  .filter(row -> Arrays.stream(exact).anyMatch(x -> x == row))
                  .count();
        }
        assertThat(hits / (60.0 * K)).as("%s", metric).isGreaterThan(0.9);
        assertThat(result.report().work().lists()).isLessThanOrEqualTo(60L * 12);
      }
    }
  }

  @Test
  void search_probesThatExcludeTheRest_areProved() {
    var rows = clustered(0, 2000, 8, 20, 0.01);
    try (var source = VectorSource.of(rows)) {
      var searcher = searcher(build(source, Metric.L2, "ivf(lists=40)"));
      int proved = 0;
      for (int q = 0; q < 50; q++) {
        var one = searcher.search(source.slice(q, 1), probes(12));
        if (one.report().proved()) {
          proved++;
          assertExact(Metric.L2, rows, new float[][] {rows[q]}, K, one);
        }
      }
      assertThat(proved).isGreaterThan(10);
      assertThat(searcher.search(source.slice(0, 50), probes(1)).report().proved()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_filtered_isExactAmongThoseThatPass(Metric metric, SplittableRandom random) {
    int d = 10;
    var rows = TestVectors.gaussians(random, 1200, d);
    var queries = TestVectors.gaussians(random, 12, d);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, metric, "ivf(lists=20)"));
      for (double share : new double[] {0, 0.004, 0.1, 0.4, 0.7, 1}) {
        // Half of the space is left out, so that whole lists are, too.
        var filter =
            RowFilter.of(
                rows.length,
                row -> random.nextDouble() < share && (share == 1 || rows[(int) row][0] > -0.5));
        var passing = IntStream.range(0, rows.length).filter(filter::allows).toArray();
        var some = Arrays.stream(passing).mapToObj(row -> rows[row]).toArray(float[][]::new);
        for (int k : new int[] {1, K, 1200}) {
          var options = SearchOptions.nearest(k).among(filter).withThreads(2);
          var result = searcher.search(batch, options);
          assertThat(result.report().proved()).isTrue();
          for (int q = 0; q < queries.length; q++) {
            var expected =
                Arrays.stream(TestVectors.nearest(metric, queries[q], some, k))
                    .map(place -> passing[(int) place])
                    .toArray();
            assertThat(result.neighbors().get(q).rows()).as("%s", share).isEqualTo(expected);
            assertThat(searcher.search(batch.slice(q, 1), options).neighbors().getFirst().rows())
                .isEqualTo(expected);
          }
          // Few probes find every row there is.
          var few = searcher.search(batch, options.withEffort(new Effort.Probes(1)));
          for (var found : few.neighbors()) {
            assertThat(found.size()).isEqualTo(Math.min(k, passing.length));
            assertThat(Arrays.stream(found.rows()).allMatch(filter::allows)).isTrue();
          }
        }
      }
    }
  }

  @Test
  void search_sharedLimit_leavesOutOnlyWhatIsAboveIt(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 900, 8);
    var queries = TestVectors.gaussians(random, 7, 8);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, Metric.L2, "ivf(lists=30)"));
      var limit = new Limit(queries.length);
      var cuts = new double[queries.length];
      for (int q = 0; q < queries.length; q++) {
        var exact = TestVectors.nearest(Metric.L2, queries[q], rows, K);
        cuts[q] = TestVectors.key(Metric.L2, queries[q], rows[(int) exact[3]]);
        limit.offer(q, cuts[q]);
      }
      var options = SearchOptions.nearest(K).withLimit(limit);
      var result = searcher.search(batch, options);
      for (int q = 0; q < queries.length; q++) {
        var exact = TestVectors.nearest(Metric.L2, queries[q], rows, K);
        var found = result.neighbors().get(q);
        assertThat(found.size()).isGreaterThanOrEqualTo(4);
        assertThat(Arrays.copyOf(found.rows(), 4)).isEqualTo(Arrays.copyOf(exact, 4));
        assertThat(limit.key(q)).isLessThanOrEqualTo(cuts[q]);
      }
      // A search that finds fewer than were asked for offers nothing.
      var open = new Limit(1);
      searcher.search(batch.slice(0, 1), SearchOptions.nearest(901).withLimit(open));
      assertThat(open.key(0)).isInfinite();
      var falls = new Limit(1);
      searcher.search(batch.slice(0, 1), SearchOptions.nearest(2).withLimit(falls));
      assertThat(falls.key(0)).isFinite();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 15, 16, 17, 33})
  void search_fewRows_areAllFound(int size, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, size, 5);
    var queries = TestVectors.gaussians(random, 6, 5);
    for (var metric : Metric.values()) {
      assertExact(metric, rows, queries, "ivf");
      assertExact(metric, rows, queries, "ivf(lists=7)");
    }
  }

  @Test
  void search_noRows_findsNone() {
    try (var some = VectorSource.of(new float[][] {{1, 2}})) {
      var data = build(some.slice(0, 0), Metric.L2, "ivf");
      data.verify();
      assertThat(data.lists()).isZero();
      assertThat(searcher(data).search(some, probes(3)).neighbors().getFirst()).isEmpty();
    }
  }

  @Test
  void search_manyQueries_areSearchedInGroups(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 200, 4);
    var queries = TestVectors.gaussians(random, 1030, 4);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, Metric.L2, "ivf(lists=9)"));
      assertExact(Metric.L2, rows, queries, 3, searcher.search(batch, SearchOptions.nearest(3)));
      assertThat(searcher.search(batch, probes(2)).neighbors()).hasSize(1030);
      assertThat(searcher.search(batch.slice(0, 0), probes(2)).neighbors()).isEmpty();
    }
  }

  @Test
  void search_beam_isRefusedByName(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var searcher = searcher(build(source, Metric.L2, "ivf(lists=4)"));
      var options = SearchOptions.nearest(1).withEffort(new Effort.Beam(3));
      assertThatThrownBy(() -> searcher.search(source, options))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("an index ivf(lists=4) has no beam: ask for a recall or for lists to probe");
    }
  }

  @Test
  void buildOrSearch_notFinite_namesTheRow() {
    assertRefusesNotFinite("ivf", probes(1));
  }

  /** What a build does is stopped between two units of its work, wherever it is. */
  @Test
  void build_stoppedByItsListener_throwsWhatTheListenerThrew(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 700, 8))) {
      var whole = assertStops(source, "ivf(lists=30)", 50, random);
      assertThat(whole.done.get()).isEqualTo(whole.checks.get());
    }
  }
}
