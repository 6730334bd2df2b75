package dev.kith.cuda.exact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.cuda.GpuTest;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.kernels.Checksum;
import dev.kith.cuda.kernels.KernelSet;
import dev.kith.cuda.store.DeviceCodes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every family of kernels that searches launch, on a device that has loaded none yet. */
@Tag("gpu")
class KernelSetsGpuTest extends GpuTest {
  private static final KernelSet[] SETS = {
    DeviceCodes.KERNELS,
    ScanLaunches.SCAN,
    ScanLaunches.TIGHTEN,
    RescoreLaunches.KERNELS,
    Checksum.KERNELS
  };

  /** Loading compares the layouts that the device's compiler chose with those of Java. */
  @Test
  void load_everyFamily_hasItsKernelsAndTheStructsOfJava() throws Exception {
    var gpu = Gpu.on(context(), 1L << 20);
    var sets = new ArrayList<>(List.of(SETS));
    if (gpu.hasWgmma()) {
      sets.add(ScanLaunches.WGMMA);
    } else {
      assertThatThrownBy(() -> gpu.load(ScanLaunches.WGMMA))
          .isInstanceOf(CudaUnavailableException.class)
          .hasMessageStartingWith("scan_sm90a.cu is for compute capability 9.0 alone");
    }
    for (var set : sets) {
      var loaded = gpu.load(set);
      for (var name : set.kernels()) {
        assertThat(loaded.kernel(name).name()).isEqualTo(name);
        assertThat(loaded.kernel(name).registers()).as(name).isPositive();
      }
    }
    assertThat(gpu.ledger().used()).isZero();
  }

  /** What ranks the largest answers fits a block beside what the kernel declares. */
  @Test
  void rescore_largestAnswer_leavesABlockItsPlace() {
    var gpu = Gpu.on(context(), 1L << 20);
    int shared = RescoreLaunches.sharedBytes(Sizes.MOST_K);
    var kernel = gpu.kernel(RescoreLaunches.KERNELS, "kith_rescore").withSharedMemory(shared);
    assertThat(kernel.maxActiveBlocks(256, shared)).isPositive();
    assertThat(kernel.staticSharedBytes() + shared)
        .isLessThanOrEqualTo(gpu.device().sharedBytesPerBlockOptin());
  }
}
