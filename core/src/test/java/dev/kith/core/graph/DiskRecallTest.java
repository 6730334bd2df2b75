package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.RecallData;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recalls asked of graphs whose nodes are read from a file, with the curve kept beside them. */
class DiskRecallTest extends RecallContract {
  @TempDir Path folder;

  @Override
  protected Backend backend() {
    return Backends.choose("simd");
  }

  @Override
  protected Searcher searching(GraphData data) {
    return Objects.requireNonNull(backend().searcher(onDisk(data, true)));
  }

  @Override
  protected List<Metric> metrics() {
    return List.of(Metric.COSINE); // estimates of the others are those of walks in memory
  }

  private DiskGraphData onDisk(GraphData data, boolean measured) {
    var file = folder.resolve(UUID.randomUUID().toString());
    try (var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      DiskGraphData.write(
          data,
          bytes -> {
            for (var buffer = bytes.asByteBuffer(); buffer.hasRemaining(); ) {
              channel.write(buffer);
            }
          });
      var parts = data.parts();
      parts.put(
          DiskGraphData.NODES,
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto()));
      if (!measured) {
        parts.remove(GraphData.CURVE);
      }
      return DiskGraphData.open(data.rows(), data.metric(), data.spec(), parts, file, 0, List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void search_recallFromDisk_readsFewNodesAndScoresThemAll(@Fixed SplittableRandom random) {
    var made = RecallData.LOOSE_CLUSTERS.make(random, 3_000);
    try (var source = VectorSource.of(Arrays.copyOf(made, 3_000));
        var queries = VectorSource.of(Arrays.copyOfRange(made, 3_000, 3_100))) {
      var data = build(source, Metric.L2, "graph(r=16,efc=64)");
      var options = SearchOptions.nearest(K).withEffort(new Effort.Recall(0.95));
      var memory = searcher(data).search(queries, options).report();
      var report = searching(data).search(queries, options).report();
      assertThat(report.expectedRecall()).isNotNull();
      assertThat(report.proved()).isFalse();
      assertThat(report.work().keysComputed()).isEqualTo(report.work().hops()); // a read each
      // What is scored in memory is read; beyond that some nodes are read together.
      assertThat(report.work().hops())
          .isBetween(20L * 100, memory.work().hops() + memory.work().keysComputed() + 4L * 100);
      var wider = searching(data).search(queries, options.withEffort(new Effort.Recall(0.99)));
      assertThat(wider.report().work().hops()).isGreaterThan(report.work().hops());
    }
  }

  @Test
  void search_filterOrNoCurve_isExact(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 600, 8);
    try (var source = VectorSource.of(rows)) {
      var data = build(source, Metric.L2, "graph(r=8)");
      var query = source.slice(7, 1);
      var recall = SearchOptions.nearest(3).withEffort(new Effort.Recall(0.9));
      var filtered = recall.among(RowFilter.of(600, row -> row % 2 == 0));
      assertThat(searching(data).search(query, filtered).report().proved()).isTrue();
      assertThat(searching(data).search(query, recall).report().proved()).isFalse();
      var unmeasured = Objects.requireNonNull(backend().searcher(onDisk(data, false)));
      assertThat(unmeasured.search(query, recall).report().proved()).isTrue();
    }
  }

  @Test
  void calibrate_onDisk_saysWhatToCalibrate(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 300, 8))) {
      var disk = searching(build(source, Metric.L2, "graph(r=8)"));
      assertThatThrownBy(() -> disk.calibrated(source, BuildOptions.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a graph on disk keeps the curve of the index that it was saved from: calibrate that"
                  + " one, and save it for walks from disk again");
    }
  }
}
