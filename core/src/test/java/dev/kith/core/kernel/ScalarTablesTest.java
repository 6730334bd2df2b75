package dev.kith.core.kernel;

class ScalarTablesTest extends TableKernelContract {
  @Override
  protected TableKernel kernel() {
    return new ScalarTables();
  }
}
