package dev.kith.core.kernel;

class ScalarCodesTest extends CodeKernelContract {
  @Override
  protected CodeKernel kernel() {
    return new ScalarCodes();
  }
}
