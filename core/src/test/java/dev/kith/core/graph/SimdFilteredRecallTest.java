package dev.kith.core.graph;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;

class SimdFilteredRecallTest extends FilteredRecallContract {
  @Override
  protected Backend backend() {
    return Backends.choose("simd");
  }
}
