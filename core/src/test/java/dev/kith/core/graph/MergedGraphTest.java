package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Predecessor;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Graphs that are built from those of older indexes. */
@ExtendWith(Seeded.class)
class MergedGraphTest {
  private static final int K = 10;
  private static final Kernels KERNELS = Kernels.inJava();
  private static final BuildOptions OPTIONS = BuildOptions.defaults();

  private static GraphBuilder builder(String spec) {
    return new GraphBuilder((GraphSpec) IndexSpec.parse(spec), KERNELS);
  }

  private static double recall(Searcher searcher, VectorSource queries, int width) {
    var options = SearchOptions.nearest(K);
    var exact = searcher.search(queries, options).neighbors();
    var found = searcher.search(queries, options.withEffort(new Effort.Beam(width))).neighbors();
    int hits = 0;
    for (int q = 0; q < exact.size(); q++) {
      double worst = exact.get(q).key(K - 1);
      for (int rank = 0; rank < K; rank++) {
        hits += found.get(q).key(rank) <= worst ? 1 : 0;
      }
    }
    return hits / (double) (K * exact.size());
  }

  /** Segments of one set of rows, and a merge of them with rows that are new. */
  private static final class Merge implements AutoCloseable {
    final List<VectorSource> segments = new ArrayList<>();
    final List<Predecessor> older = new ArrayList<>();
    final VectorSource rows;

    /**
     * Builds segments.
     *
     * @param sizes of the segments, the first of which is the largest
     * @param gone share of their rows that are gone, in percent
     * @param fresh number of new rows
     */
    Merge(
        float[][] all,
        int[] sizes,
        int gone,
        int fresh,
        Metric metric,
        String spec,
        SplittableRandom random) {
      var merged = new ArrayList<float[]>();
      var maps = new ArrayList<int[]>();
      int at = 0;
      for (int size : sizes) {
        var map = new int[size];
        for (int row = 0; row < size; row++) {
          map[row] = random.nextInt(100) < gone ? -1 : merged.size();
          if (map[row] >= 0) {
            merged.add(all[at + row]);
          }
        }
        maps.add(map);
        segments.add(VectorSource.of(Arrays.copyOfRange(all, at, at + size)));
        at += size;
      }
      merged.addAll(List.of(all).subList(at, at + fresh));
      // A merge need not keep the order.
      var order = new ArrayList<Integer>();
      for (int i = 0; i < merged.size(); i++) {
        order.add(i);
      }
      for (int i = order.size() - 1; i > 0; i--) {
        Collections.swap(order, i, random.nextInt(i + 1));
      }
      var placed = new float[merged.size()][];
      for (int i = 0; i < placed.length; i++) {
        placed[order.get(i)] = merged.get(i);
      }
      rows = VectorSource.of(placed);
      for (int i = 0; i < sizes.length; i++) {
        var map = maps.get(i);
        older.add(
            new Predecessor(
                builder(spec).build(segments.get(i), metric, OPTIONS),
                row -> map[(int) row] < 0 ? -1 : order.get(map[(int) row])));
      }
    }

    @Override
    public void close() {
      segments.forEach(VectorSource::close);
      rows.close();
    }
  }

  private static float[][] clustered(int count) {
    try (var made = new ClusteredVectors(24, 8, 40, 0.4, 3).generate(0, count)) {
      var rows = new float[count][];
      Arrays.setAll(rows, i -> made.row(i));
      return rows;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "5000, 0, 1000, graph(r=16)",
    "5000, 30, 500, graph(r=16)",
    "4000:1000, 20, 300, hnsw(m=8)",
    "2000:2000:1500, 10, 0, 'vamana(degree=16,alpha=1.2)'",
    "3000:900:900:900, 5, 100, 'graph(r=16,codes=int8)'"
  })
  void build_fromOlderGraphs_isAsGoodAsAnew(
      String sizes, int gone, int fresh, String spec, @Fixed SplittableRandom random) {
    var each = Arrays.stream(sizes.split(":")).mapToInt(Integer::parseInt).toArray();
    try (var merge = new Merge(clustered(7000), each, gone, fresh, Metric.L2, spec, random);
        var queries = new ClusteredVectors(24, 8, 40, 0.4, 3).generate(8000, 200)) {
      var merged = builder(spec).build(merge.rows, Metric.L2, merge.older, OPTIONS);
      var anew = builder(spec).build(merge.rows, Metric.L2, OPTIONS);
      merged.verify();
      assertThat(merged.reached()).isEqualTo((int) merge.rows.size());
      assertThat(merged.curve().ks()).isNotEmpty();
      var one = new GraphSearcher(KERNELS, "test", merged);
      var other = new GraphSearcher(KERNELS, "test", anew);
      for (int width : new int[] {20, 40, 80}) {
        assertThat(recall(one, queries, width))
            .as("at width %d", width)
            .isGreaterThanOrEqualTo(recall(other, queries, width) - 0.005);
      }
    }
  }

