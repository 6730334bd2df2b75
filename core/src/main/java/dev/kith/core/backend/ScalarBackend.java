package dev.kith.core.backend;

import dev.kith.core.kernel.Kernels;

/** Plain Java loops; usable everywhere. */
final class ScalarBackend extends CpuBackend {
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
  protected Kernels kernels() {
    return Kernels.scalar();
  }
}
