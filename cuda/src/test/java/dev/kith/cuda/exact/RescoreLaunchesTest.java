package dev.kith.cuda.exact;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class RescoreLaunchesTest {
  /** What the kernel declares itself: bins and sums of a selection, and some words. */
  private static final int DECLARED = 9 << 10;

  @Test
  void sharedBytes_anyK_holdsAsManyAsTheKernelPicks() throws IOException {
    var source = Files.readString(Path.of("src/main/cuda/rescore.cu"));
    var few = Pattern.compile("constexpr u32 FEW = (\\d+);").matcher(source);
    assertThat(few.find()).isTrue();
    int ranked = Integer.parseInt(few.group(1));
    for (int k = 1; k <= Sizes.MOST_K; k++) {
      // In whole words of 16 bytes: the kernel may read the last number with the one behind it.
      assertThat(RescoreLaunches.sharedBytes(k))
          .isEqualTo((12 * Math.max(k, ranked) + 15) / 16 * 16);
    }
  }

  /** Of compute capability 7.5, which has least. */
  @Test
  void sharedBytes_ofTheLargestK_leaveABlockItsPlace() {
    assertThat(RescoreLaunches.sharedBytes(Sizes.MOST_K) + DECLARED).isLessThanOrEqualTo(64 << 10);
  }
}
