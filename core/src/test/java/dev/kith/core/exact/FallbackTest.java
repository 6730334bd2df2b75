package dev.kith.core.exact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.Neighbor;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Searcher;
import dev.kith.core.testing.PlainHalves;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Queries that a shadow cannot answer, and shadows that cannot be believed. */
@ExtendWith(Seeded.class)
class FallbackTest {
  private static final int D = 12;

  /** Per worker more than a list of candidates holds: 1,024, or a row in 32. */
  private static final int CLUSTER = 8000;

  private static final int SPREAD = 3000;
  private static final int N = 3 * CLUSTER + SPREAD;

  private static final Kernels SCALAR = PlainHalves.withScalar();
  private static final Kernels SIMD = PlainHalves.withJava();

  /**
   * Three clusters in different directions, whose rows differ far less than codes can tell, mixed
   * with rows around the origin, which codes tell apart well.
   */
  private static float[][] rows(SplittableRandom random) {
    var centres = new float[3][D];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < D; i++) {
        centres[c][i] = i % 3 == c ? 40 : -20; // together 0: no centre helps
      }
    }
    var rows = new float[N][];
    for (int r = 0; r < N; r++) {
      rows[r] = TestVectors.gaussian(random, D);
      if (r % 9 != 0) {
        for (int i = 0; i < D; i++) {
          rows[r][i] = centres[r % 3][i] * (1 + 1e-5f * rows[r][i]);
        }
      }
    }
    return rows;
  }

  /** Of a cluster: {@code r % 3}, but every ninth row is none. */
  private static float[] ofCluster(float[][] rows, int r) {
    return rows[r % 9 == 0 ? r + 3 : r].clone();
  }

  private static List<List<Neighbor>> definition(
      Metric metric, float[][] rows, float[][] queries, int k) {
    var answers = new ArrayList<List<Neighbor>>();
    for (var query : queries) {
      var answer = new ArrayList<Neighbor>();
      for (long row : TestVectors.nearest(metric, query, rows, k)) {
        double key = TestVectors.key(metric, query, rows[(int) row]);
        answer.add(new Neighbor(row, metric.score(key)));
      }
      answers.add(answer);
    }
    return answers;
  }

  private static SearchReport assertFinds(
      List<List<Neighbor>> expected, Searcher search, float[][] queries, SearchOptions options) {
    try (var batch = VectorSource.of(queries)) {
      var result = search.search(batch, options);
      assertThat(result.neighbors()).hasSize(queries.length);
      for (int q = 0; q < queries.length; q++) {
        assertThat(result.neighbors().get(q)).as("query %d", q).isEqualTo(expected.get(q));
      }
      assertThat(result.report().proved()).isTrue();
      return result.report();
    }
  }

  static Stream<Arguments> shadows() {
    return Quantizer.ALL.stream()
        .flatMap(
            quantizer ->
                Arrays.stream(Metric.values()).map(metric -> Arguments.of(quantizer, metric)));
  }

  @ParameterizedTest
  @MethodSource("shadows")
  void search_rowsTooCloseForTheCodes_fallsBackAndIsExact(
      Quantizer quantizer, Metric metric, SplittableRandom random) {
    var rows = rows(random);
    float[][] queries = {ofCluster(rows, 100), ofCluster(rows, 1001)};
    var expected = definition(metric, rows, queries, 10);
    try (var source = VectorSource.of(rows)) {
      var shadow = quantizer.encode(source, metric);
      for (var kernels : List.of(SCALAR, SIMD)) {
        var search = new ExactScan(kernels, "test", new FlatData(source, metric, shadow));
        for (int threads : new int[] {1, 2}) {
          var options = SearchOptions.nearest(10).withThreads(threads);
          var report = assertFinds(expected, search, queries, options);
          assertThat(report.work().fallbacks()).isEqualTo(2);
          assertThat(report.bounds()).containsExactlyInAnyOrder("float32", quantizer.name());
          // All rows, after some codes.
          assertThat(report.work().rowsRead()).isGreaterThan(2L * N).isLessThanOrEqualTo(4L * N);
        }
      }
    }
  }

  /** So that the test above is about the clusters and not about the codes. */
  @Test
  void search_rowsThatTheCodesTellApart_doesNotFallBack(SplittableRandom random) {
    var rows = rows(random);
    var queries = TestVectors.gaussians(random, 2, D);
    var expected = definition(Metric.L2, rows, queries, 10);
    try (var source = VectorSource.of(rows)) {
      for (var quantizer : Quantizer.ALL) {
        var shadow = quantizer.encode(source, Metric.L2);
        var search = new ExactScan(SIMD, "test", new FlatData(source, Metric.L2, shadow));
        var report = assertFinds(expected, search, queries, SearchOptions.nearest(10));
        assertThat(report.work().fallbacks()).isZero();
        assertThat(report.bound()).isEqualTo(quantizer.name());
        assertThat(report.work().keysComputed()).isLessThan(400);
      }
    }
  }

  /** First, last, alone and side by side: each answer must stand where its query stood. */
  @ParameterizedTest
  @EnumSource(names = {"SOME", "ENDS", "ALTERNATING"})
  void search_someQueriesFallBack_answersKeepTheirPlaces(Loose loose, SplittableRandom random) {
    var rows = rows(random);
    var queries = TestVectors.gaussians(random, loose.pattern.length(), D);
    long fallbacks = 0;
    for (int q = 0; q < queries.length; q++) {
      if (loose.pattern.charAt(q) == 'x') {
        queries[q] = ofCluster(rows, random.nextInt(N - 9));
        fallbacks++;
      }
    }
    var expected = definition(Metric.L2, rows, queries, 40);
    var filter = RowFilter.of(N, row -> row % 5 != 0);
    var allowed =
        expected.stream()
            .map(
                answer -> answer.stream().filter(hit -> filter.allows(hit.row())).limit(7).toList())
            .toList();
    try (var source = VectorSource.of(rows)) {
      for (var quantizer : List.of(Quantizer.INT8, Quantizer.BF16)) {
        var search =
            new ExactScan(
                SIMD, "test", new FlatData(source, Metric.L2, quantizer.encode(source, Metric.L2)));
        var report =
            assertFinds(expected, search, queries, SearchOptions.nearest(40).withThreads(2));
        assertThat(report.work().fallbacks()).isEqualTo(fallbacks);
        assertThat(report.bounds()).containsExactlyInAnyOrder("float32", quantizer.name());
        var some = SearchOptions.nearest(7).withThreads(2).among(filter);
        var filtered = assertFinds(allowed, search, queries, some);
        assertThat(filtered.work().fallbacks()).isEqualTo(fallbacks);
        assertThat(filtered.work().rowsRead())
            .isBetween(
                filter.count() * queries.length, filter.count() * (queries.length + fallbacks));
      }
    }
  }

  enum Loose {
    SOME(".xx..x."),
    ENDS("x....x"),
    ALTERNATING("x.x.x");

    final String pattern;

    Loose(String pattern) {
      this.pattern = pattern;
    }
  }

  /** A zero vector has the same cosine with all rows: nothing can be excluded. */
  @ParameterizedTest
  @MethodSource("shadows")
  void search_zeroQuery_fallsBackWhereNothingIsBounded(
      Quantizer quantizer, Metric metric, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 700, D);
    try (var source = VectorSource.of(rows)) {
      var search =
          new ExactScan(
              SIMD, "test", new FlatData(source, metric, quantizer.encode(source, metric)));
      var queries = TestVectors.gaussians(random, 4, D);
      queries[2] = new float[D];
      var expected = definition(metric, rows, queries, 5);
      var options = SearchOptions.nearest(5);
      var mixed = assertFinds(expected, search, queries, options);
      // The workspace of a query that fell back serves the next one.
      var zero = assertFinds(expected.subList(2, 3), search, new float[][] {queries[2]}, options);
      var after = assertFinds(expected.subList(3, 4), search, new float[][] {queries[3]}, options);
      boolean falls = metric == Metric.COSINE;
      String both = String.join(", ", new TreeSet<>(Set.of("float32", quantizer.name())));
      assertThat(mixed.work().fallbacks()).isEqualTo(falls ? 1 : 0);
      assertThat(mixed.bound()).isEqualTo(falls ? both : quantizer.name());
      assertThat(zero.work().fallbacks()).isEqualTo(falls ? 1 : 0);
      assertThat(zero.bound()).isEqualTo(falls ? both : quantizer.name());
      assertThat(after.work().fallbacks()).isZero();
      assertThat(after.bound()).isEqualTo(quantizer.name());
    }
  }

  /** A row nearer than its code says was changed since, or never was the one that was coded. */
  @ParameterizedTest
  @MethodSource("shadows")
  void search_shadowOfOtherRows_namesTheRowThatContradictsIt(
      Quantizer quantizer, Metric metric, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 200, D);
    float[] query = TestVectors.gaussian(random, D);
    long best = TestVectors.nearest(metric, query, rows, 1)[0];
    var others = rows.clone();
    others[(int) best] = query.clone();
    for (int i = 0; i < D; i++) {
      others[(int) best][i] *= metric == Metric.DOT ? 10 : 1;
    }
    try (var source = VectorSource.of(rows);
        var other = VectorSource.of(others)) {
      Shadow shadow = quantizer.encode(source, metric);
      var search = new ExactScan(SCALAR, "test", new FlatData(other, metric, shadow));
      double lower = shadow.interval(query, best).lower();
      double key = metric.key(query, others[(int) best]);
      assertThat(lower).isGreaterThan(key);
      var options = SearchOptions.nearest(3);
      assertThatThrownBy(() -> search.search(VectorSource.single(query), options))
          .isInstanceOf(VectorDataException.class)
          .hasMessageMatching(
              "a row's key must not be below its proved bound: source=memory, row=%d, bound=[-0-9.E]+, key=%s; the rows were changed or their shadow is damaged: verify it, or delete it and build it again"
                  .formatted(best, key));
      if (quantizer.equals(Quantizer.INT8)) { // whose products are integers in every order
        assertThatThrownBy(() -> search.search(VectorSource.single(query), options))
            .hasMessage(
                "a row's key must not be below its proved bound: source=memory, row=%d, bound=%s, key=%s; the rows were changed or their shadow is damaged: verify it, or delete it and build it again"
                    .formatted(best, lower, key));
      }
    }
  }

  @Test
  void construct_shadowThatDoesNotFit_saysBoth(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 20, D))) {
      var shadow = Quantizer.INT8.encode(rows, Metric.DOT);
      assertThatThrownBy(() -> new ExactScan(SCALAR, "test", new FlatData(rows, Metric.L2, shadow)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a shadow must be of the rows and for the metric: shadow=20 x 12, dot; rows=20 x"
                  + " 12, l2");
      var fewer = rows.slice(0, 19);
      assertThatThrownBy(
              () -> new ExactScan(SCALAR, "test", new FlatData(fewer, Metric.DOT, shadow)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a shadow must be of the rows and for the metric: shadow=20 x 12, dot; rows=19 x"
                  + " 12, dot");
    }
  }
}
