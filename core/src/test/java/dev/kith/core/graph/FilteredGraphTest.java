package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Work;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a search through a graph promises of its answers and its work where a filter is set. */
@ExtendWith(Seeded.class)
class FilteredGraphTest {
  private static final int SIZE = 6000;
  private static final int QUERIES = 30;
  private static final int K = 10;
  private static final int WIDTH = 30;
  private static final Kernels KERNELS = Kernels.inJava();
  private static final ClusteredVectors SHAPE = new ClusteredVectors(48, 10, 30, 0.3, 5);

  /** What is asked of a plan does not depend on the load of the machine that tests it. */
  private static final WalkCosts COSTS = new WalkCosts(20, 40, 8);

  private static VectorSource rows;
  private static VectorSource queries;
  private static GraphData data;
  private static GraphSearcher searcher;

  /** Where the rows lie that pass. */
  enum Place {
    /** Anywhere. */
    ANYWHERE,
    /** Nearest to the query. */
    NEAR,
    /** Farthest from the query. */
    FAR,
    /** Nearest to the query but for a twentieth of all rows, which are nearer. */
    RING
  }

  @BeforeAll
  static void build() {
    rows = SHAPE.generate(0, SIZE);
    queries = SHAPE.generate(SIZE, QUERIES);
    data =
        new GraphBuilder((GraphSpec) IndexSpec.parse("graph(r=24,codes=int8)"), KERNELS)
            .build(rows, Metric.L2, BuildOptions.defaults());
    searcher = new GraphSearcher(KERNELS, "test", data);
    searcher.plan(new FilterPlanner(data.graph(), COSTS));
  }

  @AfterAll
  static void close() {
    rows.close();
    queries.close();
  }

  private static SearchOptions beam() {
    return SearchOptions.nearest(K).withThreads(1).withEffort(new Effort.Beam(WIDTH));
  }

  private static RowFilter filter(
      Place place, float[] query, double share, SplittableRandom random) {
    var passes = new boolean[SIZE];
    int count = (int) (SIZE * share);
    if (place == Place.ANYWHERE) {
      for (int i = 0; i < SIZE; i++) {
        passes[i] = random.nextDouble() < share;
      }
    } else {
      var keys = new double[SIZE];
      Arrays.setAll(keys, row -> Metric.L2.key(query, rows.row(row)));
      var order = new Integer[SIZE];
      Arrays.setAll(order, row -> row);
      Arrays.sort(order, Comparator.comparingDouble(row -> keys[row]));
      int first =
          switch (place) {
            case ANYWHERE, NEAR -> 0;
            case FAR -> SIZE - count;
            case RING -> SIZE / 20;
          };
      for (int i = first; i < first + count; i++) {
        passes[order[i]] = true;
      }
    }
    return RowFilter.of(SIZE, row -> passes[(int) row]);
  }

  private static int hits(Neighbors truth, Neighbors found) {
    assertThat(found).hasSameSizeAs(truth);
    int hits = 0;
    for (int rank = 0; rank < found.size(); rank++) {
      hits += found.key(rank) <= truth.key(truth.size() - 1) ? 1 : 0;
    }
    return hits;
  }

  private static double unfilteredRecall() {
    int hits = 0;
    for (int q = 0; q < QUERIES; q++) {
      var one = queries.slice(q, 1);
      var truth = searcher.search(one, SearchOptions.nearest(K)).neighbors().getFirst();
      hits += hits(truth, searcher.search(one, beam()).neighbors().getFirst());
    }
    return hits / (double) (QUERIES * K);
  }

  /** Recall and cost of a walk without a limit. */
  private static double[] walk(RowFilter filter, int q, boolean twoHops, Neighbors truth) {
    var walk = new Walk(data.graph(), data.codes().scorers(KERNELS));
    var pivots = new Pivots(data.pivots(), data.codes().scorersOf(data.pivots(), KERNELS));
    walk.scorer().setQuery(queries.row(q));
    var finder = pivots.finder(walk.scorer());
    var seeds = finder.find();
    var sift =
        new Sift(row -> filter.allows(row), twoHops, WalkCosts.NONE, Double.POSITIVE_INFINITY);
    var pool = walk.run(seeds, finder.found(), WIDTH, sift);
    int hits = 0;
    for (int i = 0; i < pool.size(); i++) {
      double key = Metric.L2.key(queries.row(q), rows.row(pool.row(i)));
      hits += !pool.aside(i) && key <= truth.key(truth.size() - 1) ? 1 : 0;
    }
    return new double[] {
      Math.min(hits, truth.size()), COSTS.of(walk.hops(), walk.estimated() + pivots.size())
    };
  }

