package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.IndexContract;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a search through a graph promises on every backend, with all codes and of every builder. */
public abstract class GraphSearchContract extends IndexContract<GraphData> {
  /** Creates the contract. */
  protected GraphSearchContract() {
    super(GraphData.class);
  }

  private static SearchOptions beam(int width) {
    return SearchOptions.nearest(K).withEffort(new Effort.Beam(width));
  }

  /** Asserts that answers are well formed, with canonical keys, and returns their recall. */
  private static double recall(
      Metric metric, float[][] rows, float[][] queries, SearchResult result, int k) {
    long hits = 0;
    for (int q = 0; q < queries.length; q++) {
      var found = result.neighbors().get(q);
      assertThat(found.size()).isEqualTo(Math.min(k, rows.length));
      var exact = TestVectors.nearest(metric, queries[q], rows, k);
      double worst = TestVectors.key(metric, queries[q], rows[(int) exact[exact.length - 1]]);
      assertWellFormed(metric, rows, queries[q], found);
      for (int rank = 0; rank < found.size(); rank++) {
        hits += found.key(rank) <= worst ? 1 : 0;
      }
    }
    return hits / ((double) queries.length * Math.min(k, rows.length));
  }

  private static void assertWellFormed(
      Metric metric, float[][] rows, float[] query, Neighbors found) {
    var seen = new HashSet<Long>();
    for (int rank = 0; rank < found.size(); rank++) {
      long row = found.row(rank);
      assertThat(seen.add(row)).isTrue();
      assertThat(found.key(rank)).isEqualTo(TestVectors.key(metric, query, rows[(int) row]));
      if (rank > 0) {
        assertThat(found.key(rank)).isGreaterThanOrEqualTo(found.key(rank - 1));
        if (found.key(rank) == found.key(rank - 1)) {
          assertThat(row).isGreaterThan(found.row(rank - 1));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph(r=16)",
        "graph(r=16,codes=int8)",
        "graph(r=32,passes=2)",
        "graph(r=24,codes=int8,alpha=1.3)",
        "graph(r=16,codes=float16)",
        "graph(r=16,codes=float32)",
        "graph(r=16,builder=knn)",
        "graph(r=16,codes=float32,builder=knn)",
        "graph(r=16,builder=nndescent)",
        "graph(r=16,codes=float16,builder=nndescent)",
        "hnsw(m=8)",
        "hnsw(m=8,codes=float32)",
        "vamana(degree=16)"
      })
  void search_anyMetric_findsNearlyAll(String spec, @Fixed SplittableRandom random) {
    int d = 20 + random.nextInt(30);
    var rows = TestVectors.gaussians(random, 1500, d);
    for (var row : rows) { // lengths differ, so that the metrics do
      float scale = (float) (0.5 + random.nextDouble());
      for (int i = 0; i < d; i++) {
        row[i] *= scale;
      }
    }
    var queries = TestVectors.gaussians(random, 40, d);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var draw = new SplittableRandom((spec + getClass()).hashCode()); // not one for all specs
      for (var metric : Seeded.some(draw, 1, List.of(Metric.values()))) {
        var data = build(source, metric, spec);
        assertThat(data.reached()).isEqualTo(rows.length);
        var result = searcher(data).search(batch, beam(200));
        // Queries are no rows of the space that inner products are mapped to: a harder case.
        assertThat(recall(metric, rows, queries, result, K))
            .as("%s", metric)
            .isGreaterThanOrEqualTo(metric == Metric.DOT ? 0.5 : 0.85);
        assertThat(result.report().proved()).isFalse();
        assertThat(result.report().index()).isEqualTo(spec);
        assertThat(result.report().work().hops()).isPositive();
        assertThat(result.report().work().keysComputed()).isEqualTo(40L * 50);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph(r=16)",
        "graph(r=16,codes=int8)",
        "graph(r=16,codes=float16)",
        "graph(r=16,builder=knn)",
        "graph(r=16,codes=int8,builder=knn)",
        "graph(r=16,builder=nndescent)",
        "graph(r=16,codes=int8,builder=nndescent)",
        "hnsw(m=8)",
        "vamana(degree=16)"
      })
  void search_clusters_everyRowIsReachedAndRecallCanBeHad(String spec) {
    var rows = clustered(0, 2000, 16, 20, 0.05);
    var queries = clustered(2000, 50, 16, 20, 0.05);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var data = build(source, Metric.L2, spec);
      assertThat(data.reached()).isEqualTo(rows.length);
      // In 4 bits the hundred rows of a cluster look alike: all of them are scored.
      var result = searcher(data).search(batch, beam(500));
      assertThat(recall(Metric.L2, rows, queries, result, K)).isGreaterThanOrEqualTo(0.98);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph(r=16,codes=int8)",
        "graph(r=16,codes=float32)",
        "graph(r=16,codes=float16)",
        "graph(r=16,codes=int8,builder=knn)",
        "graph(r=16,codes=int8,builder=nndescent)",
        "hnsw(m=8)",
        "vamana(degree=16)"
      })
  void search_rowsThatRepeat_findsOthersBehindThem(String spec) {
    // 600 copies of one row, and a cloud about it: copies must not be an island.
    var random = new SplittableRandom(3);
    var rows = new float[1200][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i < 600 ? new float[12] : TestVectors.gaussian(random, 12);
    }
    var queries = TestVectors.gaussians(random, 30, 12);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var data = build(source, Metric.L2, spec);
      data.verify();
      assertThat(data.reached()).isEqualTo(rows.length);
      var result = searcher(data).search(batch, beam(100));
      assertThat(recall(Metric.L2, rows, queries, result, K)).isGreaterThanOrEqualTo(0.95);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph(r=16,codes=int8,dims=14)",
        "graph(r=16,codes=int4,dims=30)",
        "graph(r=16,dims=20,builder=nndescent)"
      })
  void search_projected_findsNearlyAllAndVisitsWhatScalarLoopsDo(
      String spec, @Fixed SplittableRandom random) {
    var rows = flat(random, 1500, 90);
    var queries = Arrays.copyOfRange(rows, 1460, 1500);
    rows = Arrays.copyOf(rows, 1460);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      for (var metric : Metric.values()) {
        var data = build(source, metric, spec);
        assertThat(data.reached()).isEqualTo(rows.length);
        data.verify();
        var result = searcher(data).search(batch, beam(100));
        // Queries are no rows of the space that inner products are mapped to: a harder case.
        assertThat(recall(metric, rows, queries, result, K))
            .as("%s", metric)
            .isGreaterThanOrEqualTo(metric == Metric.DOT ? 0.7 : 0.95);
        assertThat(result.report().work().keysComputed()).isEqualTo(40L * 28);
        var scalar = new GraphSearcher(Kernels.scalar(), "scalar", data).search(batch, beam(100));
        assertThat(result.report().work()).isEqualTo(scalar.report().work());
        assertThat(result.neighbors()).isEqualTo(scalar.neighbors());
      }
    }
  }

  /** Rows of {@code d} elements that lie near a space of twelve dimensions. */
  private static float[][] flat(SplittableRandom random, int count, int d) {
    var axes = TestVectors.gaussians(random, 12, d);
    var rows = TestVectors.gaussians(random, count, d);
    for (var row : rows) {
      var place = TestVectors.gaussian(random, axes.length);
      for (int j = 0; j < d; j++) {
        row[j] *= 0.1f;
        for (int i = 0; i < axes.length; i++) {
          row[j] += place[i] * axes[i][j];
        }
      }
    }
    return rows;
  }

  @Test
  void build_rowsNearASpaceOfFewDimensions_autoProjects(@Fixed SplittableRandom random) {
    var rows = flat(random, 3000, 256);
    try (var flat = VectorSource.of(rows);
        var full = VectorSource.of(TestVectors.gaussians(random, 3000, 256))) {
      var projected = build(flat, Metric.L2, "graph(r=8,efc=16)");
      assertThat(projected.codedDimensions()).isEqualTo(128);
      assertThat(projected.codesKind()).isEqualTo(GraphSpec.Codes.INT4);
      assertThat(build(flat, Metric.L2, "graph(r=8,efc=16,dims=all)").codedDimensions()).isZero();
      assertThat(build(full, Metric.L2, "graph(r=8,efc=16)").codedDimensions()).isZero();
    }
  }

  @Test
  void build_moreDimensionsThanThereAre_isRefused(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 30, 9))) {
      assertThat(build(source, Metric.DOT, "graph(dims=10)").codedDimensions()).isEqualTo(10);
      assertThatThrownBy(() -> build(source, Metric.L2, "graph(dims=10)"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "dims must be at most the 9 elements of a vector: 10; ask for dims=all to code all");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 17, 64, 65})
  void search_fewRows_areAllFound(int size, SplittableRandom random) {
    for (var spec :
        List.of(
            "graph(r=4)",
            "graph(r=4,codes=float16,builder=knn)",
            "graph(r=4,builder=nndescent)",
            "hnsw(m=2)")) {
      assertAllFound(spec, size, random);
    }
  }

  private void assertAllFound(String spec, int size, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, size, 5);
    var queries = TestVectors.gaussians(random, 4, 5);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      for (var metric : Metric.values()) {
        var options = SearchOptions.nearest(100).withEffort(new Effort.Beam(1));
        var result = searcher(build(source, metric, spec)).search(batch, options);
        assertThat(recall(metric, rows, queries, result, 100)).isEqualTo(1);
      }
    }
  }

  @Test
  void search_oneDimensionAllEqualOrZero_isNoFailure() {
    for (var rows : new float[][][] {{{1}, {2}, {3}, {2}}, new float[50][3], new float[3][1]}) {
      try (var source = VectorSource.of(rows);
          var query = VectorSource.single(new float[rows[0].length])) {
        for (var metric : Metric.values()) {
          for (var spec :
              List.of(
                  "graph",
                  "graph(codes=float32)",
                  "graph(codes=float16,builder=knn)",
                  "graph(builder=nndescent)",
                  "hnsw")) {
            var options = SearchOptions.nearest(3).withEffort(new Effort.Beam(5));
            var result = searcher(build(source, metric, spec)).search(query, options);
            var queries = new float[][] {new float[rows[0].length]};
            assertThat(recall(metric, rows, queries, result, 3)).as(spec).isEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void search_noRows_findsNone() {
    try (var some = VectorSource.of(new float[][] {{1, 2}})) {
      var none = some.slice(0, 0);
      for (var spec :
          List.of(
              "graph",
              "graph(codes=float32)",
              "graph(codes=float16,builder=knn)",
              "graph(builder=nndescent)",
              "hnsw")) {
        var result = searcher(build(none, Metric.L2, spec)).search(some, beam(10));
        assertThat(result.neighbors().getFirst()).as(spec).isEmpty();
      }
    }
  }

  @Test
  void search_exactAskedFor_isProved(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 300, 8);
    var queries = TestVectors.gaussians(random, 5, 8);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, Metric.COSINE, "graph(r=4)"));
      for (var effort : new Effort[] {new Effort.Exact(), new Effort.Recall(1)}) {
        var result = searcher.search(batch, SearchOptions.nearest(K).withEffort(effort));
        assertThat(result.report().proved()).isTrue();
        for (int q = 0; q < queries.length; q++) {
          assertThat(result.neighbors().get(q).rows())
              .isEqualTo(TestVectors.nearest(Metric.COSINE, queries[q], rows, K));
        }
      }
    }
  }

  @Test
  void search_anyThreadsAndBatches_sameAnswers(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 900, 24);
    var queries = TestVectors.gaussians(random, 25, 24);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, Metric.L2, "graph(r=16)"));
      var one = searcher.search(batch, beam(30).withThreads(1));
      for (int threads : new int[] {2, 3, 8}) {
        var many = searcher.search(batch, beam(30).withThreads(threads));
        assertThat(many.neighbors()).isEqualTo(one.neighbors());
        assertThat(many.report().work()).isEqualTo(one.report().work());
      }
      for (int q = 0; q < queries.length; q++) {
        assertThat(searcher.search(batch.slice(q, 1), beam(30)).neighbors().getFirst())
            .isEqualTo(one.neighbors().get(q));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph(r=16)",
        "graph(r=16,codes=float32)",
        "graph(r=16,codes=float16)",
        "graph(r=8,builder=knn)",
        "graph(r=8,codes=float32,builder=knn)",
        "graph(r=8,builder=nndescent)",
        "graph(r=8,codes=float32,builder=nndescent)",
        "hnsw(m=4)",
        "vamana(degree=8,codes=int4)"
      })
  void build_anyNumberOfThreads_sameGraphForASeed(String spec, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 1100, 16);
    try (var source = VectorSource.of(rows)) {
      assertSameOnAnyThreads(source, Metric.L2, spec);
    }
  }

  /** What a build does is stopped between two units of its work, wherever it is. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph(r=8)",
        "graph(r=8,codes=float16)",
        "graph(r=8,codes=float32)",
        "graph(r=8,builder=knn)",
        "graph(r=8,builder=nndescent)",
        "hnsw(m=4)"
      })
  void build_stoppedByItsListener_throwsWhatTheListenerThrew(String spec, SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 700, 8))) {
      assertStops(source, spec, 10, random);
    }
  }

  @Test
  void search_deadlineOrCancel_stops(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 200, 4))) {
      var searcher = searcher(build(source, Metric.L2, "graph(r=8)"));
      assertThatThrownBy(() -> searcher.search(source, beam(5).withDeadline(Duration.ZERO)))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessageContaining("deadline");
      assertThatThrownBy(() -> searcher.search(source, beam(5).withCancel(() -> true)))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessage("the search was cancelled by its caller");
    }
  }

  @Test
  void search_probes_areRefusedByName(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var searcher = searcher(build(source, Metric.L2, "graph(r=8)"));
      var options = SearchOptions.nearest(1).withEffort(new Effort.Probes(3));
      assertThatThrownBy(() -> searcher.search(source, options))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("an index graph(r=8) has no lists to probe: ask for a recall or a beam");
    }
  }

  @Test
  void buildOrSearch_notFinite_namesTheRow() {
    assertRefusesNotFinite("graph", beam(3));
  }

  @Test
  void parts_ofAGraph_linksAreRowsAndNoRowTwice(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 500, 6))) {
      var data = build(source, Metric.DOT, "graph(r=12)");
      data.verify();
      for (int row = 0; row < 500; row++) {
        var links = data.graph().neighbours(row);
        assertThat(links).hasSizeBetween(1, 12).doesNotContain(row).doesNotHaveDuplicates();
        assertThat(Arrays.stream(links).allMatch(link -> link >= 0 && link < 500)).isTrue();
      }
    }
  }
}
