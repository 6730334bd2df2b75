package dev.kith.cuda.kernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.Context;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** Checksums of words that were copied to a device. */
final class ChecksumContract {
  private static final int THREADS = 256;

  private ChecksumContract() {}

  /** What {@code kith_checksum} says of the words. */
  static long onDevice(Context context, LoadedKernels kernels, MemorySegment words) {
    try (var arena = Arena.ofConfined();
        var stream = context.stream();
        var device = context.allocate(Math.max(1, words.byteSize()));
        var sum = context.allocate(JAVA_LONG.byteSize())) {
      var host = arena.allocate(JAVA_LONG);
      stream.copyToDevice(device.address(), words, words.byteSize());
      stream.fill(sum.address(), (byte) 0, sum.byteSize());
      stream.launch(
          kernels.kernel("kith_checksum"),
          context.device().multiprocessors(),
          1,
          1,
          THREADS,
          0,
          new Arguments()
              .addPointer(device.address())
              .addLong(words.byteSize() / JAVA_INT.byteSize())
              .addPointer(sum.address()));
      stream.copyToHost(host, sum.address(), sum.byteSize());
      stream.synchronize();
      return host.get(JAVA_LONG, 0);
    }
  }

  /** The test vector, and random words of lengths around those of warps, blocks and grids. */
  static void check(Context context, LoadedKernels kernels, SplittableRandom random) {
    try (var arena = Arena.ofConfined()) {
      var vector = arena.allocateFrom(JAVA_INT, ChecksumTest.vector());
      assertThat(onDevice(context, kernels, vector)).isEqualTo(ChecksumTest.OF_VECTOR);
      int grid = THREADS * context.device().multiprocessors();
      for (int count : new int[] {0, 1, 31, 33, 255, 257, grid - 1, grid + 1, 9 * grid + 7}) {
        var words = arena.allocateFrom(JAVA_INT, random.ints(count).toArray());
        assertThat(onDevice(context, kernels, words))
            .as("%d words", count)
            .isEqualTo(Checksum.of(words));
      }
    }
  }
}
