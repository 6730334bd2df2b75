package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.graph.GraphData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Golden files are written by {@code diskann/golden.py} among the test's resources. */
@ExtendWith(Seeded.class)
class DiskAnnTest {
  private static final GraphSpec.Codes INT8 = GraphSpec.Codes.INT8;

  @TempDir Path folder;

  private static Path golden(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(DiskAnnTest.class.getResource("/diskann/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int[] neighbours(VectorIndex index, int row) {
    return ((GraphData) index.data()).graph().neighbours(row);
  }

  @Test
  void openGraph_goldenFile_isWhatItSaysAndIsWrittenAgain() throws IOException {
    try (var rows = VectorFiles.openBin(golden("rows.fbin"), ElementType.FLOAT32)) {
      assertThat(rows.row(3)).startsWith(3, 3.5f, 4);
      var index = DiskAnn.openGraph(golden("mem.graph"), rows, Metric.L2, INT8);
      assertThat(index.spec()).hasToString("vamana(degree=4)");
      for (int row = 0; row < 9; row++) {
        var expected = new int[1 + row % 3];
        for (int j = 0; j < expected.length; j++) {
          expected[j] = (row + 1 + j) % 9;
        }
        assertThat(neighbours(index, row)).isEqualTo(expected);
      }
      index.verify();
      var again = folder.resolve("again");
      assertThat(DiskAnn.saveGraph(again, index)).isEqualTo(9);
      assertThat(Files.mismatch(again, golden("mem.graph"))).isEqualTo(-1);
      var disk = folder.resolve("again_disk.index");
      assertThat(DiskAnn.saveDisk(disk, index)).isEqualTo(9);
      assertThat(Files.mismatch(disk, golden("nine_disk.index"))).isEqualTo(-1);
    }
  }

  @Test
  void openDisk_goldenFile_hasItsRowsAndLinks() throws IOException {
    var path = folder.resolve("rows.npy");
    DiskAnn.extractRows(golden("nine_disk.index"), ElementType.FLOAT32, path);
    try (var rows = VectorFiles.open(path);
        var own = VectorFiles.open(golden("rows.fbin"))) {
      assertThat(rows.size()).isEqualTo(9);
      assertThat(rows.block(0, 9).data().mismatch(own.block(0, 9).data())).isEqualTo(-1);
      var index = DiskAnn.openDisk(golden("nine_disk.index"), rows, Metric.COSINE, INT8);
      assertThat(neighbours(index, 8)).isEqualTo(new int[] {0, 1, 2});
      var again = folder.resolve("again");
      DiskAnn.saveGraph(again, index);
      assertThat(Files.mismatch(again, golden("mem.graph"))).isEqualTo(-1);
    }
  }

  @Test
  void openGraph_frozenPoint_isLeftOutAndItsNeighboursArePivots() throws IOException {
    try (var rows = VectorFiles.open(golden("rows.fbin"))) {
      var index = DiskAnn.openGraph(golden("frozen.graph"), rows, Metric.L2, INT8);
      assertThat(neighbours(index, 0)).isEqualTo(new int[] {1});
      // Written without it, walks begin from the first of its neighbours.
      var again = folder.resolve("again");
      DiskAnn.saveGraph(again, index);
      var bytes = Files.readAllBytes(again);
      assertThat(Arrays.copyOfRange(bytes, 12, 24))
          .isEqualTo(new byte[] {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
      assertThat(bytes).hasSize((int) Files.size(golden("mem.graph")));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "INT8", "UINT8"})
  void exchange_ofABuiltIndex_searchesAlike(ElementType type, @Fixed SplittableRandom random)
      throws IOException {
    var typed = TestVectors.typed(random, type, 1200, 16);
    var options = SearchOptions.nearest(10).withEffort(new Effort.Beam(100));
    try (var rows = typed.source();
        var queries = VectorSource.of(TestVectors.gaussians(random, 30, 16))) {
      var built = VectorIndex.over(rows, Metric.L2, "vamana(degree=24)");
      var graph = folder.resolve("graph");
      var disk = folder.resolve("disk");
      assertThat(DiskAnn.saveGraph(graph, built)).isEqualTo(1200);
      assertThat(DiskAnn.saveDisk(disk, built)).isEqualTo(1200);
      var exact = built.search(queries, SearchOptions.nearest(10).withEffort(new Effort.Exact()));
      for (var codes : new GraphSpec.Codes[] {INT8, GraphSpec.Codes.INT4}) {
        for (var opened :
            new VectorIndex[] {
              DiskAnn.openGraph(graph, rows, Metric.L2, codes),
              DiskAnn.openDisk(disk, rows, Metric.L2, codes)
            }) {
          opened.verify();
          var found = opened.search(queries, options);
          long hits = 0;
          for (int q = 0; q < 30; q++) {
            var truth = exact.neighbors().get(q);
            double worst = truth.key(truth.size() - 1);
            for (int rank = 0; rank < 10; rank++) {
              hits += found.neighbors().get(q).key(rank) <= worst ? 1 : 0;
            }
          }
          assertThat(hits / 300.0).isGreaterThanOrEqualTo(0.9);
        }
      }
      var saved = folder.resolve("index.kith");
      var opened = DiskAnn.openGraph(graph, rows, Metric.L2, INT8);
      opened.save(saved);
      VectorIndex.open(saved, rows).verify();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 11, 12, 15, 16, 23, 24, 27, 31, 40})
  void openGraph_damagedByte_namesFileAndOffset(int at) throws IOException {
    var bytes = Files.readAllBytes(golden("mem.graph"));
    bytes[at] ^= (byte) 0x80;
    var path = folder.resolve("damaged");
    Files.write(path, bytes);
    try (var rows = VectorFiles.open(golden("rows.fbin"))) {
      assertThatThrownBy(() -> DiskAnn.openGraph(path, rows, Metric.L2, INT8))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("file=" + path + ", offset=");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8, 16, 32, 40, 48, 72, 4096, 4096 + 1200, 4096 + 1204})
  void openDisk_damagedByte_namesFileAndOffset(int at) throws IOException {
    var bytes = Files.readAllBytes(golden("nine_disk.index"));
    bytes[at] ^= 0x40;
    var path = folder.resolve("damaged");
    Files.write(path, bytes);
    try (var rows = VectorFiles.open(golden("rows.fbin"))) {
      assertThatThrownBy(() -> DiskAnn.openDisk(path, rows, Metric.L2, INT8))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("file=" + path + ", offset=");
    }
  }

  @Test
  void openAndSave_whatIsNotExchanged_isRefusedByName() throws IOException {
    try (var rows = VectorFiles.open(golden("rows.fbin"))) {
      var graph = golden("mem.graph");
      assertThatThrownBy(() -> DiskAnn.openGraph(graph, rows.slice(0, 8), Metric.L2, INT8))
          .isInstanceOf(VectorDataException.class);
      var flat = VectorIndex.over(rows, Metric.L2, "flat");
      assertThatThrownBy(() -> DiskAnn.saveGraph(folder.resolve("x"), flat))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "files of DiskANN hold a graph, not an index flat: build one, such as vamana");
      assertThatThrownBy(() -> DiskAnn.openGraph(graph, rows, Metric.L2, GraphSpec.Codes.FLOAT32))
          .hasMessage("an imported graph is walked through by int4 or int8 codes: float32");
    }
  }
}
