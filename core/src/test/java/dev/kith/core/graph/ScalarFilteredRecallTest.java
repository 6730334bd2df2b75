package dev.kith.core.graph;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;

class ScalarFilteredRecallTest extends FilteredRecallContract {
  @Override
  protected Backend backend() {
    return Backends.choose("scalar");
  }

  @Override
  protected Backend building() {
    return Backends.choose("simd");
  }
}
