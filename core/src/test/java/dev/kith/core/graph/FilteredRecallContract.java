package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.IndexContract;
import dev.kith.core.testing.RecallData;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is promised of a search with a filter that is asked for a recall, on every backend. */
public abstract class FilteredRecallContract extends IndexContract<GraphData> {
  private static final int SIZE = 6_500;
  private static final int QUERIES = 40;

  /** A row of a scan, a line of links, an estimate: as on a machine of today, in memory. */
  private static final WalkCosts COSTS = new WalkCosts(100, 300, 30);

  /** Costs by which a scan is never worth its while. */
  private static final WalkCosts DEAR_SCAN = new WalkCosts(1e9, 300, 30);

  /** Creates the contract. */
  protected FilteredRecallContract() {
    super(GraphData.class);
  }

  /** Where the rows lie that pass. */
  enum Place {
    /** Anywhere. */
    ANYWHERE,
    /** Nearest to the query. */
    NEAR,
    /** Farthest from the query. */
    FAR,
    /** On one side of a plane, wherever the query is. */
    SIDE
  }

  /** Which way is taken, by the costs that a planner is given. */
  enum Way {
    CHEAPEST,
    ALL_ROWS,
    TWO_HOPS;

    FilterPlanner planner(GraphData data) {
      return switch (this) {
        case CHEAPEST -> new FilterPlanner(data.graph(), COSTS);
        case ALL_ROWS -> new FilterPlanner(data.graph(), DEAR_SCAN, 1, 1e12);
        case TWO_HOPS -> new FilterPlanner(data.graph(), DEAR_SCAN, 1, 1e-12);
      };
    }
  }

  private static RowFilter filter(
      Place place, float[] query, float[][] rows, double share, SplittableRandom random) {
    int size = rows.length;
    if (place == Place.ANYWHERE) {
      return RowFilter.of(size, _ -> random.nextDouble() < share);
    }
    var by = new double[size];
    Arrays.setAll(
        by,
        row ->
            switch (place) {
              case ANYWHERE, NEAR -> Metric.L2.key(query, rows[row]);
              case FAR -> -Metric.L2.key(query, rows[row]);
              case SIDE -> rows[row][0] + rows[row][1];
            });
    var sorted = by.clone();
    Arrays.sort(sorted);
    double last = sorted[(int) (share * size)];
    return RowFilter.of(size, row -> by[(int) row] < last);
  }

  private static SearchOptions recall(int k, double target, RowFilter filter) {
    return SearchOptions.nearest(k)
        .withThreads(1)
        .withEffort(new Effort.Recall(target))
        .among(filter);
  }

  private GraphSearcher searcher(GraphData data, Way way) {
    var searcher = (GraphSearcher) searcher(data);
    searcher.plan(way.planner(data));
    return searcher;
  }

