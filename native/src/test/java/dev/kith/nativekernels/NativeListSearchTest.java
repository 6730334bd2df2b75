package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.ivf.ListSearchContract;

/** Search of inverted lists, and their builds, by the loops of this machine's instruction set. */
class NativeListSearchTest extends ListSearchContract {
  @Override
  protected Backend backend() {
    return new NativeBackend(Variants.all().getFirst());
  }
}
