package dev.kith.core.graph;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import java.util.List;

class ScalarRecallTest extends RecallContract {
  @Override
  protected List<Metric> metrics() {
    return List.of(Metric.L2);
  }

  @Override
  protected Backend backend() {
    return Backends.choose("scalar");
  }

  @Override
  protected Backend building() {
    return Backends.choose("simd");
  }
}