  @ParameterizedTest
  @EnumSource(
      value = RecallData.class,
      names = {"TIGHT_CLUSTERS", "LOOSE_CLUSTERS", "SUBSPACE", "QUERIES_ELSEWHERE"})
  void search_anyFilterAndWay_reachesTheRecall(RecallData kind, @Fixed SplittableRandom random) {
    var made = kind.make(random, SIZE);
    var rows = Arrays.copyOf(made, SIZE);
    var metric = kind == RecallData.LOOSE_CLUSTERS ? Metric.COSINE : Metric.L2;
    int walked = 0;
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, SIZE, SIZE + QUERIES))) {
      var data = build(source, metric, "graph(r=16,efc=64)");
      for (var place : Place.values()) {
        for (double share : new double[] {0.9, 0.4, 0.15, 0.02}) {
          var filters = new RowFilter[QUERIES];
          Arrays.setAll(filters, q -> filter(place, queries.row(q), rows, share, random));
          var exact = exact(searcher(data), queries, filters);
          for (var way : Way.values()) {
            var searcher = searcher(data, way);
            for (double target : new double[] {0.9, 0.98}) {
              var what = way + " " + place + " " + share;
              walked += judge(searcher, queries, filters, exact, what, target);
            }
          }
        }
      }
    }
    assertThat(walked).as("queries that were not scanned").isGreaterThan(QUERIES * 10);
  }

  private static List<Neighbors> exact(
      Searcher searcher, VectorSource queries, RowFilter[] filters) {
    var exact = new ArrayList<Neighbors>();
    for (int q = 0; q < filters.length; q++) {
      var options = SearchOptions.nearest(K).among(filters[q]);
      exact.add(searcher.search(queries.slice(q, 1), options).neighbors().getFirst());
    }
    return exact;
  }

  /** Searches and judges; returns how many queries were answered by walks. */
  private static int judge(
      GraphSearcher searcher,
      VectorSource queries,
      RowFilter[] filters,
      List<Neighbors> truth,
      String what,
      double target) {
    int walked = 0;
    double squares = 0;
    double sum = 0;
    for (int q = 0; q < QUERIES; q++) {
      var filter = filters[q];
      var one = queries.slice(q, 1);
      var exact = truth.get(q);
      var result = searcher.search(one, recall(K, target, filter));
      var found = result.neighbors().getFirst();
      assertThat(found).hasSameSizeAs(exact);
      double hits = 0;
      for (int rank = 0; rank < found.size(); rank++) {
        assertThat(filter.allows(found.row(rank))).isTrue();
        hits += found.key(rank) <= exact.key(exact.size() - 1) ? 1.0 / exact.size() : 0;
      }
      sum += hits;
      squares += hits * hits;
      var report = result.report();
      var expected = Objects.requireNonNull(report.expectedRecall());
      assertThat(expected.mean()).isGreaterThanOrEqualTo(target);
      if (report.proved()) {
        assertThat(expected).isEqualTo(ExpectedRecall.EXACT);
        assertThat(hits).isGreaterThan(1 - 1e-9);
      } else {
        assertThat(report.width()).isGreaterThanOrEqualTo(K);
        assertThat(report.work().hops()).isPositive();
        walked++;
      }
    }
    double mean = sum / QUERIES;
    double error = Math.sqrt(Math.max(0, squares / QUERIES - mean * mean) / QUERIES);
    assertThat(mean).as("%s, asked %s", what, target).isGreaterThanOrEqualTo(target - 2 * error);
    return walked;
  }

  @Test
  void search_anyFilter_costsLittleMoreThanTheScanAtWorst(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, SIZE);
    var rows = Arrays.copyOf(made, SIZE);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(Arrays.copyOfRange(made, SIZE, SIZE + QUERIES))) {
      var data = build(source, Metric.L2, "graph(r=16,efc=64)");
      var searcher = searcher(data, Way.CHEAPEST);
      // The pivots, the first stage of a walk, and, where that misled, as much as the scan costs.
      double look = COSTS.of(2 * FilteredWalk.FIRST, data.pivots().length + 16L * 16);
      for (var place : Place.values()) {
        for (double share : new double[] {0.9, 0.5, 0.2, 0.1, 0.05, 0.01}) {
          double all = 0;
          double scans = 0;
          for (int q = 0; q < QUERIES; q++) {
            var filter = filter(place, queries.row(q), rows, share, random);
            var work =
                searcher.search(queries.slice(q, 1), recall(K, 0.95, filter)).report().work();
            boolean scanned = work.hops() == 0 || work.fallbacks() > 0;
            double scan = filter.count() * COSTS.scan();
            long walked = work.rowsRead() - (scanned ? filter.count() : 0);
            double cost = COSTS.of(work.hops(), walked) + (scanned ? scan : 0);
            assertThat(cost)
                .as("%s of rows, %s", share, place)
                .isLessThanOrEqualTo(2.05 * scan + look);
            all += cost;
            scans += scan;
          }
          assertThat(all)
              .as("%s of rows, %s", share, place)
              .isLessThanOrEqualTo(1.2 * scans + QUERIES * look);
        }
      }
    }
  }

  @Test
  void search_walkThatCostsMoreThanThought_isGivenUpAndScanned(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, SIZE);
    try (var source = VectorSource.of(Arrays.copyOf(made, SIZE));
        var query = VectorSource.single(made[SIZE])) {
      var data = build(source, Metric.L2, "graph(r=16,efc=64)");
      var searcher = (GraphSearcher) searcher(data);
      var filter = RowFilter.of(SIZE, _ -> random.nextDouble() < 0.3);
      // Walks are thought to cost nothing, and take steps that cost more than the scan.
      searcher.plan(new FilterPlanner(data.graph(), new WalkCosts(1, 300, 30), 1e-6, 1));
      var result = searcher.search(query, recall(K, 0.95, filter));
      assertThat(result.report().proved()).isTrue();
      assertThat(result.report().work().fallbacks()).isEqualTo(1);
      assertThat(result.report().work().hops()).isPositive();
      assertThat(result.report().expectedRecall()).isEqualTo(ExpectedRecall.EXACT);
      assertThat(result.neighbors())
          .isEqualTo(searcher.search(query, SearchOptions.nearest(K).among(filter)).neighbors());
    }
  }

  @Test
  void search_anyNumberOfNeighbours_isAnsweredOnce(@Fixed SplittableRandom random) {
    var made = RecallData.SUBSPACE.make(random, SIZE);
    try (var source = VectorSource.of(Arrays.copyOf(made, SIZE));
        var query = VectorSource.single(made[SIZE])) {
      var data = build(source, Metric.L2, "graph(r=16,efc=64)");
      var filter = RowFilter.of(SIZE, _ -> random.nextDouble() < 0.5);
      for (var way : Way.values()) {
        var searcher = searcher(data, way);
        for (int k : new int[] {1, 7, 10, 31, 100, 101, SIZE}) {
          var result = searcher.search(query, recall(k, 0.9, filter));
          var found = result.neighbors().getFirst();
          assertThat(found).hasSize((int) Math.min(k, filter.count()));
          assertThat(Arrays.stream(found.rows()).distinct().count()).isEqualTo(found.size());
          assertThat(result.report().proved() || k <= 100).isTrue();
        }
      }
    }
  }

  @Test
  void search_batchWithFilter_isThatOfSingleQueries(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, SIZE);
    try (var source = VectorSource.of(Arrays.copyOf(made, SIZE));
        var queries = VectorSource.of(Arrays.copyOfRange(made, SIZE, SIZE + QUERIES))) {
      var searcher = searcher(build(source, Metric.L2, "graph(r=16,efc=64)"), Way.CHEAPEST);
      var options = recall(K, 0.95, RowFilter.of(SIZE, _ -> random.nextDouble() < 0.4));
      var together = searcher.search(queries, options.withThreads(3));
      assertThat(together.report().proved()).isFalse();
      for (int q = 0; q < QUERIES; q++) {
        assertThat(searcher.search(queries.slice(q, 1), options).neighbors().getFirst())
            .isEqualTo(together.neighbors().get(q));
      }
    }
  }

  @Test
  void search_notMeasuredWithFilters_isExact(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, SIZE);
    try (var source = VectorSource.of(Arrays.copyOf(made, SIZE));
        var query = VectorSource.single(made[SIZE])) {
      var measured = build(source, Metric.L2, "graph(r=16,efc=64)");
      var data = measured.withCurves(measured.curve(), null);
      assertThat(data.parts()).doesNotContainKey(GraphData.FILTERED);
      var filter = RowFilter.of(SIZE, _ -> random.nextDouble() < 0.5);
      var report = searcher(data, Way.ALL_ROWS).search(query, recall(K, 0.9, filter)).report();
      assertThat(report.proved()).isTrue();
      assertThat(report.work().hops()).isZero();
    }
  }

  @Test
  void build_anyThreads_sameCurvesOfFilteredWalks(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 3_000, 12))) {
      assertSameOnAnyThreads(source, Metric.L2, "graph(r=12,efc=32)");
      var data = build(source, Metric.L2, "graph(r=12,efc=32)");
      var curves = Objects.requireNonNull(data.filtered());
      assertThat(curves.shares()).containsExactly(0.4f);
      var opened = GraphData.open(source, Metric.L2, data.spec(), data.parts());
      assertThat(Objects.requireNonNull(opened.filtered()).part().mismatch(curves.part()))
          .isEqualTo(-1);
      var again = (GraphData) searcher(data).calibrated(source, BuildOptions.defaults());
      assertThat(Objects.requireNonNull(again.filtered()).part().mismatch(curves.part()))
          .isNotEqualTo(-1);
    }
    try (var few = VectorSource.of(TestVectors.gaussians(random, 2_000, 12))) {
      assertThat(build(few, Metric.L2, "graph(r=12,efc=32)").filtered()).isNull();
    }
  }

  @Test
  void open_damagedCurvesOfFilteredWalks_saysWhatToDo(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 2_600, 8))) {
      var data = build(source, Metric.L2, "graph(r=8,efc=32)");
      var part = Objects.requireNonNull(data.filtered()).part();
      var parts = data.parts();
      for (var damaged :
          new MemorySegment[] {
            part.asSlice(0, part.byteSize() - 4),
            part.asSlice(0, 65),
            Arena.ofAuto().allocate(8),
            Arena.ofAuto().allocate(part.byteSize())
          }) {
        parts.put(GraphData.FILTERED, damaged);
        assertThatThrownBy(() -> GraphData.open(source, Metric.L2, data.spec(), parts))
            .isInstanceOf(VectorDataException.class)
            .hasMessage(
                "the curves of filtered walks have %d bytes and are none of layout 1; build the"
                    + " index again",
                damaged.byteSize());
      }
    }
  }

  @Test
  void measure_anyIndex_saysWhatWalksCost(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 2_600, 8))) {
      var data = build(source, Metric.L2, "graph(r=8,efc=32)");
      var searcher = (GraphSearcher) searcher(data);
      assertThat(searcher.planner().toString())
          .matches(
              "WalkCosts\\[scan=[\\d.]+, line=[\\d.]+, estimate=[\\d.]+\\], walks through all rows"
                  + " [\\d.]+, of two hops [\\d.]+ times their steps");
    }
  }
}
