package dev.kith.core.backend;

class ScalarBackendTest extends ExactSearchContract {
  @Override
  Backend backend() {
    return new ScalarBackend();
  }
}
