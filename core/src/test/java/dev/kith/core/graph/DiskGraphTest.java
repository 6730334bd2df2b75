package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Graphs whose nodes are read from a file. */
@ExtendWith(Seeded.class)
class DiskGraphTest {
  @TempDir Path folder;

  private VectorIndex forDisk(VectorIndex built) throws IOException {
    var path = folder.resolve("disk.kith");
    built.saveForDisk(path);
    return VectorIndex.open(path, built.rows());
  }

  /** One node at a time, the walk is that of memory: pools, hops, estimates and order. */
  @ParameterizedTest
  @CsvSource({"30, 16", "700, 400", "1100, 4"})
  void run_beamOfOne_visitsWhatTheWalkInMemoryVisits(
      int dimension, int degree, SplittableRandom random) throws IOException {
    var rows = TestVectors.gaussians(random, 600, dimension);
    try (var source = VectorSource.of(rows)) {
      var built = VectorIndex.over(source, Metric.L2, "graph(r=%d)".formatted(degree));
      var data = (GraphData) built.data();
      var disk = (DiskGraphData) forDisk(built).data();
      var scorers = data.codes().scorers(Kernels.scalar());
      var memory = new Walk(data.graph(), scorers);
      var walk = new DiskWalk(disk.reader(), disk.codes().scorers(Kernels.scalar()), 1);
      for (int q = 0; q < 20; q++) {
        var query = TestVectors.gaussian(random, dimension);
        int width = 1 + random.nextInt(60);
        var seeds = new int[] {random.nextInt(300), 300 + random.nextInt(300)};
        memory.scorer().setQuery(query);
        walk.scorer().setQuery(query);
        var expected = memory.run(seeds, 2, width);
        var expanded = new HashSet<Integer>();
        var found = walk.run(seeds, 2, width, (row, _) -> expanded.add(row));
        assertThat(found.rows()).isEqualTo(expected.rows());
        for (int i = 0; i < found.size(); i++) {
          assertThat(found.estimate(i)).isEqualTo(expected.estimate(i));
          assertThat(expanded).contains(found.row(i));
        }
        assertThat(walk.hops()).isEqualTo(memory.hops());
        assertThat(walk.estimated()).isEqualTo(memory.estimated());
      }
    }
  }

