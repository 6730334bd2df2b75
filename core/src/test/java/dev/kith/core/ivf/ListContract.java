package dev.kith.core.ivf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.testing.IndexContract;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What lists promise whatever codes they have. */
abstract class ListContract extends IndexContract<ListData> {
  /** Searches, of all kinds together, that are cancelled. */
  private static final int CANCELLED = 20;

  /** Searches of one kind that are cancelled, at least. */
  private static final int CANCELLED_EACH = 5;

  ListContract() {
    super(ListData.class);
  }

  /** The codes that are tested, as a spec names them. */
  abstract List<String> kinds();

  /** Two of the codes, others in each run. */
  final List<String> someKinds(SplittableRandom random) {
    return Seeded.some(random, 2, kinds());
  }

  static SearchOptions probes(int lists) {
    return SearchOptions.nearest(K).withEffort(new Effort.Probes(lists));
  }

  static String spec(int lists, String codes) {
    return "ivf(lists=%d,codes=%s)".formatted(lists, codes);
  }

  /** Asserts that every list of rows and every key is that of the definition. */
  static void assertExact(
      Metric metric, float[][] rows, float[][] queries, int k, SearchResult result) {
    assertThat(result.report().proved()).isTrue();
    for (int q = 0; q < queries.length; q++) {
      assertThat(result.neighbors().get(q).rows())
          .as("%s metric=%s query=%d k=%d", result.report().index(), metric, q, k)
          .isEqualTo(TestVectors.nearest(metric, queries[q], rows, k));
    }
    assertCanonical(metric, rows, queries, result);
  }

  /** Asserts that keys are canonical and ascend, and that no row comes twice. */
  static void assertCanonical(
      Metric metric, float[][] rows, float[][] queries, SearchResult result) {
    for (int q = 0; q < queries.length; q++) {
      var found = result.neighbors().get(q);
      assertThat(found.rows()).doesNotHaveDuplicates();
      for (int rank = 0; rank < found.size(); rank++) {
        double key = TestVectors.key(metric, queries[q], rows[(int) found.row(rank)]);
        assertThat(Double.doubleToRawLongBits(found.key(rank)))
            .isEqualTo(Double.doubleToRawLongBits(key));
        assertThat(rank == 0 || found.key(rank - 1) <= key).isTrue();
      }
    }
  }

  final void assertExact(Metric metric, float[][] rows, float[][] queries, String spec) {
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(queries)) {
      var searcher = searcher(build(source, metric, spec));
      for (int k : new int[] {1, 7, rows.length}) {
        var options = SearchOptions.nearest(k);
        assertExact(metric, rows, queries, k, searcher.search(batch, options.withThreads(3)));
        for (int q = 0; q < queries.length; q++) {
          var one = searcher.search(batch.slice(q, 1), options.withThreads(1 + q % 2));
          assertExact(metric, rows, new float[][] {queries[q]}, k, one);
        }
      }
    }
  }

  /** Rows about a point far from the origin, {@code spread} times less apart than usual. */
  static float[][] farFromOrigin(SplittableRandom random, float spread) {
    var rows = TestVectors.gaussians(random, 500, 40);
    for (var row : rows) {
      for (int e = 0; e < row.length; e++) {
        row[e] = 1000 + Math.round(row[e] * 4) * spread;
      }
    }
    return rows;
  }

  @ParameterizedTest
  @EnumSource
  void search_ties_goToTheLowerRow(Metric metric, SplittableRandom random) {
    var distinct = TestVectors.gaussians(random, 12, 20);
    distinct[3] = new float[20];
    var rows = new float[500][];
    Arrays.setAll(rows, i -> distinct[i * 7 % 12]);
    for (var codes : someKinds(random)) {
      assertExact(metric, rows, Arrays.copyOf(distinct, 6), spec(12, codes));
      assertExact(metric, rows, distinct, spec(40, codes));
      assertExact(metric, new float[90][7], new float[3][7], spec(9, codes));
    }
  }

  @ParameterizedTest
  @EnumSource
  void search_hugeTinyAndZeroNorms_isExact(Metric metric, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      int d = 19;
      var rows = TestVectors.gaussians(random, 400, d);
      for (var row : rows) {
        int exponent = random.nextInt(-160, 125);
        for (int e = 0; e < d; e++) {
          float value = Math.scalb(row[e], exponent);
          row[e] = Float.isFinite(value) ? value : -Float.MAX_VALUE;
        }
      }
      rows[5] = new float[d];
      Arrays.fill(rows[6], Float.MAX_VALUE);
      Arrays.fill(rows[7], Float.MIN_VALUE);
      var queries = TestVectors.gaussians(random, 14, d);
      queries[1] = rows[17].clone();
      queries[2] = new float[d];
      Arrays.fill(queries[3], Float.MAX_VALUE);
      Arrays.fill(queries[4], Float.MIN_VALUE);
      for (int q = 5; q < queries.length; q++) {
        int exponent = random.nextInt(-100, 100);
        for (int e = 0; e < d; e++) {
          queries[q][e] = Math.scalb(queries[q][e], exponent);
        }
      }
      for (var codes : someKinds(random)) {
        assertExact(metric, rows, queries, spec(20, codes));
      }
    }
  }

  @Test
  void search_anyElementType_isExact(SplittableRandom random) {
    for (var type : ElementType.values()) {
      var typed = TestVectors.typed(random, type, 250, 9);
      var queries = TestVectors.gaussians(random, 6, 9);
      try (var source = typed.source();
          var batch = VectorSource.of(queries)) {
        for (var metric : Metric.values()) {
          for (var codes : someKinds(random)) {
            var data = build(source, metric, spec(10, codes));
            data.verify();
            var result = searcher(data).search(batch, SearchOptions.nearest(K));
            assertExact(metric, typed.rows(), queries, K, result);
          }
        }
      }
    }
  }

  @Test
  void search_deadlineOrCancel_stops(SplittableRandom random) {
    int rounds = Math.max(CANCELLED / kinds().size(), CANCELLED_EACH);
    try (var source = VectorSource.of(TestVectors.gaussians(random, 400, 5))) {
      for (var codes : someKinds(random)) {
        var searcher = searcher(build(source, Metric.L2, spec(20, codes)));
        assertThatThrownBy(() -> searcher.search(source, probes(5).withDeadline(Duration.ZERO)))
            .isInstanceOf(SearchStoppedException.class)
            .hasMessageContaining("deadline");
        var asked = new AtomicInteger();
        var counting =
            probes(5)
                .withThreads(1)
                .withCancel(
                    () -> {
                      asked.incrementAndGet();
                      return false;
                    });
        searcher.search(source, counting);
        int whole = asked.get();
        assertThat(whole).isGreaterThan(400);
        for (int round = 0; round < rounds; round++) {
          int last = random.nextInt(whole);
          asked.set(0);
          var stopping = probes(5).withThreads(1).withCancel(() -> asked.getAndIncrement() >= last);
          assertThatThrownBy(() -> searcher.search(source, stopping))
              .isInstanceOf(SearchStoppedException.class)
              .hasMessage("the search was cancelled by its caller");
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void build_anyNumberOfThreads_sameLists(Metric metric, SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 1100, 16))) {
      for (var codes : someKinds(random)) {
        assertSameOnAnyThreads(source, metric, "ivf(lists=40,codes=%s,seed=3)".formatted(codes));
      }
    }
  }
}
