package dev.kith.core.kernel;

class ScalarKeysTest extends KeyKernelContract {
  @Override
  protected KeyKernel kernel() {
    return new ScalarKeys();
  }
}
