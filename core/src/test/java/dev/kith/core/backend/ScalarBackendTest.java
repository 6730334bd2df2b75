package dev.kith.core.backend;

class ScalarBackendTest extends ExactSearchContract {
  @Override
  protected Backend backend() {
    return new ScalarBackend();
  }
}
