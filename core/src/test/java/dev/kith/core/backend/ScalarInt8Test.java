package dev.kith.core.backend;

import dev.kith.core.quant.Quantizer;

class ScalarInt8Test extends ScalarBackendTest {
  @Override
  protected Quantizer shadow() {
    return Quantizer.INT8;
  }
}
