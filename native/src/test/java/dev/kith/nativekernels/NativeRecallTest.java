package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.graph.RecallContract;
import dev.kith.core.metric.Metric;
import java.util.List;

/** Recall as the parameter, by the loops of this machine's instruction set. */
class NativeRecallTest extends RecallContract {
  @Override
  protected List<Metric> metrics() {
    return List.of(Metric.COSINE);
  }

  @Override
  protected Backend backend() {
    return new NativeBackend(Variants.all().getFirst());
  }
}
