package dev.kith.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaDriver;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.Device;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/**
 * Tests that need a GPU; skipped, with the reason, where there is none. {@code -Dkith.gpu=required}
 * makes them fail there instead.
 */
@Tag("gpu")
public abstract class GpuTest {
  private Context context;

  @BeforeEach
  void openDevice() {
    context = device().open();
  }

  private static Device device() {
    try {
      return CudaDriver.get().devices().getFirst();
    } catch (CudaUnavailableException e) {
      assumeTrue("required".equals(System.getProperty("kith.gpu")), "no GPU: " + e.reason());
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void closeDevice() {
    if (context != null) {
      context.close();
    }
  }

  /** A context of the first device, closed after each test. */
  protected final Context context() {
    return context;
  }
}
