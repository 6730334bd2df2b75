package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.ivf.BlockListContract;

/** Search of inverted lists, and their builds, by the loops of this machine's instruction set. */
class NativeBlockListTest extends BlockListContract {
  @Override
  protected Backend backend() {
    return new NativeBackend(Variants.all().getFirst());
  }
}
