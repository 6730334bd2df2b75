package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.ExactSearchContract;
import dev.kith.core.quant.Quantizer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Exact search over every shadow with every instruction set that this machine can run. */
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
    return Variants.all().stream()
        .flatMap(kernels -> Quantizer.ALL.stream().map(each -> Arguments.of(kernels, each)));
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
