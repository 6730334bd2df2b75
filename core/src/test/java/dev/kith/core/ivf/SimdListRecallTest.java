package dev.kith.core.ivf;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import java.util.List;

class SimdListRecallTest extends ListRecallContract {
  @Override
  protected List<Metric> metrics() {
    return List.of(Metric.DOT);
  }

  @Override
  protected List<String> kinds() {
    return List.of("bits1", "int8");
  }

  @Override
  protected Backend backend() {
    return Backends.choose("simd");
  }
}
