package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.graph.FilteredRecallContract;

/** Recall as the parameter, by the loops of this machine's instruction set. */
class NativeFilteredRecallTest extends FilteredRecallContract {
  @Override
  protected Backend backend() {
    return new NativeBackend(Variants.all().getFirst());
  }
}
