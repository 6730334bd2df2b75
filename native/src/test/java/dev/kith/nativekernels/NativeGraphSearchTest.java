package dev.kith.nativekernels;

import dev.kith.core.backend.Backend;
import dev.kith.core.graph.GraphSearchContract;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Searches through graphs with the loops of every instruction set that this machine can run. */
@ParameterizedClass
@MethodSource("all")
class NativeGraphSearchTest extends GraphSearchContract {
  private final NativeKernels kernels;

  NativeGraphSearchTest(NativeKernels kernels) {
    this.kernels = kernels;
  }

  static List<NativeKernels> all() {
    return Variants.all();
  }

  @Override
  protected Backend backend() {
    return new NativeBackend(kernels);
  }
}