  @Test
  void build_fromOlderGraphs_onAnyThreads_isTheSame(@Fixed SplittableRandom random) {
    var spec = "graph(r=8)";
    var sizes = new int[] {1200, 400};
    try (var merge = new Merge(clustered(1800), sizes, 10, 100, Metric.COSINE, spec, random)) {
      var one = builder(spec).build(merge.rows, Metric.COSINE, merge.older, OPTIONS.withThreads(1));
      var many =
          builder(spec).build(merge.rows, Metric.COSINE, merge.older, OPTIONS.withThreads(3));
      one.parts()
          .forEach(
              (name, part) ->
                  assertThat(Objects.requireNonNull(many.parts().get(name)).mismatch(part))
                      .as("part %s", name)
                      .isEqualTo(-1));
      // It is not the graph of a build from the rows alone.
      var anew = builder(spec).build(merge.rows, Metric.COSINE, OPTIONS);
      assertThat(anew.graph().links().mismatch(one.graph().links())).isNotEqualTo(-1);
    }
  }

  @Test
  void build_manyCopies_areReachedAndFound(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 2500, 8);
    for (int i = 0; i < rows.length; i += 3) {
      rows[i] = rows[0];
    }
    var sizes = new int[] {1500, 600};
    try (var merge = new Merge(rows, sizes, 15, 200, Metric.DOT, "graph(r=12)", random)) {
      var merged = builder("graph(r=12)").build(merge.rows, Metric.DOT, merge.older, OPTIONS);
      merged.verify();
      assertThat(merged.reached()).isEqualTo((int) merge.rows.size());
    }
  }

  @Test
  void build_wrongMaps_saysWhatIsWrong(SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 20, 3))) {
      var old = builder("graph(r=4)").build(rows, Metric.L2, OPTIONS);
      assertThatThrownBy(
              () ->
                  builder("graph(r=4)")
                      .build(
                          rows, Metric.L2, List.of(new Predecessor(old, row -> row / 2)), OPTIONS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "rows of older indexes must be different rows of the new one: index=graph(r=4),"
                  + " row=1, found=0, which another row is");
      assertThatThrownBy(
              () ->
                  builder("graph(r=4)")
                      .build(
                          rows, Metric.L2, List.of(new Predecessor(old, row -> row + 1)), OPTIONS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "rows of older indexes must be different rows of the new one: index=graph(r=4),"
                  + " row=19, found=20, of 20 rows");
      assertThatThrownBy(
              () ->
                  builder("graph(r=4)")
                      .build(
                          rows, Metric.COSINE, List.of(new Predecessor(old, row -> row)), OPTIONS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("an older index must have the metric of the new one: older=l2, new=cosine");
    }
  }

  @Test
  void build_olderIndexesOfOtherKinds_areLeftAlone(@Fixed SplittableRandom random) {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 1200, 6))) {
      var flat = new FlatData(rows, Metric.L2, null);
      var spec = "graph(r=8)";
      var merged =
          builder(spec).build(rows, Metric.L2, List.of(new Predecessor(flat, row -> row)), OPTIONS);
      var anew = builder(spec).build(rows, Metric.L2, OPTIONS);
      assertThat(merged.graph().links().mismatch(anew.graph().links())).isEqualTo(-1);
    }
  }
}
