package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.ivf.ListRecallContract;
import dev.kith.core.metric.Metric;
import java.util.List;

/** Recall as the parameter of lists, by the loops of this machine's instruction set. */
class NativeListRecallTest extends ListRecallContract {
  @Override
  protected List<Metric> metrics() {
    return List.of(Metric.L2);
  }

  @Override
  protected List<String> kinds() {
    return List.of("pq8x4", "int8", "bits2");
  }

  @Override
  protected Backend backend() {
    return new NativeBackend(Variants.all().getFirst());
  }
}
