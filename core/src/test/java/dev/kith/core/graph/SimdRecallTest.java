package dev.kith.core.graph;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import java.util.List;

class SimdRecallTest extends RecallContract {
  @Override
  protected List<Metric> metrics() {
    return List.of(Metric.DOT);
  }

  @Override
  protected Backend backend() {
    return Backends.choose("simd");
  }
}
