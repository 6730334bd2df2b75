package dev.kith.core.kernel;

class ScalarKernelTest extends ScanKernelContract {
  @Override
  ScanKernel kernel() {
    return new ScalarKernel();
  }
}
