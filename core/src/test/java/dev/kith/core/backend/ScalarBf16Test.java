package dev.kith.core.backend;

import dev.kith.core.quant.Quantizer;

class ScalarBf16Test extends ScalarBackendTest {
  @Override
  protected Quantizer shadow() {
    return Quantizer.BF16;
  }
}
