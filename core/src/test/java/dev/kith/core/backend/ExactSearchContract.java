package dev.kith.core.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.Limit;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.Work;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What exact search promises on every backend, with every shadow and without: the rows of the
 * definition, always.
 */
@ExtendWith(Seeded.class)
public abstract class ExactSearchContract {

  /** Backend under test. */
  protected abstract Backend backend();

  /** Quantizer of the shadow that the backend scans first, or null for the rows alone. */
  protected @Nullable Quantizer shadow() {
    return null;
  }

  /** Where the backend cannot run, the test is skipped here and not half-way. */
  @BeforeEach
  void requireBackend() {
    assertThat(backend().name()).isNotEmpty();
  }

  /**
   * Names, as reports give them, of what may exclude rows where bounds are good. Both names of
   * {@code "int8, float32"} at once would be a fallback.
   */
  protected Set<String> bounds() {
    return shadow() == null ? Set.of("float32") : Set.of("float32", shadow().name());
  }

  /** Most candidates a query, of thousands of rows, that good bounds leave. */
  protected long mostCandidates() {
    return 100;
  }

  /**
   * Options that name the backend under test, which otherwise might hand the search on to another.
   */
  protected final SearchOptions nearest(int k) {
    return SearchOptions.nearest(k).onBackend(backend().name());
  }

  /** Searcher of the backend under test, with its shadow if there is one. */
  protected final Searcher exactSearch(VectorSource rows, Metric metric) {
    var quantizer = shadow();
    var shadow = quantizer == null ? null : quantizer.encode(rows, metric);
    return Objects.requireNonNull(backend().searcher(new FlatData(rows, metric, shadow)));
  }

  /**
   * Asserts that every row that may be found is read once a query, and again where a bound was
   * loose.
   */
  private static void assertRowsRead(Work work, long rows, long queries) {
    assertThat(work.rowsRead()).isBetween(rows * queries, rows * (queries + work.fallbacks()));
  }

  /** Searches and compares every list of rows and every score with the definition. */
  private SearchResult assertExact(
      Metric metric, VectorSource source, float[][] rows, float[][] queries, int k, int threads) {
    return assertExact(metric, source, rows, queries, order(metric, rows, queries), k, threads);
  }

  /** All rows for each query, nearest first. */
  private static long[][] order(Metric metric, float[][] rows, float[][] queries) {
    return Arrays.stream(queries)
        .map(query -> TestVectors.nearest(metric, query, rows, rows.length))
        .toArray(long[][]::new);
  }

