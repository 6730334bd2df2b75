package dev.kith.core.kernel;

class SimdPanelsTest extends PanelKernelContract {
  @Override
  protected PanelKernel kernel() {
    return new SimdPanels();
  }
}
