package dev.kith.cuda.exact;

import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.driver.Stream;

/** Starts kernels one after another on a stream. For one thread at a time. */
final class Launcher {
  private final Stream stream;
  private boolean overlaps;

  Launcher(Stream stream) {
    this.stream = stream;
  }

  /** Whether kernels may be brought up while the one before still runs. */
  void overlap(boolean allowed) {
    overlaps = allowed;
  }

  /** Starts {@code x} blocks. */
  void launch(Kernel kernel, long x, int threads, int sharedBytes, Arguments arguments) {
    launch(kernel, x, 1, threads, sharedBytes, arguments);
  }

  /** Starts {@code x} times {@code y} blocks. */
  void launch(Kernel kernel, long x, int y, int threads, int sharedBytes, Arguments arguments) {
    int blocks = Math.toIntExact(x);
    if (overlaps) {
      stream.launchProgrammatic(kernel, blocks, y, 1, threads, sharedBytes, arguments);
    } else {
      stream.launch(kernel, blocks, y, 1, threads, sharedBytes, arguments);
    }
  }
}
