package dev.kith.core.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IvecsTest {
  @TempDir Path folder;

  @Test
  void write_thenRead_givesTheSameLists() throws IOException {
    var file = folder.resolve("truth.ivecs");
    int[][] lists = {{3, 1, 2}, {}, {2_000_000_000}};
    Ivecs.write(file, lists);
    assertThat(Ivecs.read(file)).isDeepEqualTo(lists);
    assertThat(HexFormat.of().formatHex(Files.readAllBytes(file)))
        .isEqualTo("03000000030000000100000002000000" + "00000000" + "0100000000943577");
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void read_cutShort_saysWhere() throws IOException {
    var file = folder.resolve("cut.ivecs");
    Ivecs.write(file, new int[][] {{1}, {1, 2, 3}});
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThatThrownBy(() -> Ivecs.read(file))
        .isInstanceOf(VectorDataException.class)
        .hasMessage(
            "every list must lie in the file: file=%s, offset=8, expected=a length of 0 to 2,"
                + " found=3; the file is cut short or damaged; copy it again",
            file);
    Files.write(file, Arrays.copyOf(whole, 10));
    assertThatThrownBy(() -> Ivecs.read(file)).hasMessageContaining("offset=8");
    Files.write(file, HexFormat.of().parseHex("ffffffff"));
    assertThatThrownBy(() -> Ivecs.read(file)).hasMessageContaining("found=-1");
  }

  /** Lengths of more than the file holds, of more than memory holds, and of none. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 1 << 30, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
  void read_lengthThatLies_isRefused(int length) throws IOException {
    var file = folder.resolve("lie.ivecs");
    var bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0).putInt(length).putInt(7);
    Files.write(file, bytes.array());
    assertThatThrownBy(() -> Ivecs.read(file))
        .isInstanceOf(VectorDataException.class)
        .hasMessage(
            "every list must lie in the file: file=%s, offset=4, expected=a length of 0 to 1,"
                + " found=%d; the file is cut short or damaged; copy it again",
            file, length);
  }
}
