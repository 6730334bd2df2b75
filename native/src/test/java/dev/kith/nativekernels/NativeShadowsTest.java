package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.ExactSearchContract;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.testing.Seeded;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Exact search over shadows: over every shadow with the instruction set that is chosen, and over
 * one with each of the others; a campaign repeats all with all. Loops are compared one by one
 * elsewhere.
 */
@ParameterizedClass
@MethodSource("all")
class NativeShadowsTest extends ExactSearchContract {
  private final NativeKernels kernels;
  private final Quantizer quantizer;

  NativeShadowsTest(NativeKernels kernels, Quantizer quantizer) {
    this.kernels = kernels;
    this.quantizer = quantizer;
  }

  static Stream<Arguments> all() {
    var variants = Variants.all();
    return variants.stream()
        .flatMap(
            kernels ->
                Quantizer.ALL.stream()
                    .limit(
                        Seeded.effort() > 1 || kernels.equals(variants.getFirst())
                            ? Long.MAX_VALUE
                            : 1)
                    .map(each -> Arguments.of(kernels, each)));
  }

  @Override
  protected Backend backend() {
    return new NativeBackend(kernels);
  }

  @Override
  protected Quantizer shadow() {
    return quantizer;
  }
}
