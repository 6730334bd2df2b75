package dev.kith.core.graph;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;

class SimdGraphSearchTest extends GraphSearchContract {
  @Override
  protected Backend backend() {
    return Backends.choose("simd");
  }
}
