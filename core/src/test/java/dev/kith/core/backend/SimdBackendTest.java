package dev.kith.core.backend;

class SimdBackendTest extends ExactSearchContract {
  @Override
  protected Backend backend() {
    return new SimdBackend();
  }
}
