package dev.kith.core.ivf;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import java.util.List;

class ScalarListRecallTest extends ListRecallContract {
  @Override
  protected List<Metric> metrics() {
    return List.of(Metric.COSINE);
  }

  @Override
  protected List<String> kinds() {
    return List.of("int8");
  }

  @Override
  protected Backend backend() {
    return Backends.choose("scalar");
  }
}
