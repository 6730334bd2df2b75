package dev.kith.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.failure.Reaction;
import dev.kith.cuda.Crowd;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.FakeCuda;
import dev.kith.cuda.kernels.KernelImages;
import dev.kith.cuda.kernels.KernelLoadException;
import dev.kith.cuda.kernels.KernelSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over the stand-in of the driver, which has two devices and takes any image. */
class GpusTest {
  private static final KernelSet CHECKSUM = KernelSet.of("checksum", "kith_checksum");
  private static final KernelSet SCAN = KernelSet.withStructs("scan", "kith_scan_1");

  private final FakeCuda fake = FakeCuda.fresh();

  @BeforeEach
  void requireImages() {
    assumeTrue(KernelImages.class.getResource("scan.fatbin") != null, "built without nvcc");
  }

  private Gpus gpus(@Nullable String device, @Nullable String budget) throws Exception {
    return new Gpus(fake.driver().devices(), KernelImages.ofJar(), device, budget);
  }

  private Gpu gpu() throws Exception {
    return gpus(null, null).preferred();
  }

  @Test
  void gpu_eachDevice_isOpenedOnceAndWhenAskedFor() throws Exception {
    var gpus = gpus(null, "1g");
    assertThat(gpus.count()).isEqualTo(2);
    assertThat(fake.calls("cuDevicePrimaryCtxRetain")).isEmpty();
    var first = Crowd.atOnce(() -> gpus.gpu(0));
    assertThat(first).hasSize(6).containsOnly(gpus.gpu(0));
    assertThat(fake.calls("cuDevicePrimaryCtxRetain")).hasSize(1);
    var second = gpus.gpu(1);
    assertThat(second).isNotEqualTo(gpus.gpu(0)).isEqualTo(gpus.gpu(1));
    assertThat(second.device().ordinal()).isEqualTo(1);
    assertThat(second.ledger().budget()).isEqualTo(1L << 30);
    assertThat(fake.calls("cuDevicePrimaryCtxRetain")).hasSize(2);
  }

  @Test
  void preferred_namedOrNot_isThatDevice() throws Exception {
    assertThat(gpus(null, null).preferred().device().ordinal()).isZero();
    assertThat(gpus("1", null).preferred().device().ordinal()).isEqualTo(1);
    var gpus = gpus("2", null);
    assertThatThrownBy(gpus::preferred)
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage("-Dkith.cuda.device=2 names no device: there are 2, from 0");
    assertThat(gpus.gpu(1).device().ordinal()).as("named by a search").isEqualTo(1);
  }

  @Test
  void gpu_thereIsNoSuch_saysHowMany() throws Exception {
    var gpus = gpus(null, null);
    for (int number : new int[] {-1, 2}) {
      assertThatThrownBy(() -> gpus.gpu(number))
          .isInstanceOf(CudaUnavailableException.class)
          .hasMessage("there is no GPU %d: there are 2, from 0".formatted(number));
    }
  }

  /** A device that could not be opened stays so, and the other serves. */
  @Test
  void gpu_cannotBeOpened_saysSoAgainAndLeavesTheOtherAlone() throws Exception {
    var gpus = gpus(null, null);
    fake.set("cuDevicePrimaryCtxRetain", 2);
    for (int round = 0; round < 2; round++) {
      assertThatThrownBy(() -> gpus.gpu(0))
          .isInstanceOf(CudaUnavailableException.class)
          .hasMessageContaining("cuDevicePrimaryCtxRetain of GPU 0 (Fake 0) failed: out of memory");
      fake.set("cuDevicePrimaryCtxRetain", 0);
    }
    assertThat(gpus.gpu(1).device().ordinal()).isEqualTo(1);
  }

  @Test
  void kernels_ofAFamily_areLoadedOnceAndWhenAskedFor() throws Exception {
    var gpu = gpu();
    assertThat(gpu.toString()).endsWith("kernels: none yet");
    assertThat(fake.calls("cuLibraryLoadData fatbin", "cuLibraryLoadData")).isEmpty();
    var kernels = Crowd.atOnce(() -> gpu.kernel(CHECKSUM, "kith_checksum"));
    assertThat(kernels).hasSize(6).containsOnly(kernels.getFirst());
    assertThat(fake.calls("cuLibraryLoadData fatbin")).hasSize(1);
    gpu.load(SCAN);
    gpu.load(CHECKSUM);
    assertThat(fake.calls("cuLibraryLoadData fatbin")).hasSize(2);
    assertThat(gpu.toString()).endsWith("kernels: cubin sm_90");
    assertThatThrownBy(() -> gpu.kernel(CHECKSUM, "kith_scan_1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kernel kith_scan_1 was not asked for; loaded are kith_checksum");
  }

  /** What cannot run is not tried again; what failed for another reason is. */
  @Test
  void kernels_cannotBeLoaded_saysWhichFamily() throws Exception {
    var gpu = gpu();
    fake.set("cuLibraryLoadData fatbin", 2);
    assertThatThrownBy(() -> gpu.kernel(SCAN, "kith_scan_1"))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("out of memory");
    fake.set("cuLibraryLoadData fatbin", 0).set("offset of Shadow.n", 36);
    for (int round = 0; round < 2; round++) {
      assertThatThrownBy(() -> gpu.kernel(SCAN, "kith_scan_1"))
          .isInstanceOf(KernelLoadException.class)
          .hasMessage(
              "its kernels of scan cannot be loaded: the image of scan must lay out structs as this"
                  + " jar's Java does: field=Shadow.n, expected 4 bytes at 32, found 4 at 36; build"
                  + " Kith again")
          .extracting(e -> ((KernelLoadException) e).reaction())
          .isEqualTo(Reaction.CONFIGURE);
      fake.set("offset of Shadow.n", 32);
    }
    assertThat(gpu.kernel(CHECKSUM, "kith_checksum").name()).isEqualTo("kith_checksum");
  }

  @Test
  void own_oneOfAKind_isMadeOnce() throws Exception {
    var gpu = gpu();
    var made = new AtomicInteger();
    assertThat(gpu.own(AtomicInteger.class, _ -> new AtomicInteger(made.incrementAndGet())))
        .isEqualTo(gpu.own(AtomicInteger.class, _ -> new AtomicInteger(made.incrementAndGet())));
    assertThat(made.get()).isEqualTo(1);
  }
}
