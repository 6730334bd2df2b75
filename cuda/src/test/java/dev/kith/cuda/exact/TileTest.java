package dev.kith.cuda.exact;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TileTest {
  private static final Pattern KERNEL =
      Pattern.compile(
          "SCAN_TILE\\((\\d+), (\\d+), (\\d+), (\\d+), (\\d+), (\\d+)\\)", Pattern.MULTILINE);

  private record Declared(int rows, int queries, int threads, int stages) {}

  /** What scan.cu has, by name. */
  private static Map<String, Declared> declared() throws IOException {
    var found = new HashMap<String, Declared>();
    var matcher = KERNEL.matcher(Files.readString(Path.of("src/main/cuda/scan.cu")));
    while (matcher.find()) {
      var numbers = new int[7];
      for (int i = 1; i < numbers.length; i++) {
        numbers[i] = Integer.parseInt(matcher.group(i));
      }
      found.put(
          "kith_scan_tile_" + numbers[1],
          new Declared(numbers[2], numbers[3], 32 * numbers[4] * numbers[5], numbers[6]));
    }
    return found;
  }

  /** Of compute capability 7.5, 8.6, 8.0 and 9.0. */
  @ParameterizedTest
  @ValueSource(ints = {64 << 10, 99 << 10, 163 << 10, 227 << 10})
  void of_anyCount_isAKernelThatFitsTheDevice(int sharedBytes) throws IOException {
    var kernels = declared();
    assertThat(kernels).hasSize(5);
    for (int count = 1; count <= 1 << 14; count++) {
      var tile = Tile.of(count, sharedBytes);
      var kernel = kernels.get(tile.kernel());
      assertThat(kernel)
          .as("count=%d", count)
          .isEqualTo(new Declared(tile.rows(), tile.queries(), 256, tile.stages()));
      assertThat(tile.sharedBytes() + 8 * 256 * 8).isLessThanOrEqualTo(sharedBytes);
    }
  }

  @Test
  void of_aDeviceWithRoom_takesAllQueriesAtOnceWhereItCan() {
    int sharedBytes = 227 << 10;
    for (int count = 1; count <= 128; count++) {
      assertThat(Tile.of(count, sharedBytes).queries()).isGreaterThanOrEqualTo(count);
    }
    assertThat(Tile.of(129, sharedBytes).kernel()).isEqualTo("kith_scan_tile_256");
  }
}
