package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class LiveGraphTest {
  private static final int K = 10;
  private static final Kernels KERNELS = Kernels.inJava();

  private static GraphData build(VectorSource rows, Metric metric, String spec) {
    return new GraphBuilder((GraphSpec) IndexSpec.parse(spec), KERNELS)
        .build(rows, metric, BuildOptions.defaults());
  }

  private static LiveGraph live(VectorSource rows, Metric metric, String spec) {
    return new LiveGraph(KERNELS, "test", build(rows, metric, spec));
  }

  /** An index that begins without rows. */
  private static LiveGraph empty(int dimension, Metric metric, String spec) {
    try (var some = VectorSource.of(new float[1][dimension])) {
      return live(some.slice(0, 0), metric, spec);
    }
  }

  private static SearchOptions exact(int k) {
    return SearchOptions.nearest(k).withThreads(1);
  }

  private static SearchOptions beam(int k, int width) {
    return exact(k).withEffort(new Effort.Beam(width));
  }

  /** The rows that there are, and what an exact search must answer. */
  private static final class Oracle {
    final Metric metric;
    final Map<Long, float[]> rows = new HashMap<>();
    final List<Long> numbers = new ArrayList<>();

    Oracle(Metric metric) {
      this.metric = metric;
    }

    void add(long number, float[] row) {
      assertThat(rows.put(number, row)).as("number %d is given once", number).isNull();
      numbers.add(number);
    }

    long removeAny(SplittableRandom random) {
      int at = random.nextInt(numbers.size());
      Collections.swap(numbers, at, numbers.size() - 1);
      long number = numbers.removeLast();
      rows.remove(number);
      return number;
    }

    double key(float[] query, long number) {
      return TestVectors.key(metric, query, Objects.requireNonNull(rows.get(number)));
    }

    List<Long> nearest(float[] query, int k) {
      return numbers.stream()
          .sorted(
              Comparator.<Long>comparingDouble(number -> key(query, number))
                  .thenComparingInt(Long::intValue))
          .limit(k)
          .toList();
    }

    /** Asserts that an answer holds rows that there are, with their keys, in order. */
    void assertWellFormed(float[] query, Neighbors found, int k) {
      assertThat(found).hasSize(Math.min(k, numbers.size()));
      var seen = new HashSet<Long>();
      for (int rank = 0; rank < found.size(); rank++) {
        assertThat(seen.add(found.row(rank))).isTrue();
        assertThat(rows).containsKey(found.row(rank));
        assertThat(found.key(rank)).isEqualTo(key(query, found.row(rank)));
        assertThat(rank == 0 || found.key(rank - 1) <= found.key(rank)).isTrue();
      }
    }
  }

  private static Neighbors one(LiveGraph graph, float[] query, SearchOptions options) {
    return graph.search(VectorSource.single(query), options).neighbors().getFirst();
  }

  private static List<Long> numbers(Neighbors found) {
    return Arrays.stream(found.rows()).boxed().toList();
  }

  @ParameterizedTest
  @EnumSource
  void anyOperations_likeTheOracle(Metric metric, SplittableRandom random) {
    for (int round = 0; round < 2 * Seeded.effort(); round++) {
      int d = 1 + random.nextInt(20);
      var dimensions = random.nextBoolean() ? "all" : String.valueOf(1 + random.nextInt(d));
      var spec =
          "graph(r=%d,codes=%s,dims=%s)"
              .formatted(4 + random.nextInt(12), "int" + (4 << round % 2), dimensions);
      var oracle = new Oracle(metric);
      int begin = random.nextInt(200);
      var rows = TestVectors.gaussians(random, begin + 1, d);
      LiveGraph graph;
      try (var source = VectorSource.of(rows)) {
        graph = live(source.slice(0, begin), metric, spec);
      }
      for (int row = 0; row < begin; row++) {
        oracle.add(row, rows[row]);
      }
      long gone = -1;
      for (int step = 0; step < 600; step++) {
        int dice = random.nextInt(100);
        if (dice < 40) {
          // Copies of rows, too.
          var row =
              dice < 3 && !oracle.numbers.isEmpty()
                  ? Objects.requireNonNull(oracle.rows.get(oracle.numbers.getLast()))
                  : TestVectors.gaussian(random, d);
          oracle.add(graph.insert(row), row);
        } else if (dice < 80 && !oracle.numbers.isEmpty()) {
          gone = oracle.removeAny(random);
          assertThat(graph.delete(gone)).isTrue();
          assertThat(graph.delete(gone)).isFalse();
        } else if (dice == 80) {
          graph.repair(1 + random.nextInt(2));
          assertThat(graph.tombstones()).isZero();
        } else if (dice == 81 && step % 3 == 0) {
          graph.optimize(BuildOptions.defaults());
          assertThat(graph.tombstones()).isZero();
        } else {
          var query = TestVectors.gaussian(random, d);
          int k = 1 + random.nextInt(12);
          var best = one(graph, query, exact(k));
          assertThat(numbers(best)).isEqualTo(oracle.nearest(query, k));
          oracle.assertWellFormed(query, best, k);
          oracle.assertWellFormed(query, one(graph, query, beam(k, 1 + random.nextInt(40))), k);
        }
        assertThat(graph.size()).isEqualTo(oracle.numbers.size());
        assertThat(graph.delete(gone)).isFalse();
      }
      // Wide walks find nearly all.
      graph.repair(1);
      assertThat(graph.reached()).isEqualTo(graph.size());
    }
  }

  @Test
  void search_allowedNumbers_areTheOnlyOnesFound(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 700, 8);
    try (var source = VectorSource.of(rows)) {
      var graph = live(source, Metric.L2, "graph(r=12)");
      var oracle = new Oracle(Metric.L2);
      for (int row = 0; row < rows.length; row++) {
        if (row % 3 == 0) {
          oracle.add(row, rows[row]);
        }
      }
      for (int q = 0; q < 20; q++) {
        var query = TestVectors.gaussian(random, 8);
        for (var options : List.of(exact(K), beam(K, 40))) {
          var found = graph.search(VectorSource.single(query), options, number -> number % 3 == 0);
          oracle.assertWellFormed(query, found.neighbors().getFirst(), K);
          if (found.report().proved()) {
            assertThat(numbers(found.neighbors().getFirst())).isEqualTo(oracle.nearest(query, K));
          }
        }
      }
    }
  }

  @Test
  void delete_all_thenInsert_slotsAreUsedAgainUnderNewNumbers(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 500, 6);
    try (var source = VectorSource.of(rows)) {
      var graph = live(source, Metric.L2, "graph(r=8)");
      for (int generation = 1; generation <= 3; generation++) {
        var before = one(graph, rows[0], exact(500)).rows();
        assertThat(before).hasSize(500);
        for (long number : before) {
          assertThat(graph.delete(number)).isTrue();
        }
        assertThat(graph.size()).isZero();
        assertThat(one(graph, rows[0], beam(3, 10))).isEmpty();
        assertThat(one(graph, rows[0], exact(3))).isEmpty();
        graph.repair(1);
        var after = new HashSet<Long>();
        for (var row : rows) {
          after.add(graph.insert(row));
        }
        assertThat(graph.slots()).isEqualTo(500);
        for (long number : before) {
          assertThat(after).doesNotContain(number);
          assertThat(graph.delete(number)).isFalse();
        }
        assertThat(graph.reached()).isEqualTo(500);
        assertThat(one(graph, rows[7], beam(1, 20)).key(0)).isZero();
      }
    }
  }

  @Test
  void insert_intoAnEmptyIndex_growsOverManyChunks(@Fixed SplittableRandom random) {
    var graph = empty(12, Metric.L2, "graph(r=16,codes=int8)");
    var oracle = new Oracle(Metric.L2);
    for (int i = 0; i < 1500; i++) {
      var row = TestVectors.gaussian(random, 12);
      oracle.add(graph.insert(row), row);
    }
    assertThat(graph.reached()).isEqualTo(1500);
    double before = recall(graph, oracle, TestVectors.gaussians(random, 40, 12), 60);
    assertThat(before).isGreaterThanOrEqualTo(0.9);
    graph.optimize(BuildOptions.defaults());
    assertThat(graph.reached()).isEqualTo(1500);
    assertThat(graph.strayed()).isZero();
    assertThat(recall(graph, oracle, TestVectors.gaussians(random, 40, 12), 60))
        .isGreaterThanOrEqualTo(0.97);
  }

  private static double recall(LiveGraph graph, Oracle oracle, float[][] queries, int width) {
    int hits = 0;
    for (var query : queries) {
      var best = new HashSet<>(oracle.nearest(query, K));
      var found = one(graph, query, beam(K, width));
      oracle.assertWellFormed(query, found, K);
      for (long row : found.rows()) {
        hits += best.contains(row) ? 1 : 0;
      }
    }
    return hits / (double) (K * queries.length);
  }

  /** Half of the rows are replaced, in five steps; a fresh build of the same rows is no better. */
  @ParameterizedTest
  @CsvSource({"clusters, all", "cloud, all", "cloud, 12"})
  void recall_afterChurn_isThatOfAFreshBuild(
      String kind, String dimensions, @Fixed SplittableRandom random) {
    var shape =
        kind.equals("cloud")
            ? new ClusteredVectors(16, 16, 1, 1, 5)
            : new ClusteredVectors(32, 10, 40, 0.2, 5);
    int n = 3000;
    try (var all = shape.generate(0, n * 3 / 2);
        var queries = shape.generate(n * 2L, 200)) {
      var spec = "graph(r=24,codes=int8,dims=%s)".formatted(dimensions);
      var graph = live(all.slice(0, n), Metric.L2, spec);
      var rows = new ArrayList<float[]>();
      var numbers = new ArrayList<Long>();
      for (int row = 0; row < n; row++) {
        rows.add(all.row(row));
        numbers.add((long) row);
      }
      for (int next = n; next < n * 3 / 2; ) {
        for (int i = 0; i < n / 10; i++) {
          int at = random.nextInt(rows.size());
          assertThat(graph.delete(numbers.get(at))).isTrue();
          Collections.swap(rows, at, rows.size() - 1);
          Collections.swap(numbers, at, numbers.size() - 1);
          rows.removeLast();
          numbers.removeLast();
        }
        for (int i = 0; i < n / 10; i++, next++) {
          rows.add(all.row(next));
          numbers.add(graph.insert(all.row(next)));
        }
      }
      assertThat(graph.size()).isEqualTo(n);
      assertThat(graph.slots()).isLessThan(n * 5 / 4);
      try (var source = VectorSource.of(rows.toArray(float[][]::new))) {
        var fresh = new GraphSearcher(KERNELS, "test", build(source, Metric.L2, spec));
        for (int width : new int[] {20, 40, 80}) {
          double churned =
              recall(graph.search(queries, exact(K)), graph.search(queries, beam(K, width)));
          double anew =
              recall(fresh.search(queries, exact(K)), fresh.search(queries, beam(K, width)));
          assertThat(churned).as("at width %d", width).isGreaterThanOrEqualTo(anew - 0.005);
        }
      }
      graph.repair(1);
      assertThat(graph.reached()).isEqualTo(n);
    }
  }

  private static double recall(SearchResult truth, SearchResult found) {
    int hits = 0;
    int queries = truth.neighbors().size();
    for (int q = 0; q < queries; q++) {
      double worst = truth.neighbors().get(q).key(K - 1);
      var some = found.neighbors().get(q);
      for (int rank = 0; rank < K; rank++) {
        hits += some.key(rank) <= worst ? 1 : 0;
      }
    }
    return hits / (double) (K * queries);
  }

  @Test
  void anyOperations_oneThreadAndSeed_sameAnswers() {
    var answers = new ArrayList<List<Long>>();
    for (int run = 0; run < 2; run++) {
      var random = new SplittableRandom(17);
      var found = new ArrayList<Long>();
      var rows = TestVectors.gaussians(random, 300, 10);
      try (var source = VectorSource.of(rows)) {
        var graph = live(source, Metric.COSINE, "graph(r=8)");
        for (int i = 0; i < 600; i++) {
          graph.insert(TestVectors.gaussian(random, 10));
          graph.delete(random.nextInt(900));
          found.addAll(numbers(one(graph, TestVectors.gaussian(random, 10), beam(5, 5))));
        }
      }
      answers.add(found);
    }
    assertThat(answers.getFirst()).isEqualTo(answers.getLast());
  }

  /** What one row went through, in nanoseconds; 0 for what did not happen. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Life(float[] row, long born, long deleted) {}

  /** An answer, and when it was sought. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sight(float[] query, Neighbors found, long from, long to) {}

  /**
   * Writers and readers at once. Afterwards every row that was found must have lived at some moment
   * of that search, and its key must be that of the row which had its number.
   */
  @ParameterizedTest
  @EnumSource(names = {"L2", "DOT"})
  void search_whileOthersWrite_findsRowsThatLivedWithTheirKeys(
      Metric metric, @Fixed SplittableRandom random) {
    int d = 8;
    int begin = 300;
    var rows = TestVectors.gaussians(random, begin, d);
    try (var source = VectorSource.of(rows)) {
      var graph = live(source, metric, "graph(r=8)");
      var lives = Collections.synchronizedMap(new HashMap<Long, Life>());
      for (int row = 0; row < begin; row++) {
        lives.put((long) row, new Life(rows[row], Long.MIN_VALUE, Long.MAX_VALUE));
      }
      var sights = Collections.synchronizedList(new ArrayList<Sight>());
      var seeds = new SplittableRandom[7];
      Arrays.setAll(seeds, _ -> random.split());
      var writing = new AtomicInteger(3);
      var failed = new AtomicBoolean();
      Workers.run(
          seeds.length,
          worker -> {
            if (worker < 3) {
              write(graph, seeds[worker], lives, worker, failed);
              writing.decrementAndGet();
            } else {
              while (writing.get() > 0 && !failed.get()) {
                var query = TestVectors.gaussian(seeds[worker], d);
                int k = 1 + seeds[worker].nextInt(K);
                var options = worker == 3 ? exact(k) : beam(k, 20);
                long from = System.nanoTime();
                var found = one(graph, query, options);
                sights.add(new Sight(query, found, from, System.nanoTime()));
              }
            }
          },
          () -> failed.set(true));
      assertThat(sights).isNotEmpty();
      for (var sight : sights) {
        for (int rank = 0; rank < sight.found.size(); rank++) {
          var life = lives.get(sight.found.row(rank));
          assertThat(life).isNotNull();
          var known = Objects.requireNonNull(life);
          assertThat(sight.found.key(rank))
              .isEqualTo(TestVectors.key(metric, sight.query, known.row));
          assertThat(known.born).isLessThanOrEqualTo(sight.to);
          assertThat(known.deleted).isGreaterThanOrEqualTo(sight.from);
        }
      }
      graph.repair(2);
      long alive = lives.values().stream().filter(life -> life.deleted == Long.MAX_VALUE).count();
      assertThat(graph.size()).isEqualTo(alive);
      assertThat(graph.reached()).isEqualTo(graph.size());
      assertThat(graph.tombstones()).isZero();
      var oracle = new Oracle(metric);
      lives.forEach(
          (number, life) -> {
            if (life.deleted == Long.MAX_VALUE) {
              oracle.add(number, life.row);
            }
          });
      var query = TestVectors.gaussian(random, d);
      assertThat(numbers(one(graph, query, exact(K)))).isEqualTo(oracle.nearest(query, K));
      assertThat(recall(graph, oracle, TestVectors.gaussians(random, 40, d), 60))
          .isGreaterThanOrEqualTo(metric == Metric.DOT ? 0.5 : 0.85);
    }
  }

  private static void write(
      LiveGraph graph,
      SplittableRandom random,
      Map<Long, Life> lives,
      int worker,
      AtomicBoolean failed) {
    var own = new ArrayList<Long>();
    for (long row = worker; row < 300; row += 3) {
      own.add(row);
    }
    for (int i = 0; i < 700 * Seeded.effort() && !failed.get(); i++) {
      if (random.nextInt(100) < 50) {
        var row = TestVectors.gaussian(random, 8);
        long born = System.nanoTime();
        long number = graph.insert(row);
        assertThat(lives.put(number, new Life(row, born, Long.MAX_VALUE))).isNull();
        own.add(number);
      } else if (!own.isEmpty()) {
        Collections.swap(own, random.nextInt(own.size()), own.size() - 1);
        long number = own.removeLast();
        assertThat(graph.delete(number)).isTrue();
        var life = Objects.requireNonNull(lives.get(number));
        lives.put(number, new Life(life.row, life.born, System.nanoTime()));
      }
      if (worker == 0 && i % 300 == 299) {
        graph.optimize(BuildOptions.defaults().withThreads(1));
      }
    }
  }

  @Test
  void insert_rowsUnlikeTheFirst_areCountedUntilOptimize(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 400, 10);
    try (var source = VectorSource.of(rows)) {
      for (var metric : new Metric[] {Metric.L2, Metric.DOT}) {
        var graph = live(source, metric, "graph(r=8)");
        for (int i = 0; i < 50; i++) {
          graph.insert(TestVectors.gaussian(random, 10));
        }
        assertThat(graph.strayed()).isLessThan(25);
        for (int i = 0; i < 300; i++) {
          var row = TestVectors.gaussian(random, 10);
          row[3] += 100;
          graph.insert(row);
        }
        assertThat(graph.strayed()).isBetween(300L, 325L);
        graph.optimize(BuildOptions.defaults());
        assertThat(graph.strayed()).isZero();
        assertThat(graph.size()).isEqualTo(750);
        assertThat(graph.reached()).isEqualTo(750);
      }
    }
  }

  @Test
  void insert_wrongRow_saysWhy() {
    var graph = empty(3, Metric.L2, "graph");
    assertThatThrownBy(() -> graph.insert(new float[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a row must have the dimension of the index: row=2, index=3");
    assertThatThrownBy(() -> graph.insert(new float[] {1, Float.NaN, 2}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a row must be finite: element=1, found=NaN");
    assertThat(graph.size()).isZero();
    assertThat(graph.slots()).isZero();
  }

  @Test
  void create_ofFloats_isRefusedWithTheWayOut() {
    assertThatThrownBy(() -> empty(3, Metric.L2, "graph(codes=float16)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a live graph walks over codes of 4 or 8 bits: index=graph(codes=float16); build it"
                + " with codes=int4 or codes=int8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hnsw(m=8,efc=60)", "vamana(degree=16)", "graph(r=16,builder=knn)"})
  void insertAndDelete_anyKindOfGraph_everyRowIsReached(
      String spec, @Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 600, 10);
    try (var source = VectorSource.of(rows)) {
      var graph = live(source, Metric.L2, spec);
      assertThat(graph.reached()).isEqualTo(600);
      var oracle = new Oracle(Metric.L2);
      for (int row = 0; row < 600; row++) {
        if (row < 300) {
          assertThat(graph.delete(row)).isTrue();
        } else {
          oracle.add(row, rows[row]);
        }
      }
      for (int i = 0; i < 300; i++) {
        var row = TestVectors.gaussian(random, 10);
        oracle.add(graph.insert(row), row);
      }
      assertThat(recall(graph, oracle, TestVectors.gaussians(random, 40, 10), 60))
          .isGreaterThanOrEqualTo(0.9);
      graph.optimize(BuildOptions.defaults());
      assertThat(graph.reached()).isEqualTo(600);
      assertThat(recall(graph, oracle, TestVectors.gaussians(random, 40, 10), 60))
          .isGreaterThanOrEqualTo(0.9);
    }
  }

  @Test
  void delete_numbersThatNobodyHas_isFalse() {
    var graph = empty(2, Metric.L2, "graph");
    long number = graph.insert(new float[] {1, 2});
    for (long none : new long[] {-1, 1, 63, 64, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertThat(graph.delete(none)).isFalse();
    }
    assertThat(graph.delete(number)).isTrue();
  }

  @Test
  void search_bitsOrProbes_areRefusedWithTheReason() {
    var graph = empty(2, Metric.L2, "graph(r=8)");
    var query = VectorSource.single(new float[] {1, 2});
    assertThatThrownBy(() -> graph.search(query, exact(1).among(RowFilter.of(5, new long[1]))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "rows of a live graph come and go, so that bits cannot name them: give a predicate of"
                + " their numbers instead");
    assertThatThrownBy(() -> graph.search(query, exact(1).withEffort(new Effort.Probes(3))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an index graph(r=8) has no lists to probe: ask for a recall or a beam");
  }

  @Test
  void search_deadlineOrCancel_stopsAndHoldsNothingBack(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 200, 4))) {
      var graph = live(source, Metric.L2, "graph(r=8)");
      for (var options : List.of(exact(2), beam(2, 5))) {
        assertThatThrownBy(() -> graph.search(source, options.withDeadline(Duration.ZERO)))
            .isInstanceOf(SearchStoppedException.class)
            .hasMessageContaining("deadline");
        assertThatThrownBy(() -> graph.search(source, options.withCancel(() -> true)))
            .isInstanceOf(SearchStoppedException.class)
            .hasMessage("the search was cancelled by its caller");
      }
      for (long row = 0; row < 200; row++) {
        graph.delete(row);
      }
      graph.repair(1);
      for (int i = 0; i < 200; i++) {
        graph.insert(TestVectors.gaussian(random, 4));
      }
      assertThat(graph.slots()).isEqualTo(200); // no search is at work any more
    }
  }
}
