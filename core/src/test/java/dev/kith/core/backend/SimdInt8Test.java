package dev.kith.core.backend;

import dev.kith.core.quant.Quantizer;

class SimdInt8Test extends SimdBackendTest {
  @Override
  protected Quantizer shadow() {
    return Quantizer.INT8;
  }
}
