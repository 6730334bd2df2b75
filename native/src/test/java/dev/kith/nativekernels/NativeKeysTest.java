package dev.kith.nativekernels;

import dev.kith.core.kernel.KeyKernel;
import dev.kith.core.kernel.KeyKernelContract;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Canonical sums of every instruction set that this machine can run. */
@ParameterizedClass
@MethodSource("all")
class NativeKeysTest extends KeyKernelContract {
  private final NativeKernels kernels;

  NativeKeysTest(NativeKernels kernels) {
    this.kernels = kernels;
  }

  static List<NativeKernels> all() {
    return Variants.all();
  }

  @Override
  protected KeyKernel kernel() {
    return kernels;
  }
}
