package dev.kith.core.backend;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/** Plain Java loops; usable everywhere. */
final class ScalarBackend implements Backend {
  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Probe probe() {
    return new Probe(true, "plain Java loops");
  }

  @Override
  public ExactSearch exactSearch(VectorSource rows, Metric metric, @Nullable Shadow shadow) {
    return new ExactScan(Kernels.scalar(), name(), rows, metric, shadow);
  }
}
