package dev.kith.core.backend;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import dev.kith.core.testing.PlainHalves;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

  /** Like the scalar backend, but it takes shadows, which is slower there than to take the rows. */
  @Override
  protected Backend backend() {
    return new Backend() {
      @Override
      public String name() {
        return "scalar";
      }

      @Override
      public int priority() {
        return 0;
      }

      @Override
      public Probe probe() {
        return new Probe(true, "for tests");
      }

      @Override
      public @Nullable Searcher searcher(IndexData data) {
        return new ExactScan(PlainHalves.withScalar(), name(), (FlatData) data);
      }
    };
  }

  @Override
  protected Quantizer shadow() {
    return quantizer;
  }
}
