package dev.kith.cuda.exact;

import org.junit.jupiter.api.Tag;

/** Without Hopper's products: those that other devices have. */
@Tag("gpu")
class CudaExactSearchWithoutWgmmaTest extends CudaExactSearchTest {
  @Override
  Tuning tuning() {
    return new Tuning(false, 0);
  }
}
