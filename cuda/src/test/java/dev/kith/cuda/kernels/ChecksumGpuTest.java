package dev.kith.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.testing.Seeded;
import dev.kith.cuda.GpuTest;
import dev.kith.cuda.driver.CudaUnavailableException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The checksum kernel on a device, from the jar's image and compiled here. */
@ExtendWith(Seeded.class)
class ChecksumGpuTest extends GpuTest {

  @Test
  void checksum_ofTheImage_isJavas(SplittableRandom random) throws Exception {
    try (var kernels = KernelImages.ofJar().load(context(), "checksum", "kith_checksum")) {
      ChecksumContract.check(context(), kernels, random);
    }
  }

  @Test
  void checksum_compiledHere_isJavas(SplittableRandom random) throws Exception {
    try {
      Nvrtc.find(System.getProperty(Nvrtc.LIBRARY), context().device().driverVersion());
    } catch (CudaUnavailableException e) {
      assumeTrue(false, e.reason());
    }
    var sourcesAlone = KernelImages.ofJar().withoutImages();
    try (var kernels = sourcesAlone.load(context(), "checksum", "kith_checksum")) {
      assertThat(kernels.origin()).contains("by NVRTC");
      ChecksumContract.check(context(), kernels, random);
    }
  }
}
