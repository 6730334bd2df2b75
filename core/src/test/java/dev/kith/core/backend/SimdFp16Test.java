package dev.kith.core.backend;

import dev.kith.core.quant.Quantizer;

class SimdFp16Test extends SimdBackendTest {
  @Override
  protected Quantizer shadow() {
    return Quantizer.FP16;
  }
}
