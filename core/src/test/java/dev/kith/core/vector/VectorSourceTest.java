package dev.kith.core.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorSourceTest {

  @Test
  void blocks_unevenSize_streamEveryRowOnce() {
    var rows = new float[10][];
    Arrays.setAll(rows, i -> new float[] {i});
    try (var source = VectorSource.of(rows)) {
      var seen = new StringBuilder();
      for (var block : source.blocks(4)) {
        seen.append(block.firstRow()).append('+').append(block.rows()).append(' ');
      }
      assertThat(seen).hasToString("0+4 4+4 8+2 ");
      assertThatThrownBy(() -> source.blocks(0)).hasMessage("rowsPerBlock must be at least 1: 0");
    }
  }

  @Test
  void slice_middle_seesItsRowsOnly() {
    try (var source =
        VectorSource.of(new float[] {0}, new float[] {1}, new float[] {2}, new float[] {3})) {
      var slice = source.slice(1, 2);
      assertThat(slice.size()).isEqualTo(2);
      assertThat(slice.row(1)).containsExactly(2);
      assertThat(slice.offsetOf(1, 0)).isEqualTo(8);
      assertThat(slice.block(1, 1).firstRow()).isEqualTo(1);
      assertThatThrownBy(() -> slice.row(2)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> source.slice(3, 2)).isInstanceOf(IndexOutOfBoundsException.class);
      slice.close();
      assertThat(source.row(3)).containsExactly(3);
    }
  }

  /** Rows behind a header, as a database keeps them; the caller that mapped the file owns it. */
  @Test
  void over_partOfAMappedFile_livesAsLongAsTheMapping(@TempDir Path folder) throws IOException {
    var file = folder.resolve("rows");
    var bytes = ByteBuffer.allocate(64 + 3 * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 6; i++) {
      bytes.putFloat(64 + 4 * i, i == 5 ? Float.NaN : i);
    }
    Files.write(file, bytes.array());
    VectorSource source;
    try (var arena = Arena.ofShared();
        var channel = FileChannel.open(file)) {
      var mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes.capacity(), arena);
      source = VectorSource.over("rows", mapped.asSlice(64), 64, 8, 3, 2, ElementType.FLOAT32);
      assertThat(source.row(1)).containsExactly(2, 3);
      source.close();
      assertThat(source.row(0)).containsExactly(0, 1);
      var data = source.block(0, 3).data();
      assertThat(data.isReadOnly()).isTrue();
      assertThat(data.address()).isEqualTo(mapped.address() + 64);
      // Loops see one class of memory, tests being run with native access.
      assertThat(VectorSourceTest.class.getModule().isNativeAccessEnabled()).isTrue();
      assertThat(data.isMapped()).isFalse();
      assertThatThrownBy(source::requireFinite)
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "vectors must be finite: file=rows, offset=84, row=2, element=1, found=NaN; remove or"
                  + " repair that row");
    }
    assertThatThrownBy(() -> source.row(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Already closed");
  }

  @Test
  void of_unfitArrays_areRefused() {
    assertThatThrownBy(VectorSource::of).hasMessage("no rows, so no dimension: give at least one");
    assertThatThrownBy(() -> VectorSource.of(new float[2], new float[3]))
        .hasMessage("rows must have one length: row 0 has 2 elements, row 1 has 3");
    assertThatThrownBy(() -> VectorSource.of(new float[0]))
        .hasMessage("a vector has 1 to 65536 elements: 0");
    assertThatThrownBy(() -> VectorSource.of(new byte[5], 2, ElementType.INT8))
        .hasMessage("the array must hold whole rows: elements=5, dimension=2");
    assertThatThrownBy(() -> VectorSource.of(new byte[4], 2, ElementType.FLOAT16))
        .hasMessage("bytes hold INT8 or UINT8 rows, not FLOAT16");
  }

  @Test
  void decode_everyType_isExact() {
    try (var signed = VectorSource.of(new byte[] {-128, -1, 127}, 3, ElementType.INT8);
        var unsigned = VectorSource.of(new byte[] {-128, -1, 127}, 3, ElementType.UINT8);
        var half =
            VectorSource.of(new short[] {0x3c00, (short) 0xc000, 0x0001}, 3, ElementType.FLOAT16)) {
      assertThat(signed.row(0)).containsExactly(-128, -1, 127);
      assertThat(unsigned.row(0)).containsExactly(128, 255, 127);
      assertThat(half.row(0)).containsExactly(1, -2, 0x1p-24f);
    }
  }
}
