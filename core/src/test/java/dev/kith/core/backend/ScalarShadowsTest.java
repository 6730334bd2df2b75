package dev.kith.core.backend;

import dev.kith.core.quant.Quantizer;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.FieldSource;

@ParameterizedClass
@FieldSource("ALL")
class ScalarShadowsTest extends ExactSearchContract {
  static final List<Quantizer> ALL = Quantizer.ALL;

  private final Quantizer quantizer;

  ScalarShadowsTest(Quantizer quantizer) {
    this.quantizer = quantizer;
  }

  @Override
  protected Backend backend() {
    return new ScalarBackend();
  }

  @Override
  protected Quantizer shadow() {
    return quantizer;
  }
}
