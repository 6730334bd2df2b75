package dev.kith.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.device.Gpus;
import dev.kith.cuda.driver.CudaUnavailableException;

/** The GPU that searches run on, for tests tagged {@code gpu}: skipped where there is none. */
public final class SharedGpu {
  private SharedGpu() {}

  /** The GPU, or the test is skipped with the reason; see {@link GpuTest}. */
  public static Gpu get() {
    try {
      return Gpus.get();
    } catch (CudaUnavailableException e) {
      assumeTrue("required".equals(System.getProperty("kith.gpu")), "no GPU: " + e.reason());
      throw new AssertionError(e);
    }
  }
}