  /** Codes of every kind come back as they were stored. */
  @ParameterizedTest
  @CsvSource({"int4", "int8", "float16", "float32", "'int8,dims=9'", "'int4,dims=12'"})
  void search_anyCodes_findsWhatTheIndexInMemoryFinds(String codes, @Fixed SplittableRandom random)
      throws IOException {
    var rows = TestVectors.gaussians(random, 400, 20);
    try (var source = VectorSource.of(rows);
        var batch = VectorSource.of(TestVectors.gaussians(random, 10, 20))) {
      var built = VectorIndex.over(source, Metric.L2, "graph(r=16,codes=%s)".formatted(codes));
      var disk = forDisk(built);
      disk.verify();
      // As wide as the rows are many: whatever the order of the visits, all rows are scored.
      var options = SearchOptions.nearest(10).withEffort(new Effort.Beam(400));
      assertThat(disk.search(batch, options).neighbors())
          .isEqualTo(disk.search(batch, options.withEffort(new Effort.Exact())).neighbors());
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void search_anyTypeAndMetric_findsNearlyAllWithCanonicalKeys(
      ElementType type, @Fixed SplittableRandom random) throws IOException {
    var typed = TestVectors.typed(random, type, 1500, 24);
    var queries = TestVectors.gaussians(random, 30, 24);
    try (var source = typed.source();
        var batch = VectorSource.of(queries)) {
      for (var metric : new Metric[] {Metric.L2, Metric.COSINE}) {
        var index = forDisk(VectorIndex.over(source, metric, "graph(r=16)"));
        index.verify();
        var options = SearchOptions.nearest(10).withEffort(new Effort.Beam(200));
        var result = index.search(batch, options);
        long hits = 0;
        for (int q = 0; q < queries.length; q++) {
          var exact = TestVectors.nearest(metric, queries[q], typed.rows(), 10);
          double worst = TestVectors.key(metric, queries[q], typed.rows()[(int) exact[9]]);
          var found = result.neighbors().get(q);
          assertThat(found.size()).isEqualTo(10);
          for (int rank = 0; rank < 10; rank++) {
            assertThat(found.key(rank))
                .isEqualTo(
                    TestVectors.key(metric, queries[q], typed.rows()[(int) found.row(rank)]));
            hits += found.key(rank) <= worst ? 1 : 0;
          }
        }
        assertThat(hits / 300.0).isGreaterThanOrEqualTo(0.9);
        assertThat(result.report().proved()).isFalse();
        var work = result.report().work();
        assertThat(work.hops()).isGreaterThanOrEqualTo(30 * 200);
        assertThat(work.keysComputed()).isEqualTo(work.hops());
        for (int threads : new int[] {1, 3}) {
          assertThat(index.search(batch, options.withThreads(threads)).neighbors())
              .isEqualTo(result.neighbors());
        }
      }
    }
  }

  @Test
  void search_exactOrMoreThanTheWalkMeets_isExact(SplittableRandom random) throws IOException {
    var rows = TestVectors.gaussians(random, 40, 6);
    try (var source = VectorSource.of(rows);
        var query = VectorSource.single(rows[3])) {
      var index = forDisk(VectorIndex.over(source, Metric.L2, "graph(r=4)"));
      var expected = TestVectors.nearest(Metric.L2, rows[3], rows, 40);
      for (var effort : new Effort[] {new Effort.Exact(), new Effort.Beam(1)}) {
        var found = index.search(query, SearchOptions.nearest(100).withEffort(effort));
        assertThat(found.neighbors().getFirst().rows()).isEqualTo(expected);
      }
      assertThatThrownBy(
              () ->
                  index.search(
                      query,
                      SearchOptions.nearest(3)
                          .withEffort(new Effort.Beam(5))
                          .withDeadline(Duration.ZERO)))
          .isInstanceOf(SearchStoppedException.class);
    }
  }

  @Test
  void search_damagedLink_namesFileAndOffset(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 300, 8))) {
      var built = VectorIndex.over(source, Metric.L2, "graph(r=8)");
      var path = folder.resolve("damaged.kith");
      built.saveForDisk(path);
      var bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
      // The second line of the table of parts is that of the nodes; their pivots fill a sector.
      int at = (int) bytes.getLong(64 + 48 + 24) + 4096;
      for (var damage : new int[][] {{32, 9}, {36, 300}, {40, -1}}) {
        var whole = ByteBuffer.wrap(bytes.array().clone()).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < 300; row++) { // whichever a walk begins from
          int node = at + row / 60 * 4096 + row % 60 * 68;
          whole.putInt(node + damage[0], damage[1]);
        }
        var copy = folder.resolve("copy.kith");
        try (var channel =
            FileChannel.open(
                copy,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
          channel.write(whole);
        }
        var index = VectorIndex.open(copy, source);
        var options = SearchOptions.nearest(3).withEffort(new Effort.Beam(5));
        assertThatThrownBy(() -> index.search(source.slice(7, 1), options))
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("file=" + copy + ", offset=");
        assertThatThrownBy(index::verify)
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("the part nodes must have its checksum: file=" + copy);
        Files.delete(copy);
      }
    }
  }

  @Test
  void layout_anySizes_nodesLieInOneSectorOrTheirOwn(SplittableRandom random) throws IOException {
    for (int round = 0; round < 200; round++) {
      var layout =
          new NodeLayout(
              1 + random.nextInt(9000), 1 + random.nextInt(100), 1 + random.nextInt(200));
      long end = 0;
      for (int row = 0; row < layout.size(); row++) {
        long at = layout.sectorAt(row) + layout.within(row);
        assertThat(layout.sectorAt(row) % NodeLayout.SECTOR).isZero();
        assertThat(at).isGreaterThanOrEqualTo(end);
        end = at + layout.nodeBytes();
        assertThat(layout.within(row) + layout.nodeBytes()).isLessThanOrEqualTo(layout.readBytes());
      }
      assertThat(layout.bytes())
          .isGreaterThanOrEqualTo(end)
          .isLessThan(end + 2L * layout.readBytes());
    }
    var sizes = new ArrayList<Integer>();
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 7, 300))) {
      var graph = ((GraphData) VectorIndex.over(rows, Metric.L2, "graph(r=4)").data()).graph();
      new NodeLayout(1200, 4, 7).write(rows, graph, bytes -> sizes.add((int) bytes.byteSize()));
    }
    assertThat(sizes.stream().mapToInt(i -> i).sum()).isEqualTo(3 * 4096);
  }

  @Test
  void saveForDisk_noGraph_isRefused(SplittableRandom random) throws IOException {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 7, 3))) {
      var flat = VectorIndex.over(rows, Metric.L2, "flat");
      assertThatThrownBy(() -> flat.saveForDisk(folder.resolve("x")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "walks from disk need a graph that was built or opened in memory, not flat: save it"
                  + " as it is");
    }
  }
}
