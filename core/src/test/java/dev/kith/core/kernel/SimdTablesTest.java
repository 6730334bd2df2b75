package dev.kith.core.kernel;

class SimdTablesTest extends TableKernelContract {
  @Override
  protected TableKernel kernel() {
    return new SimdTables();
  }
}
