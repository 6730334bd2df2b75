package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.backend.Backends;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class WalkTest {

  /** Walks of two sets of loops make the same visits: pools, hops and estimates are equal. */
  @ParameterizedTest
  @ValueSource(strings = {"graph(r=16)", "graph(r=16,codes=int8)"})
  void run_anyLoops_sameVisits(String spec, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 800, 30);
    try (var source = VectorSource.of(rows)) {
      var data =
          (GraphData)
              Backends.builderOf(IndexSpec.parse(spec))
                  .build(source, Metric.L2, BuildOptions.defaults());
      var scalar = new Walk(data.graph(), data.codes().scorers(Kernels.scalar()));
      var simd = new Walk(data.graph(), data.codes().scorers(Kernels.inJava()));
      for (int q = 0; q < 30; q++) {
        var query = TestVectors.gaussian(random, 30);
        int width = 1 + random.nextInt(60);
        var seeds = new int[] {random.nextInt(400), 400 + random.nextInt(400)};
        scalar.scorer().setQuery(query);
        simd.scorer().setQuery(query);
        var a = scalar.run(seeds, 2, width);
        var b = simd.run(seeds, 2, width);
        assertThat(a.rows()).isEqualTo(b.rows());
        for (int i = 0; i < a.size(); i++) {
          assertThat(a.estimate(i)).isEqualTo(b.estimate(i));
        }
        assertThat(simd.hops()).isEqualTo(scalar.hops());
        assertThat(simd.estimated()).isEqualTo(scalar.estimated());
      }
    }
  }

  /** Compares with a slow twin: one list that is sorted again after every row. */
  @Test
  void run_anyGraph_isTheDefinition(SplittableRandom random) {
    for (int round = 0; round < 20 * Seeded.effort(); round++) {
      int n = 50 + random.nextInt(200);
      int degree = 1 + random.nextInt(8);
      var rows = TestVectors.gaussians(random, n, 10);
      var table = new int[n][];
      try (var source = VectorSource.of(rows)) {
        var codes = RowCodes.encode(source, Metric.L2, 8, 1, BuildOptions.defaults());
        var graph = new Graph(Arena.ofAuto().allocate(4L * n * degree, 64), n, degree);
        for (int row = 0; row < n; row++) {
          var links = new TreeSet<Integer>();
          int count = random.nextInt(degree + 1);
          while (links.size() < count) {
            links.add(random.nextInt(n));
          }
          table[row] = links.stream().mapToInt(i -> i).toArray();
          graph.setNeighbours(row, table[row], count);
          assertThat(graph.neighbours(row)).isEqualTo(table[row]);
        }
        var scorers = codes.scorers(Kernels.scalar());
        var walk = new Walk(graph, scorers);
        var query = TestVectors.gaussian(random, 10);
        walk.scorer().setQuery(query);
        int width = 1 + random.nextInt(30);
        var seeds = new int[] {random.nextInt(n)};
        var found = walk.run(seeds, 1, width);
        assertThat(found.rows()).isEqualTo(slowly(table, seeds[0], width, walk));
      }
    }
  }

  /** The definition: {@code [0]} estimate, {@code [1]} row, {@code [2]} whether it was expanded. */
  private static int[] slowly(int[][] table, int seed, int width, Walk walk) {
    var picks = new Picks(1);
    var met = new TreeSet<Integer>();
    var pool = new ArrayList<double[]>();
    met.add(seed);
    pool.add(new double[] {estimate(walk, picks, seed), seed, 0});
    while (true) {
      var next = pool.stream().filter(entry -> entry[2] == 0).findFirst();
      if (next.isEmpty()) {
        return pool.stream().mapToInt(entry -> (int) entry[1]).toArray();
      }
      next.get()[2] = 1;
      for (int link : table[(int) next.get()[1]]) {
        if (met.add(link)) {
          pool.add(new double[] {estimate(walk, picks, link), link, 0});
          pool.sort((a, b) -> Double.compare(a[0], b[0])); // stable: the earlier one stays first
          while (pool.size() > width) {
            pool.removeLast();
          }
        }
      }
    }
  }

  private static double estimate(Walk walk, Picks picks, int row) {
    picks.rows()[0] = row;
    walk.scorer().estimate(picks, 1);
    return picks.estimates()[0];
  }

  @Test
  void clear_afterManyRows_isEmpty(SplittableRandom random) {
    var visited = new Visited(1 << 20);
    for (int round = 0; round < 5; round++) {
      var rows = random.ints(3000, 0, 1 << 20).distinct().toArray();
      assertThat(Arrays.stream(rows).allMatch(visited::add)).isTrue();
      assertThat(Arrays.stream(rows).noneMatch(visited::add)).isTrue();
      visited.clear();
      assertThat(Arrays.stream(rows).noneMatch(visited::contains)).isTrue();
    }
  }
}
