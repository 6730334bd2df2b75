package dev.kith.core.kernel;

class SimdKeysTest extends KeyKernelContract {
  @Override
  protected KeyKernel kernel() {
    return new SimdKeys();
  }
}
