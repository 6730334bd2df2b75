package dev.kith.cuda.exact;

import dev.kith.core.backend.Backend;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.SharedGpu;
import org.jspecify.annotations.Nullable;

/** The CUDA backend, with its tuning varied. */
record TunedBackend(Tuning tuning) implements Backend {
  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int priority() {
    return 300;
  }

  @Override
  public Probe probe() {
    return new Probe(true, SharedGpu.get().toString());
  }

  @Override
  public ExactSearch exactSearch(VectorSource rows, Metric metric, @Nullable Shadow shadow) {
    return new CudaExactSearch(SharedGpu.get(), this, rows, metric, shadow, tuning);
  }
}
