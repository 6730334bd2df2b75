package dev.kith.core.backend;

class SimdBackendTest extends ExactSearchContract {
  @Override
  Backend backend() {
    return new SimdBackend();
  }
}
