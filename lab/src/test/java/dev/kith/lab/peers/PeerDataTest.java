package dev.kith.lab.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.Ivecs;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerDataTest {
  @TempDir Path temp;

  @Test
  void in_aFolder_writesWhatPeersRead() throws IOException {
    try (var rows = VectorSource.of(new float[][] {{1, 2}, {3, 4}});
        var queries = VectorSource.of(new float[][] {{5, 6}})) {
      var data = PeerData.in(temp, "d", rows, queries, Metric.L2);
      try (var read = VectorFiles.open(data.rowsFile());
          var asked = VectorFiles.open(data.queriesFile())) {
        assertThat(read.row(1)).containsExactly(3, 4);
        assertThat(read.size()).isEqualTo(2);
        assertThat(asked.row(0)).containsExactly(5, 6);
      }
    }
  }

  @Test
  void exact_bySearchOrByFile_isTheSame() throws IOException {
    try (var rows = VectorSource.of(new float[][] {{0}, {1}, {5}});
        var queries = VectorSource.of(new float[][] {{0}, {5}})) {
      var data = PeerData.in(temp, "d", rows, queries, Metric.L2);
      assertThat(data.exact(2)).containsExactly(new long[] {0, 1}, new long[] {2, 1});
      var file = temp.resolve("truth.ivecs");
      Ivecs.write(file, new int[][] {{0, 1, 2}, {2, 1, 0}});
      assertThat(data.exact(file, 2)).containsExactly(new long[] {0, 1}, new long[] {2, 1});
      // More neighbours than rows: all rows are the truth.
      assertThat(data.exact(file, 9)).containsExactly(new long[] {0, 1, 2}, new long[] {2, 1, 0});
    }
  }

  @Test
  void exact_fileOfOtherData_isRefused() throws IOException {
    try (var rows = VectorSource.of(new float[][] {{0}, {1}, {5}});
        var queries = VectorSource.of(new float[][] {{0}, {5}})) {
      var data = PeerData.in(temp, "d", rows, queries, Metric.L2);
      var file = temp.resolve("truth.ivecs");
      Ivecs.write(file, new int[][] {{0, 1}});
      assertThatThrownBy(() -> data.exact(file, 2))
          .isInstanceOf(IOException.class)
          .hasMessage(
              "truth must hold one list a query: queries=2, lists=1, file=%s; is it of other"
                  + " queries?",
              file);
      Ivecs.write(file, new int[][] {{0, 1}, {2, 3}});
      assertThatThrownBy(() -> data.exact(file, 2))
          .isInstanceOf(IOException.class)
          .hasMessage(
              "truth of query 1 must hold at least 2 rows of 3: 2 rows, file=%s; is it of other"
                  + " rows?",
              file);
      assertThatThrownBy(() -> data.exact(file, 3))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("truth of query 0 must hold at least 3 rows of 3: 2 rows");
    }
  }

  @Test
  void of_dimensionsThatDiffer_isRefused() {
    try (var rows = VectorSource.of(new float[][] {{0, 0}});
        var queries = VectorSource.of(new float[][] {{0}})) {
      assertThatThrownBy(() -> new PeerData("d", rows, queries, Metric.L2, temp, temp))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "peers search float32 rows by float32 queries of the same dimension: rows=1x2"
                  + " FLOAT32, queries=1x1 FLOAT32");
    }
  }
}
