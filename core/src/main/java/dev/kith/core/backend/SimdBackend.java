package dev.kith.core.backend;

import dev.kith.core.kernel.Kernels;

/** The Vector API, where its module is loaded. */
final class SimdBackend extends CpuBackend {
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
  protected Kernels kernels() {
    return Kernels.simd();
  }
}
