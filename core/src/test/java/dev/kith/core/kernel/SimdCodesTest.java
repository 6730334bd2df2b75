package dev.kith.core.kernel;

class SimdCodesTest extends CodeKernelContract {
  @Override
  protected CodeKernel kernel() {
    return new SimdCodes();
  }
}
