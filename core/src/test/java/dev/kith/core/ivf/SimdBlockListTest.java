package dev.kith.core.ivf;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;

class SimdBlockListTest extends BlockListContract {
  @Override
  protected Backend backend() {
    return Backends.choose("simd");
  }
}
