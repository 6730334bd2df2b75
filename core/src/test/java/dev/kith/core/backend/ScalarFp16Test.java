package dev.kith.core.backend;

import dev.kith.core.quant.Quantizer;

class ScalarFp16Test extends ScalarBackendTest {
  @Override
  protected Quantizer shadow() {
    return Quantizer.FP16;
  }
}
