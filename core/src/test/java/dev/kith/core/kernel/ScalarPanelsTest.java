package dev.kith.core.kernel;

class ScalarPanelsTest extends PanelKernelContract {
  @Override
  protected PanelKernel kernel() {
    return new ScalarPanels();
  }
}