  @ParameterizedTest
  @EnumSource
  void search_anyFilter_recallOfTheWidthAndWorkOfTheBestWay(
      Place place, @Fixed SplittableRandom random) {
    double asked = unfilteredRecall();
    for (double share : new double[] {0.5, 0.1, 0.03, 0.01, 0.001}) {
      int hits = 0;
      int wanted = 0;
      double cost = 0;
      var ways = new double[3][2];
      for (int q = 0; q < QUERIES; q++) {
        var filter = filter(place, queries.row(q), share, random);
        var one = queries.slice(q, 1);
        var truth =
            searcher.search(one, SearchOptions.nearest(K).among(filter)).neighbors().getFirst();
        var result = searcher.search(one, beam().among(filter));
        var found = result.neighbors().getFirst();
        for (long row : found.rows()) {
          assertThat(filter.allows(row)).isTrue();
        }
        hits += hits(truth, found);
        wanted += truth.size();
        cost += cost(result.report().work(), filter);
        add(ways[0], new double[] {truth.size(), filter.count() * COSTS.scan()});
        if (filter.count() > WIDTH) {
          add(ways[1], walk(filter, q, false, truth));
          add(ways[2], walk(filter, q, true, truth));
        }
      }
      double recall = hits / (double) wanted;
      assertThat(recall).as("%s of rows", share).isGreaterThanOrEqualTo(asked - 0.02);
      double best = ways[0][1];
      for (var way : ways) {
        // A walk may find its way out of a ring; nothing near the query tells that from FAR, whose
        // rows no walk finds, so that the scan has to answer.
        if (place != Place.RING && way[0] >= (asked - 0.02) * wanted) {
          best = Math.min(best, way[1]);
        }
      }
      // Seeing that a filter is no random one costs the pivots and, at worst, a tenth of the scan.
      double look = QUERIES * COSTS.of(20, data.pivots().length);
      assertThat(cost).as("%s of rows", share).isLessThanOrEqualTo(1.2 * best + look);
    }
  }

  private static void add(double[] sum, double[] one) {
    sum[0] += one[0];
    sum[1] += one[1];
  }

  /** Cost of a search's work: of the rows read, those of a scan, if there was one, are known. */
  private static double cost(Work work, RowFilter filter) {
    boolean scanned = work.hops() == 0 || work.fallbacks() > 0;
    long scan = scanned ? filter.count() : 0;
    return scan * COSTS.scan() + COSTS.of(work.hops(), work.rowsRead() - scan);
  }

  @Test
  void search_filterWithPlannerOfItsOwn_isAsGood(@Fixed SplittableRandom random) {
    var measuring = new GraphSearcher(KERNELS, "test", data);
    double asked = unfilteredRecall();
    int hits = 0;
    for (int q = 0; q < QUERIES; q++) {
      var filter = filter(Place.ANYWHERE, queries.row(q), 0.3, random);
      var one = queries.slice(q, 1);
      var truth =
          measuring.search(one, SearchOptions.nearest(K).among(filter)).neighbors().getFirst();
      hits += hits(truth, measuring.search(one, beam().among(filter)).neighbors().getFirst());
    }
    assertThat(hits / (double) (QUERIES * K)).isGreaterThanOrEqualTo(asked - 0.02);
  }

  @Test
  void search_filterOfFewOrNoRows_isScannedAndProved(@Fixed SplittableRandom random) {
    for (int count : new int[] {0, 1, K, WIDTH}) {
      var filter = RowFilter.of(SIZE, row -> row < count);
      var result = searcher.search(queries, beam().among(filter));
      assertThat(result.report().proved()).isTrue();
      assertThat(result.report().work().hops()).isZero();
      for (var found : result.neighbors()) {
        assertThat(found).hasSize(Math.min(K, count));
      }
    }
  }

  @Test
  void measure_anyIndex_isPositive() {
    var exact = new ExactScan(KERNELS, "test", new FlatData(rows, Metric.L2, null));
    var costs = WalkCosts.measure(rows, data.graph(), data.codes().scorers(KERNELS), exact);
    assertThat(costs.scan()).isPositive().isLessThan(1e6);
    assertThat(costs.line()).isPositive().isLessThan(1e6);
    assertThat(costs.estimate()).isPositive().isLessThan(1e6);
    var none = rows.slice(0, 0);
    assertThat(WalkCosts.measure(none, data.graph(), data.codes().scorers(KERNELS), exact))
        .isEqualTo(WalkCosts.NONE);
  }

  /** Costs that make every way the cheapest in turn: answers are right whichever is taken. */
  @Test
  void search_anyCosts_onlyRowsThatPass(@Fixed SplittableRandom random) {
    var ways =
        new WalkCosts[] {
          new WalkCosts(1e9, 1, 1e6), new WalkCosts(1e9, 1, 1e-3), new WalkCosts(1e-3, 1, 1)
        };
    for (var costs : ways) {
      var planned = new GraphSearcher(KERNELS, "test", data);
      planned.plan(new FilterPlanner(data.graph(), costs));
      int hits = 0;
      for (int q = 0; q < QUERIES; q++) {
        var filter = filter(Place.ANYWHERE, queries.row(q), 0.2, random);
        var one = queries.slice(q, 1);
        var truth = planned.search(one, SearchOptions.nearest(K).among(filter));
        var found = planned.search(one, beam().among(filter)).neighbors().getFirst();
        for (long row : found.rows()) {
          assertThat(filter.allows(row)).isTrue();
        }
        hits += hits(truth.neighbors().getFirst(), found);
      }
      assertThat(hits / (double) (QUERIES * K)).as("%s", costs).isGreaterThanOrEqualTo(0.93);
    }
  }
}
