package dev.kith.core.kernel;

class ScalarKernelTest extends ScanKernelContract {
  @Override
  protected ScanKernel kernel() {
    return new ScalarKernel();
  }
}
