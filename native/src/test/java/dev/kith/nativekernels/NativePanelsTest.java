package dev.kith.nativekernels;

import dev.kith.core.kernel.PanelKernel;
import dev.kith.core.kernel.PanelKernelContract;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Loops over panels of every instruction set that this machine can run. */
@ParameterizedClass
@MethodSource("all")
class NativePanelsTest extends PanelKernelContract {
  private final NativeKernels kernels;

  NativePanelsTest(NativeKernels kernels) {
    this.kernels = kernels;
  }

  static List<NativeKernels> all() {
    return Variants.all();
  }

  @Override
  protected PanelKernel kernel() {
    return kernels;
  }
}
