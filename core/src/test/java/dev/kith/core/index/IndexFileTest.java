package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class IndexFileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flat",
        "flat(shadow=int8)",
        "flat(shadow=bf16)",
        "graph(r=8)",
        "graph(r=12,codes=int8)",
        "hnsw(m=6)",
        "vamana(degree=8,alpha=1.3)",
        "ivf",
        "ivf(lists=12,seed=5)",
        "ivf(lists=12,codes=bits1)",
        "ivf(lists=9,codes=bits3,seed=4)",
        "ivf(lists=9,codes=pq4x4)",
        "ivf(lists=9,codes=opq3x8)",
        "flat(shadow=bits1)",
        "flat(shadow=pq4x4)"
      })
  void open_saved_isTheSameIndex(String spec, SplittableRandom random) throws IOException {
    var rows = TestVectors.gaussians(random, 300, 11);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(TestVectors.gaussians(random, 20, 11))) {
      for (var metric : Metric.values()) {
        var built = VectorIndex.over(source, metric, spec);
        var path = folder.resolve("index.kith");
        built.save(path);
        var opened = VectorIndex.open(path, source);
        opened.verify();
        assertThat(opened.spec()).isEqualTo(built.spec());
        assertThat(opened.metric()).isEqualTo(metric);
        assertThat(opened.rows()).isSameAs(source);
        assertThat(opened.data().parts().keySet()).isEqualTo(built.data().parts().keySet());
        built
            .data()
            .parts()
            .forEach(
                (name, part) ->
                    assertThat(
                            Objects.requireNonNull(opened.data().parts().get(name)).mismatch(part))
                        .as("part %s", name)
                        .isEqualTo(-1));
        var options = SearchOptions.nearest(5).withEffort(effort(built.spec()));
        assertThat(opened.search(queries, options)).isEqualTo(built.search(queries, options));
        var again = folder.resolve("again.kith");
        opened.save(again);
        assertThat(Files.mismatch(path, again)).isEqualTo(-1);
      }
    }
  }

  private static Effort effort(IndexSpec spec) {
    return spec instanceof ListSpec lists
        ? lists.sweeps() ? new Effort.Recall(0.9) : new Effort.Probes(3)
        : new Effort.Beam(20);
  }

  @Test
  void batching_ofAnOpenedIndex_verifiesTheFile() throws IOException {
    try (var rows = VectorSource.of(new float[] {0, 1}, new float[] {3, 4})) {
      var path = folder.resolve("index.kith");
      VectorIndex.over(rows, Metric.L2, "flat(shadow=fp16)").save(path);
      flip(path, (int) Files.size(path) - 1, 1);
      var opened = VectorIndex.open(path, rows);
      assertThatThrownBy(opened.batching()::verify)
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("the part shadow must have its checksum: file=" + path);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"flat(shadow=int8)", "graph(r=8)", "ivf(lists=6)", "ivf(lists=6,codes=bits2)"})
  void openOrVerify_anyByteFlipped_namesFileAndOffset(String spec, SplittableRandom random)
      throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 60, 5))) {
      var path = folder.resolve("index.kith");
      VectorIndex.over(source, Metric.COSINE, spec).save(path);
      VectorIndex.open(path, source).verify();
      int length = (int) Files.size(path);
      int header = little(path).getInt(44);
      for (int at = 0; at < header; at++) {
        int bits = 1 + random.nextInt(255);
        flip(path, at, bits);
        assertThatThrownBy(() -> VectorIndex.open(path, source))
            .as("header byte %d, bits %d", at, bits)
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("file=" + path + ", offset=");
        flip(path, at, bits);
      }
      for (int i = 0; i < 300; i++) {
        int at = header + random.nextInt(length - header);
        int bits = 1 + random.nextInt(255);
        flip(path, at, bits);
        // What lies in the header of a part is found when it is opened, the rest by reading it.
        assertThatThrownBy(() -> VectorIndex.open(path, source).verify())
            .as("byte %d, bits %d", at, bits)
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("file=" + path)
            .hasMessageMatching("(?s).*(offset|begin at).*");
        flip(path, at, bits);
      }
      VectorIndex.open(path, source).verify();
    }
  }

  @Test
  void open_cutOrLonger_isRefused(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 3))) {
      var path = folder.resolve("index.kith");
      VectorIndex.over(source, Metric.L2, "graph(r=4)").save(path);
      var whole = Files.readAllBytes(path);
      for (int length : new int[] {0, 1, 63, 64, 200, whole.length - 1, whole.length + 1}) {
        Files.write(path, Arrays.copyOf(whole, length));
        assertThatThrownBy(() -> VectorIndex.open(path, source))
            .as("%d bytes of %d", length, whole.length)
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("file=" + path + ", offset=");
      }
    }
  }

  @Test
  void open_otherRows_isRefusedByName(SplittableRandom random) throws IOException {
    var rows = TestVectors.gaussians(random, 40, 3);
    var path = folder.resolve("index.kith");
    try (var source = VectorSource.of(rows)) {
      VectorIndex.over(source, Metric.L2, "flat(shadow=int8)").save(path);
    }
    var other = rows.clone();
    other[7] = new float[] {1, 2, 3};
    try (var changed = VectorSource.of(other);
        var fewer = VectorSource.of(Arrays.copyOf(rows, 39));
        var wider = VectorSource.of(TestVectors.gaussians(random, 40, 4))) {
      assertThatThrownBy(() -> VectorIndex.open(path, changed))
          .isInstanceOf(VectorDataException.class)
          .hasMessageStartingWith("the index must be of these rows (memory): file=" + path)
          .hasMessageEndingWith("restore the file, or build the index again");
      assertThatThrownBy(() -> VectorIndex.open(path, fewer))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "the index must be of as many rows: file=%s, offset=16, expected=39, found=40; restore the file, or build the index again"
                  .formatted(path));
      assertThatThrownBy(() -> VectorIndex.open(path, wider))
          .isInstanceOf(VectorDataException.class)
          .hasMessageStartingWith("the index must have the rows' dimension");
    }
  }

  private static ByteBuffer little(Path path) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void flip(Path path, int at, int bits) throws IOException {
    var bytes = Files.readAllBytes(path);
    bytes[at] ^= (byte) bits;
    // Replaced, not written in place: what is mapped stays as it is.
    var beside = path.resolveSibling("flipped");
    Files.write(beside, bytes);
    Files.move(beside, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }
}
