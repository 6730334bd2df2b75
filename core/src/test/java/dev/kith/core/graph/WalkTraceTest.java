package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class WalkTraceTest {

  /** A trace is compared with the walk where it is made; here its parts are with each other. */
  @Test
  void of_randomGraphs_everyHopFollowsFromTheOneBefore(SplittableRandom random) {
    for (int round = 0; round < 30; round++) {
      int n = 1 + random.nextInt(120);
      var rows = TestVectors.gaussians(random, n, 2);
      try (var source = VectorSource.of(rows)) {
        var data = build(source);
        var query = TestVectors.gaussian(random, 2);
        int width = 1 + random.nextInt(12);
        int seed = random.nextInt(n);
        var trace = WalkTrace.of(data, query, width, seed);
        assertThat(trace.seeds()).extracting(WalkTrace.Met::row).containsExactly(seed);
        var met = new TreeSet<>(trace.seeds().stream().map(WalkTrace.Met::row).toList());
        var kept = trace.seeds();
        var expanded = new ArrayList<Integer>();
        for (var hop : trace.hops()) {
          var next =
              kept.stream()
                  .map(WalkTrace.Met::row)
                  .filter(row -> !expanded.contains(row))
                  .findFirst();
          assertThat(next).contains(hop.row());
          expanded.add(hop.row());
          var links = Arrays.stream(data.graph().neighbours(hop.row())).boxed().toList();
          assertThat(met).containsAll(hop.known());
          var fresh = hop.fresh().stream().map(WalkTrace.Met::row).toList();
          assertThat(links).containsAll(hop.known()).containsAll(fresh);
          assertThat(links).hasSize(hop.known().size() + fresh.size());
          assertThat(fresh).doesNotContainAnyElementsOf(met);
          met.addAll(fresh);
          assertThat(hop.kept()).hasSizeLessThanOrEqualTo(width);
          kept = hop.kept();
        }
        assertThat(trace.kept()).isEqualTo(kept);
        assertThat(expanded).containsAll(kept.stream().map(WalkTrace.Met::row).toList());
        assertThat(trace.estimated()).isEqualTo(met.size());
      }
    }
  }

  /** Codes of 8 bits are exact to about a hundredth of the rows' extent. */
  @Test
  void of_points_estimatesAreNearTheTruth(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 60, 2);
    try (var source = VectorSource.of(rows)) {
      var query = TestVectors.gaussian(random, 2);
      for (var met : WalkTrace.of(build(source), query, 60, 0).kept()) {
        assertThat(Math.sqrt(met.squared()))
            .isCloseTo(Math.sqrt(Metric.L2.key(query, rows[met.row()])), within(0.1));
      }
    }
  }

  @Test
  void of_nothingToBeginFrom_isRefused() {
    try (var source = VectorSource.of(new float[][] {{1, 2}})) {
      var data = build(source);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> WalkTrace.of(data, new float[2], 5))
          .withMessage("a walk needs a width and a row to begin from: width=5, rows=0");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> WalkTrace.of(data, new float[2], 0, 0))
          .withMessage("a walk needs a width and a row to begin from: width=0, rows=1");
    }
  }

  private static GraphData build(VectorSource source) {
    return (GraphData)
        Backends.builderOf(IndexSpec.parse("graph(r=4,codes=int8)"))
            .build(source, Metric.L2, BuildOptions.defaults());
  }
}
