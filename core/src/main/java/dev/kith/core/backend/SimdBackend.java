package dev.kith.core.backend;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.ExactSearch;
import dev.kith.core.kernel.SimdKernel;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;

/** The Vector API, where its module is loaded. */
final class SimdBackend implements Backend {
  private static final String MODULE = "jdk.incubator.vector";

  /** Loads the kernel, and with it the Vector API, only once it is used. */
  private static final class Loops {
    static final SimdKernel KERNEL = new SimdKernel();
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
    return new Probe(true, Loops.KERNEL.name());
  }

  @Override
  public ExactSearch exactSearch(VectorSource rows, Metric metric) {
    return new ExactScan(Loops.KERNEL, name(), rows, metric);
  }
}
