package dev.kith.core.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorWriterTest {
  @TempDir Path folder;

  @Test
  void close_withoutCommit_leavesTheOldFileAndNothingElse() throws IOException {
    var file = Files.writeString(folder.resolve("rows.npy"), "old");
    try (var writer = VectorWriter.create(file, 2)) {
      writer.append(new float[] {1, 2});
    }
    assertThat(file).hasContent("old");
    assertThat(folder).isDirectoryContaining(path -> path.equals(file));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void commit_overAnOldFile_replacesIt() throws IOException {
    var file = Files.writeString(folder.resolve("rows.npy"), "old");
    try (var writer = VectorWriter.create(file, 2)) {
      writer.append(new float[] {1, 2});
      assertThat(writer.rows()).isEqualTo(1);
      writer.commit();
    }
    assertThat(folder.toFile().list()).containsExactly("rows.npy");
    try (var source = VectorFiles.open(file)) {
      assertThat(source.row(0)).containsExactly(1, 2);
    }
  }

  @Test
  void commit_noRows_isAnEmptySource() throws IOException {
    var file = folder.resolve("none.npy");
    try (var writer = VectorWriter.create(file, 7)) {
      writer.commit();
    }
    try (var source = VectorFiles.open(file)) {
      assertThat(source.size()).isZero();
      assertThat(source.dimension()).isEqualTo(7);
      assertThat(source.blocks(10)).isEmpty();
    }
  }

  @Test
  void append_afterCommit_isRefused() throws IOException {
    var file = folder.resolve("rows.npy");
    try (var writer = VectorWriter.create(file, 2)) {
      writer.append(new float[] {1, 2});
      writer.commit();
      assertThatThrownBy(() -> writer.append(new float[] {3, 4}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the file is committed or closed: %s", file);
      assertThat(writer.rows()).isEqualTo(1);
    }
  }

  @Test
  void commit_twoWritersOfOneTarget_eachIsWhole() throws IOException {
    var file = folder.resolve("rows.npy");
    try (var first = VectorWriter.create(file, 2);
        var second = VectorWriter.create(file, 3)) {
      first.append(new float[] {1, 2});
      second.append(new float[] {1, 2, 3});
      first.commit();
      try (var source = VectorFiles.open(file)) {
        assertThat(source.row(0)).containsExactly(1, 2);
      }
      second.append(new float[] {4, 5, 6});
      second.commit();
    }
    try (var source = VectorFiles.open(file)) {
      assertThat(source.size()).isEqualTo(2);
      assertThat(source.row(1)).containsExactly(4, 5, 6);
    }
    assertThat(folder.toFile().list()).containsExactly("rows.npy");
  }

  @Test
  void append_blockOfAClosedSource_leavesNoTrace() throws IOException {
    var file = folder.resolve("rows.fvecs");
    try (var writer = VectorWriter.create(file, 2)) {
      var source = VectorSource.of(new float[] {1, 2});
      var block = source.block(0, 1);
      writer.append(block);
      source.close();
      assertThatThrownBy(() -> writer.append(block)).isInstanceOf(IllegalStateException.class);
      writer.commit();
    }
    try (var source = VectorFiles.open(file)) {
      assertThat(source.size()).isEqualTo(1);
    }
  }

  @Test
  void append_unfitRow_saysWhatFits() throws IOException {
    var file = folder.resolve("rows.fvecs");
    try (var writer = VectorWriter.create(file, 2);
        var bytes = VectorSource.of(new byte[] {1, 2}, 2, ElementType.INT8)) {
      assertThatThrownBy(() -> writer.append(new float[3]))
          .hasMessage(
              "the row must fit the file: file=%s, expected=2 x FLOAT32, found=3 x FLOAT32", file);
      assertThatThrownBy(() -> writer.append(bytes.block(0, 1)))
          .hasMessage(
              "the rows must fit the file: file=%s, expected=2 x FLOAT32, found=2 x INT8", file);
    }
  }

  @Test
  void create_unfitFormat_saysWhatFits() {
    var file = folder.resolve("rows.bvecs");
    assertThatThrownBy(() -> VectorWriter.create(file, 2))
        .hasMessage("this format holds UINT8 alone: file=%s, type=FLOAT32; use .npy", file);
    assertThatThrownBy(() -> VectorWriter.create(folder.resolve("rows.txt"), 2))
        .hasMessageStartingWith("vector files end in .npy, .fvecs or .bvecs");
    assertThatThrownBy(() -> VectorWriter.create(folder.resolve("rows.npy"), 0))
        .hasMessage("a vector has 1 to 65536 elements: 0");
  }
}
