package dev.kith.cuda.ladder;

import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.device.Gpus;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.kernels.KernelSet;
import dev.kith.cuda.kernels.LoadedKernels;

/** The kernels of {@code ladder.cu} on one GPU. */
final class LadderKernels {
  private static final KernelSet KERNELS =
      KernelSet.of(
          "ladder",
          "kith_ladder_subtract",
          "kith_ladder_square",
          "kith_ladder_sum",
          "kith_ladder_root",
          "kith_ladder_distances",
          "kith_ladder_keys",
          "kith_ladder_sort_blocks",
          "kith_ladder_sort_step",
          "kith_ladder_sort_rest",
          "kith_ladder_select",
          "kith_ladder_merge",
          "kith_ladder_tile",
          "kith_ladder_select_tile",
          "kith_ladder_read",
          "kith_ladder_multiply",
          "kith_ladder_pause");

  private final Gpu gpu;
  private final LoadedKernels kernels;

  private LadderKernels(Gpu gpu) throws CudaUnavailableException {
    this.gpu = gpu;
    this.kernels = gpu.load(KERNELS);
  }

  /**
   * On the GPU of this process.
   *
   * @throws CudaUnavailableException with the reason, if there is none that can be used
   */
  static LadderKernels get() throws CudaUnavailableException {
    return new LadderKernels(Gpus.get());
  }

  Gpu gpu() {
    return gpu;
  }

  Kernel kernel(String name) {
    return kernels.kernel(name);
  }

  /** A launch that can be given to a stream again and again. */
  record Launch(
      Kernel kernel, int blocksX, int blocksY, int threads, int sharedBytes, Arguments arguments) {
    void on(Stream stream) {
      stream.launch(kernel, blocksX, blocksY, 1, threads, sharedBytes, arguments);
    }
  }

  /** A launch that holds its stream for a time. */
  Launch pause(long nanos) {
    return launch("kith_ladder_pause", 1, 1, 1, 0, new Arguments().addLong(nanos));
  }

  /**
   * A launch of {@code all} threads or a few more, in blocks of {@code threads}, {@code y} times.
   */
  Launch launch(String name, long all, int y, int threads, int sharedBytes, Arguments arguments) {
    int x = Math.toIntExact((all + threads - 1) / threads);
    return new Launch(kernel(name), x, y, threads, sharedBytes, arguments);
  }
}
