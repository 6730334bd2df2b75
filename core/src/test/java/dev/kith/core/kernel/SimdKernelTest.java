package dev.kith.core.kernel;

class SimdKernelTest extends ScanKernelContract {
  @Override
  ScanKernel kernel() {
    return new SimdKernel();
  }
}
