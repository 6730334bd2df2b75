package dev.kith.core.kernel;

class SimdKernelTest extends ScanKernelContract {
  @Override
  protected ScanKernel kernel() {
    return new SimdKernel();
  }
}
