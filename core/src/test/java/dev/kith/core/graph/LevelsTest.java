package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.backend.Backends;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class LevelsTest {
  private static GraphData build(VectorSource source, String spec) {
    return (GraphData)
        Backends.builderOf(IndexSpec.parse(spec)).build(source, Metric.L2, BuildOptions.defaults());
  }

  @Test
  void draw_manyRows_eachLevelHoldsItsShare() {
    var rows = Levels.draw(100_000, 10, 1).rows();
    assertThat(rows.length).isBetween(9_500, 10_500); // more than 5 standard deviations
    assertThat(rows).doesNotHaveDuplicates();
    // The rows of level 2 come first, in ascending order, then those of level 1.
    int falls = 0;
    for (int i = 1; i < rows.length; i++) {
      falls += rows[i] < rows[i - 1] ? 1 : 0;
    }
    assertThat(falls).isBetween(2, 6);
    assertThat(Levels.draw(1, 1000, 1).rows()).containsExactly(0);
    assertThat(Levels.draw(0, 10, 1).rows()).isEmpty();
  }

  @Test
  void part_opened_isTheSame(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 3000, 6))) {
      var data = build(source, "hnsw(m=4)");
      var part = Objects.requireNonNull(data.parts().get(GraphData.LEVELS));
      var levels = new Levels(part);
      assertThat(levels.count()).isBetween(4, 12);
      int above = 0;
      for (int level = levels.count(); level > 0; level--) {
        var graph = levels.graph(level);
        assertThat(graph.degree()).isEqualTo(4);
        assertThat(graph.size()).isGreaterThan(above);
        above = graph.size();
        for (int row = 0; row < graph.size(); row++) {
          var links = graph.neighbours(row);
          assertThat(links).doesNotContain(row).doesNotHaveDuplicates();
          assertThat(Arrays.stream(links).allMatch(link -> link >= 0 && link < graph.size()))
              .isTrue();
        }
      }
      assertThat(levels.reached().cardinality()).isEqualTo(levels.graph(1).size());
    }
  }

  /** A descent's seeds are far nearer than rows by chance, for a small part of the estimates. */
  @Test
  void find_seeds_areNearTheQuery(@Fixed SplittableRandom random) {
    int size = 4000;
    try (var source = VectorSource.of(TestVectors.gaussians(random, size, 4))) {
      var data = build(source, "hnsw(m=6)");
      var kernels = Kernels.scalar();
      var scorer = data.codes().scorers(kernels).scorer();
      var finder = data.entry(kernels).finder(scorer);
      long nearer = 0;
      for (int q = 0; q < 50; q++) {
        var query = TestVectors.gaussian(random, 4);
        scorer.setQuery(query);
        var seeds = finder.find();
        assertThat(finder.found()).isEqualTo(2);
        double seed =
            Math.min(
                TestVectors.key(Metric.L2, query, source.row(seeds[0])),
                TestVectors.key(Metric.L2, query, source.row(seeds[1])));
        for (int row = 0; row < size; row++) {
          nearer += TestVectors.key(Metric.L2, query, source.row(row)) < seed ? 1 : 0;
        }
      }
      assertThat(nearer / 50.0).isLessThan(0.02 * size);
      assertThat(finder.estimated() / 50.0).isLessThan(0.05 * size);
    }
  }
}
