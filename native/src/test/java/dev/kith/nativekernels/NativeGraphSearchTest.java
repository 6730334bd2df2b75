package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.graph.GraphSearchContract;

/** Search through graphs, and their builds, by the loops of this machine's instruction set. */
class NativeGraphSearchTest extends GraphSearchContract {
  @Override
  protected Backend backend() {
    return new NativeBackend(Variants.all().getFirst());
  }
}
