package dev.kith.cuda.ladder;

import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.ladder.LadderKernels.Launch;
import java.util.HashMap;
import java.util.Map;

/**
 * How fast this device can read and compute at all, measured when asked for and then kept. Not safe
 * for many threads.
 */
public final class GpuRates {
  /** What is read once per measurement at least, so that its start and end do not count. */
  private static final long LEAST_READ = 1L << 30;

  private static final long MOST_BYTES = 1L << 30;

  /** Fewer are read in less time than the device's clock can tell. */
  private static final long FEW_BYTES = 1 << 16;

  private static final int GROUP = 16;
  private static final int MEASURED = 7;
  private static final int THREADS = 256;
  private static final int BLOCKS_A_MULTIPROCESSOR = 8;
  private static final int ROUNDS = 1 << 13;
  private static final int CHAINS = 16;

  private final LadderKernels kernels;
  private final Map<Long, Double> bytesAMilli = new HashMap<>();
  private double multiplyAddsAMilli;

  /**
   * Of the GPU of this process.
   *
   * @throws CudaUnavailableException with the reason, if there is none that can be used
   */
  public GpuRates() throws CudaUnavailableException {
    kernels = LadderKernels.get();
  }

  /**
   * The least time in which {@code bytes} can be read again and again: from L2 where they fit, from
   * memory where they do not. 0 if they are too few to tell.
   */
  public double readMillis(long bytes) {
    if (bytes < FEW_BYTES) {
      return 0;
    }
    long most = Math.min(MOST_BYTES, kernels.gpu().ledger().budget() / 4);
    long size = Math.min(bytes, most) / GROUP * GROUP;
    return bytes / bytesAMilli.computeIfAbsent(size, this::measureReading);
  }

  private double measureReading(long size) {
    int passes = Math.toIntExact((LEAST_READ + size - 1) / size);
    var ledger = kernels.gpu().ledger();
    var data = ledger.take(size + GROUP, "measuring how fast memory is");
    try (var stream = kernels.gpu().context().stream()) {
      stream.fill(data.address(), (byte) 0, size + GROUP);
      stream.synchronize();
      var reading =
          everywhere(
              "kith_ladder_read",
              new Arguments()
                  .addPointer(data.address())
                  .addLong(size / GROUP)
                  .addInt(passes)
                  .addPointer(data.address() + size));
      return (double) size * passes / leastMillis(reading);
    } finally {
      ledger.give(data);
    }
  }

  /** The least time that float32 multiply-adds take outside tensor cores. */
  public double computeMillis(double multiplyAdds) {
    if (multiplyAddsAMilli == 0) {
      var ledger = kernels.gpu().ledger();
      var out = ledger.take(Float.BYTES, "measuring how fast multiply-adds are");
      try {
        var computing =
            everywhere(
                "kith_ladder_multiply",
                new Arguments().addPointer(out.address()).addFloat(0.5f).addInt(ROUNDS));
        double all = (double) CHAINS * ROUNDS * THREADS * computing.blocksX();
        multiplyAddsAMilli = all / leastMillis(computing);
      } finally {
        ledger.give(out);
      }
    }
    return multiplyAdds / multiplyAddsAMilli;
  }

  private Launch everywhere(String kernel, Arguments arguments) {
    long blocks = (long) kernels.gpu().device().multiprocessors() * BLOCKS_A_MULTIPROCESSOR;
    return kernels.launch(kernel, blocks * THREADS, 1, THREADS, 0, arguments);
  }

  private double leastMillis(Launch launch) {
    try (var stream = kernels.gpu().context().stream()) {
      double least = Double.POSITIVE_INFINITY;
      for (int i = 0; i < MEASURED; i++) {
        try (var meter = new Meter.Timed(kernels, stream)) {
          meter.kernels(1, () -> launch.on(stream));
          least = Math.min(least, meter.time().kernels());
        }
      }
      return least;
    }
  }
}