  private SearchResult assertExact(
      Metric metric,
      VectorSource source,
      float[][] rows,
      float[][] queries,
      long[][] order,
      int k,
      int threads) {
    try (var batch = VectorSource.of(queries)) {
      var result = exactSearch(source, metric).search(batch, nearest(k).withThreads(threads));
      assertThat(result.neighbors()).hasSize(queries.length);
      for (int q = 0; q < queries.length; q++) {
        var found = result.neighbors().get(q);
        assertThat(found.rows())
            .as("metric=%s query=%d k=%d", metric, q, k)
            .isEqualTo(Arrays.copyOf(order[q], Math.min(k, order[q].length)));
        for (int rank = 0; rank < found.size(); rank++) {
          var hit = found.get(rank);
          double key = TestVectors.key(metric, queries[q], rows[(int) hit.row()]);
          assertThat(found.row(rank)).isEqualTo(hit.row());
          assertThat(Double.doubleToRawLongBits(found.key(rank)))
              .isEqualTo(Double.doubleToRawLongBits(key));
          assertThat(hit.score()).isEqualTo(metric.score(key));
        }
      }
      assertThat(result.report().proved()).isTrue();
      assertThat(result.report().backend()).isEqualTo(backend().name());
      assertRowsRead(result.report().work(), rows.length, queries.length);
      return result;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 100, 4096})
  void search_anyTypeMetricDimensionBatch_isExact(int d, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      for (var type : ElementType.values()) {
        var data = TestVectors.typed(random, type, 150 + random.nextInt(60), d);
        try (var source = data.source()) {
          for (var metric : Metric.values()) {
            for (int batch : new int[] {1, 3, 20, 33}) {
              var queries = TestVectors.gaussians(random, batch, d);
              assertExact(metric, source, data.rows(), queries, 1 + random.nextInt(20), 2);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_manyBlocksAndThreads_isExact(Metric metric, SplittableRandom random) {
    int d = 64;
    var rows = TestVectors.gaussians(random, 9000, d); // enough work for two threads a query
    try (var source = VectorSource.of(rows)) {
      for (int batch : new int[] {1, 5, 21}) {
        var queries = TestVectors.gaussians(random, batch, d);
        var order = order(metric, rows, queries);
        for (int threads : new int[] {1, 2, 7}) {
          var result = assertExact(metric, source, rows, queries, order, 10, threads);
          // The bound must exclude nearly everything, or the scan proves nothing.
          assertThat(result.report().work().keysComputed()).isLessThan(batch * mostCandidates());
          assertThat(result.report().work().fallbacks()).isZero();
          assertThat(result.report().bound()).isIn(bounds());
        }
      }
    }
  }

  @Test
  void search_moreQueriesThanAGroup_isExact(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 70, 5);
    try (var source = VectorSource.of(rows)) {
      assertExact(Metric.L2, source, rows, TestVectors.gaussians(random, 1030, 5), 3, 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_ties_goToTheLowerRow(Metric metric, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      var distinct = TestVectors.gaussians(random, 12, 20);
      distinct[3] = new float[20];
      var rows = new float[700][];
      Arrays.setAll(rows, i -> distinct[i * 7 % 12]);
      try (var source = VectorSource.of(rows)) {
        for (int k : new int[] {1, 50, 100, 699}) {
          assertExact(metric, source, rows, Arrays.copyOf(distinct, 4), k, 2);
          assertExact(metric, source, rows, Arrays.copyOf(rows, 24), k, 2);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_cosineScaledCopies_isExact(Metric metric, SplittableRandom random) {
    var base = TestVectors.gaussians(random, 20, 33);
    var rows = new float[400][];
    Arrays.setAll(
        rows,
        i -> {
          var row = base[i % 20].clone();
          for (int e = 0; e < row.length; e++) {
            row[e] *= 1 + i / 20;
          }
          return row;
        });
    try (var source = VectorSource.of(rows)) {
      assertExact(metric, source, rows, TestVectors.gaussians(random, 6, 33), 60, 2);
      assertExact(metric, source, rows, TestVectors.gaussians(random, 26, 33), 60, 2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_hugeTinyAndZeroNorms_isExact(Metric metric, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      int d = 19;
      var rows = TestVectors.gaussians(random, 300, d);
      for (var row : rows) {
        int exponent = random.nextInt(-160, 125);
        for (int e = 0; e < d; e++) {
          float value = Math.scalb(row[e], exponent);
          row[e] = Float.isFinite(value) ? value : -Float.MAX_VALUE;
        }
      }
      var queries = TestVectors.gaussians(random, 25, d);
      queries[1] = rows[17].clone();
      queries[2] = new float[d];
      Arrays.fill(queries[3], Float.MAX_VALUE);
      Arrays.fill(queries[4], Float.MIN_VALUE);
      try (var source = VectorSource.of(rows)) {
        for (int q = 0; q < queries.length; q++) {
          assertExact(metric, source, rows, new float[][] {queries[q]}, 25, 1);
        }
        assertExact(metric, source, rows, queries, 25, 2);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_tightClusterFarFromOrigin_isExact(Metric metric, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      var rows = TestVectors.gaussians(random, 500, 40);
      for (var row : rows) {
        for (int e = 0; e < row.length; e++) {
          row[e] = 1000 + row[e] * 1e-3f;
        }
      }
      try (var source = VectorSource.of(rows)) {
        assertExact(metric, source, rows, Arrays.copyOf(rows, 5), 10, 2);
        assertExact(metric, source, rows, Arrays.copyOf(rows, 25), 10, 2);
      }
    }
  }

  /** The bounds exclude nothing, so rows are settled as the scan goes, more often than once. */
  @ParameterizedTest
  @EnumSource
  void search_moreCandidatesThanTheLimit_isExact(Metric metric, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 6000, 9);
    for (var row : rows) {
      for (int e = 0; e < row.length; e++) {
        row[e] = 1000 + Math.round(row[e] * 4) * 1e-3f;
      }
    }
    var queries = Arrays.copyOf(rows, 22);
    queries[1] = new float[9];
    Arrays.fill(queries[2], 1e30f);
    try (var source = VectorSource.of(rows)) {
      for (int threads : new int[] {1, 3}) {
        assertExact(metric, source, rows, queries, 10, threads);
        assertExact(metric, source, rows, Arrays.copyOf(queries, 3), 700, threads);
      }
    }
  }

  /** Counts the loops of a CPU; a backend with others overrides it. */
  @Test
  protected void search_deadlineOrCancelWhileRescoring_stops(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 40_000, 4);
    try (var source = VectorSource.of(rows);
        var zero = VectorSource.of(new float[4])) {
      var search = exactSearch(source, Metric.COSINE);
      var asked = new AtomicInteger();
      // Asked once a block of rows and once in 1,024 rows that are scored, which here are all.
      var counting =
          nearest(3)
              .withThreads(1)
              .withCancel(
                  () -> {
                    asked.incrementAndGet();
                    return false;
                  });
      search.search(zero, counting);
      assertThat(asked.get()).isGreaterThan(40 + 39);
    }
  }

  @Test
  void options_oddDeadlines_areRefusedOrEndless(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 10, 4))) {
      var search = exactSearch(rows, Metric.L2);
      var endless = nearest(3).withDeadline(Duration.ofSeconds(Long.MAX_VALUE));
      assertThat(search.search(rows, endless).neighbors()).hasSize(10);
      assertThatThrownBy(() -> endless.withDeadline(Duration.ofNanos(-1)))
          .hasMessage("deadline must not be negative: PT-0.000000001S");
    }
  }

  @Test
  void search_kOfTheSizeAndMore_returnsEveryRow(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 130, 6);
    try (var source = VectorSource.of(rows)) {
      for (int k : new int[] {130, 131, Integer.MAX_VALUE}) {
        assertExact(Metric.L2, source, rows, TestVectors.gaussians(random, 5, 6), k, 2);
        assertExact(Metric.L2, source, rows, TestVectors.gaussians(random, 23, 6), k, 2);
      }
    }
  }

  @Test
  void search_noRowsOrNoQueries_isEmpty() {
    try (var one = VectorSource.of(new float[] {1, 2})) {
      var none = one.slice(0, 0);
      var overNothing = exactSearch(none, Metric.L2);
      assertThat(overNothing.search(one, nearest(3)).neighbors().getFirst()).isEmpty();
      var ofNothing = exactSearch(one, Metric.L2);
      assertThat(ofNothing.search(none, nearest(3)).neighbors()).isEmpty();
    }
  }

  @Test
  void search_otherDimension_saysBoth() {
    try (var rows = VectorSource.of(new float[] {1, 2, 3});
        var query = VectorSource.of(new float[] {1, 2})) {
      var search = exactSearch(rows, Metric.L2);
      assertThatThrownBy(() -> search.search(query, nearest(1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("query dimension must match the source: query=2 (memory), source=3 (memory)");
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_rowOrQueryNotFinite_namesIt(Metric metric, SplittableRandom random) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int batch : new int[] {1, 6, 25}) {
        var rows = TestVectors.gaussians(random, 200, 10);
        rows[150][7] = bad;
        try (var source = VectorSource.of(rows);
            var queries = VectorSource.of(TestVectors.gaussians(random, batch, 10))) {
          assertThatThrownBy(() -> exactSearch(source, metric).search(queries, nearest(2)))
              .isInstanceOf(VectorDataException.class)
              .hasMessage(
                  ("vectors must be finite: file=memory, offset=%d, row=150, element=7,"
                          + " found=%s; remove or repair that row")
                      .formatted(4 * (150 * 10 + 7), bad));
          var swapped = exactSearch(queries, metric);
          assertThatThrownBy(() -> swapped.search(source, nearest(2)))
              .isInstanceOf(VectorDataException.class)
              .hasMessageContaining("row=150, element=7, found=" + bad);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_withFilter_findsTheNearestOfThoseAllowed(Metric metric, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      var rows = TestVectors.gaussians(random, 2100, 18);
      rows[5] = rows[77].clone();
      try (var source = VectorSource.of(rows)) {
        var search = exactSearch(source, metric);
        int stretch = random.nextInt(2000);
        for (var filter :
            List.of(
                RowFilter.of(2100, row -> true),
                RowFilter.of(2100, row -> false),
                RowFilter.of(2100, row -> row == 2099),
                RowFilter.of(2100, row -> row >= stretch && row < stretch + 90),
                RowFilter.of(2100, row -> row % 3 == 1),
                RowFilter.of(2100, _ -> random.nextInt(40) == 0))) {
          for (int batch : new int[] {1, 3, 30}) {
            var queries = TestVectors.gaussians(random, batch, 18);
            queries[0] = rows[5].clone();
            try (var asked = VectorSource.of(queries)) {
              var result = search.search(asked, nearest(12).withThreads(2).among(filter));
              for (int q = 0; q < batch; q++) {
                assertThat(result.neighbors().get(q).rows())
                    .isEqualTo(
                        Arrays.stream(TestVectors.nearest(metric, queries[q], rows, 2100))
                            .filter(filter::allows)
                            .limit(12)
                            .toArray());
              }
              assertRowsRead(result.report().work(), filter.count(), batch);
            }
          }
        }
      }
    }
  }

  /**
   * Limits of every kind: above most of the answer, inside it, below all rows, and none: what is
   * not above them is found, and what is found is in order.
   */
  @ParameterizedTest
  @EnumSource
  void search_sharedLimit_leavesOutOnlyWhatIsAboveIt(Metric metric, SplittableRandom random) {
    int n = 6000; // more than a list holds, where one does not grow
    int k = 10;
    var rows = TestVectors.gaussians(random, n, 24);
    rows[5999] = rows[3].clone();
    var queries = TestVectors.gaussians(random, 20, 24);
    queries[0] = rows[3].clone();
    var order = order(metric, rows, queries);
    var third = RowFilter.of(n, row -> row % 3 == 0);
    try (var source = VectorSource.of(rows);
        var asked = VectorSource.of(queries)) {
      var search = exactSearch(source, metric);
      for (int kind = 0; kind < 5; kind++) {
        for (int batch : new int[] {1, 3, 4, 20}) {
          for (var filter : new RowFilter[] {null, third}) {
            var limit = new Limit(batch);
            var cuts = new double[batch];
            for (int q = 0; q < batch; q++) {
              double best = metric.key(queries[q], rows[(int) order[q][0]]);
              cuts[q] =
                  switch (kind) {
                    case 0 -> metric.key(queries[q], rows[(int) order[q][random.nextInt(40)]]);
                    case 1 -> Math.nextDown(best);
                    case 2 -> 1e300;
                    case 3 -> q % 2 == 0 ? best : Double.POSITIVE_INFINITY;
                    default -> metric.key(queries[q], rows[(int) order[q][random.nextInt(n)]]);
                  };
              limit.offer(q, cuts[q]);
            }
            var options = nearest(k).withThreads(2).withLimit(limit).among(filter);
            var result = search.search(asked.slice(0, batch), options);
            for (int q = 0; q < batch; q++) {
              var query = queries[q];
              double cut = cuts[q];
              var nearest =
                  Arrays.stream(order[q])
                      .filter(row -> filter == null || filter.allows(row))
                      .limit(k)
                      .toArray();
              int sure =
                  (int)
                      Arrays.stream(nearest)
                          .filter(row -> metric.key(query, rows[(int) row]) <= cut)
                          .count();
              var found = result.neighbors().get(q);
              boolean all = filter == null;
              var as = "kind=%d batch=%d query=%d all=%s".formatted(kind, batch, q, all);
              assertThat(found.size()).as(as).isBetween(sure, k);
              assertThat(Arrays.copyOf(found.rows(), sure))
                  .as(as)
                  .isEqualTo(Arrays.copyOf(nearest, sure));
              for (int rank = 0; rank < found.size(); rank++) {
                assertThat(found.key(rank))
                    .as(as)
                    .isEqualTo(metric.key(query, rows[(int) found.row(rank)]));
                if (rank > 0) {
                  assertThat(found.key(rank)).as(as).isGreaterThanOrEqualTo(found.key(rank - 1));
                }
              }
              assertThat(limit.key(q)).as(as).isLessThanOrEqualTo(cut);
              if (sure == k) {
                assertThat(limit.key(q)).as(as).isGreaterThanOrEqualTo(found.key(k - 1));
              }
            }
          }
        }
      }
    }
  }

  /** Rows of sparse filters are read alone, those of dense ones with their neighbours. */
  @ParameterizedTest
  @EnumSource
  void search_filterOfAnyShare_findsTheNearestOfThoseAllowed(
      Metric metric, SplittableRandom random) {
    int n = 5000; // several blocks, the last of them not whole
    var rows = TestVectors.gaussians(random, n, 24);
    rows[4999] = rows[3].clone();
    var queries = TestVectors.gaussians(random, 21, 24);
    queries[0] = rows[3].clone();
    var order = order(metric, rows, queries);
    try (var source = VectorSource.of(rows);
        var asked = VectorSource.of(queries)) {
      var search = exactSearch(source, metric);
      for (double share : new double[] {0, 0.0002, 0.001, 0.01, 0.05, 0.2, 0.45, 0.6, 0.95, 1}) {
        int stretch = random.nextInt(n - (int) (share * n) + 1);
        int one = random.nextInt(n);
        for (var filter :
            List.of(
                RowFilter.of(n, row -> share > 0 && row == one),
                RowFilter.of(n, _ -> random.nextDouble() < share),
                RowFilter.of(n, row -> row >= stretch && row < stretch + share * n),
                // One filter with dense, sparse and empty parts.
                RowFilter.of(
                    n, row -> random.nextDouble() < (row / 700 % 2 == 0 ? share : 1e-3)))) {
          for (int batch : new int[] {1, 5, 21}) {
            int k = 1 + random.nextInt(40);
            var options = nearest(k).withThreads(1 + random.nextInt(3)).among(filter);
            var result = search.search(asked.slice(0, batch), options);
            for (int q = 0; q < batch; q++) {
              var found = result.neighbors().get(q);
              assertThat(found.rows())
                  .as("share=%s rows=%d batch=%d k=%d", share, filter.count(), batch, k)
                  .isEqualTo(Arrays.stream(order[q]).filter(filter::allows).limit(k).toArray());
              for (int rank = 0; rank < found.size(); rank++) {
                double key = metric.key(queries[q], rows[(int) found.row(rank)]);
                assertThat(found.key(rank)).isEqualTo(key);
              }
            }
            assertRowsRead(result.report().work(), filter.count(), batch);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 33, 300})
  void search_anyTypeWithFilter_findsTheNearestOfThoseAllowed(int d, SplittableRandom random) {
    int n = 400;
    for (var type : ElementType.values()) {
      var data = TestVectors.typed(random, type, n, d);
      var queries = TestVectors.gaussians(random, 20, d);
      try (var source = data.source();
          var asked = VectorSource.of(queries)) {
        for (var metric : Metric.values()) {
          var search = exactSearch(source, metric);
          double share = random.nextDouble() * random.nextDouble();
          var filter = RowFilter.of(n, _ -> random.nextDouble() < share);
          var order = order(metric, data.rows(), queries);
          for (int batch : new int[] {1, 3, 20}) {
            var options = nearest(9).among(filter);
            var result = search.search(asked.slice(0, batch), options);
            for (int q = 0; q < batch; q++) {
              assertThat(result.neighbors().get(q).rows())
                  .as("type=%s metric=%s share=%s batch=%d", type, metric, share, batch)
                  .isEqualTo(Arrays.stream(order[q]).filter(filter::allows).limit(9).toArray());
            }
          }
        }
      }
    }
  }

  /** A damaged row matters only if the filter lets it through. */
  @ParameterizedTest
  @EnumSource
  void search_withFilterRowNotFinite_namesItIfAllowed(Metric metric, SplittableRandom random) {
    if (shadow() != null) {
      return; // which cannot be built of such rows
    }
    var rows = TestVectors.gaussians(random, 3000, 10);
    rows[1234][7] = Float.NaN;
    try (var source = VectorSource.of(rows)) {
      for (int batch : new int[] {1, 25}) {
        try (var queries = VectorSource.of(TestVectors.gaussians(random, batch, 10))) {
          var search = exactSearch(source, metric);
          var without = RowFilter.of(3000, row -> row % 100 == 33);
          var with = RowFilter.of(3000, row -> row % 100 == 34);
          var found = search.search(queries, nearest(2).among(without));
          assertThat(found.neighbors()).allMatch(each -> each.size() == 2);
          assertThatThrownBy(() -> search.search(queries, nearest(2).among(with)))
              .isInstanceOf(VectorDataException.class)
              .hasMessageContaining("row=1234, element=7, found=NaN");
        }
      }
    }
  }

  @Test
  void search_filterOfAnotherSize_saysBoth(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 10, 4))) {
      var search = exactSearch(rows, Metric.L2);
      var options = nearest(3).among(RowFilter.of(11, row -> true));
      assertThatThrownBy(() -> search.search(rows, options))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a filter must have a bit for each row of the source: bits=11, rows=10 (memory)");
    }
  }

  /** Single queries share workspaces: what one search left must not reach the next. */
  @Test
  void search_manyAtOnceAndOneAfterAnother_areIndependent(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 900, 21);
    var queries = TestVectors.gaussians(random, 60, 21);
    try (var source = VectorSource.of(rows)) {
      for (var metric : Metric.values()) {
        var search = exactSearch(source, metric);
        IntStream.range(0, queries.length)
            .parallel()
            .forEach(
                q -> {
                  int k = 1 + q % 17;
                  var filter = q % 5 == 0 ? RowFilter.of(900, row -> row % 2 == 0) : null;
                  var options = nearest(k).withThreads(1 + q % 3);
                  options = filter == null ? options : options.among(filter);
                  var found =
                      search.search(VectorSource.single(queries[q]), options).neighbors().get(0);
                  assertThat(found.rows())
                      .isEqualTo(
                          Arrays.stream(TestVectors.nearest(metric, queries[q], rows, 900))
                              .filter(row -> filter == null || filter.allows(row))
                              .limit(k)
                              .toArray());
                });
      }
    }
  }

  @Test
  void search_deadlinePassed_throwsAndGivesNothing(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 3000, 64))) {
      var search = exactSearch(rows, Metric.L2);
      var options = nearest(3).withDeadline(Duration.ofNanos(1));
      assertThatThrownBy(() -> search.search(rows, options))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessage(
              "the search reached its deadline: deadline=0 ms; allow more time or search fewer"
                  + " rows");
    }
  }

  /** Counts the loops of a CPU; a backend with others overrides it. */
  @Test
  protected void search_cancelledHalfway_throwsSoon(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 20_000, 64))) {
      var search = exactSearch(rows, Metric.L2);
      var asked = new AtomicInteger();
      var options = nearest(3).withThreads(1).withCancel(() -> asked.incrementAndGet() > 2);
      assertThatThrownBy(() -> search.search(rows.slice(0, 1), options))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessage("the search was cancelled by its caller");
      assertThat(asked.get()).isEqualTo(3);
    }
  }

  @Test
  void probeAndSelfTest_onThisMachine_pass() {
    assertThat(backend().probe().usable()).isTrue();
    assertThat(SelfTest.run(backend())).isNull();
  }
}
