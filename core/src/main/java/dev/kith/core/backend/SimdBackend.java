package dev.kith.core.backend;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.SimdKernel;
import dev.kith.core.kernel.SimdPanels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/** The Vector API, where its module is loaded. */
final class SimdBackend implements Backend {
  private static final String MODULE = "jdk.incubator.vector";

  /** Loads the kernel, and with it the Vector API, only once it is used. */
  private static final class Loops {
    static final Kernels KERNELS = new Kernels(new SimdKernel(), new SimdPanels(), null);
  }

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
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return new Probe(
          false,
          "the module %s is not loaded; start java with --add-modules %s"
              .formatted(MODULE, MODULE));
    }
    return new Probe(true, Loops.KERNELS.rows().name());
  }

  @Override
  public ExactSearch exactSearch(VectorSource rows, Metric metric, @Nullable Shadow shadow) {
    return new ExactScan(Loops.KERNELS, name(), rows, metric, shadow);
  }
}
