package dev.kith.core.backend;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/** The Vector API, where its module is loaded. */
final class SimdBackend implements Backend {
  @Override
  public String name() {
    return "simd";
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Probe probe() {
    return Kernels.hasSimd()
        ? new Probe(true, Kernels.simd().rows().name())
        : new Probe(
            false,
            "the module %s is not loaded; start java with --add-modules %s"
                .formatted(Kernels.VECTOR_MODULE, Kernels.VECTOR_MODULE));
  }

  @Override
  public ExactSearch exactSearch(VectorSource rows, Metric metric, @Nullable Shadow shadow) {
    return new ExactScan(Kernels.simd(), name(), rows, metric, shadow);
  }
}
