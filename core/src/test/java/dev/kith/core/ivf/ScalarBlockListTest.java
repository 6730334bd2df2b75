package dev.kith.core.ivf;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;

class ScalarBlockListTest extends BlockListContract {
  @Override
  protected Backend backend() {
    return Backends.choose("scalar");
  }

  @Override
  protected Backend building() {
    return Backends.choose("simd");
  }
}
