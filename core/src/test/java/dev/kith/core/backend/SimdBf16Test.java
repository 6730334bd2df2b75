package dev.kith.core.backend;

import dev.kith.core.quant.Quantizer;

class SimdBf16Test extends SimdBackendTest {
  @Override
  protected Quantizer shadow() {
    return Quantizer.BF16;
  }
}
