package dev.kith.cuda.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kith.core.testing.Seeded;
import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.FakeCuda;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which way code takes to a device, with stand-ins for driver and compiler. */
@ExtendWith(Seeded.class)
class KernelImagesTest {
  private static final byte[] FATBIN = {0x50, (byte) 0xED, 0x55, (byte) 0xBA, 0, 0, 0, 0};

  private final FakeCuda fake = FakeCuda.fresh();
  private final Map<String, byte[]> files = new HashMap<>();
  private int compilersAsked;
  private Context context;

  private final KernelImages images =
      new KernelImages(
          files::get,
          driverVersion -> {
            compilersAsked++;
            assertThat(driverVersion).isEqualTo(13000);
            return Nvrtc.find(FakeCuda.library("fakenvrtc.c").toString(), driverVersion);
          });
  private final KernelImages withoutNvrtc =
      new KernelImages(
          files::get,
          driverVersion -> {
            throw new CudaUnavailableException("libnvrtc was not found (here or there)");
          });

  @BeforeEach
  void open() throws Exception {
    context = fake.open();
    files.put("src/scan.cu", "#include \"scan.cuh\"\nvoid scan();".getBytes(UTF_8));
    files.put("src/scan.cuh", " # include \"deep.cuh\" // and more".getBytes(UTF_8));
    files.put("src/deep.cuh", "#include \"scan.cuh\"".getBytes(UTF_8));
    files.put("scan.fatbin", FATBIN);
  }

  @AfterEach
  void close() {
    context.close();
  }

  private String reason(KernelImages of, String source) {
    var e =
        catchThrowableOfType(
            CudaUnavailableException.class, () -> of.load(context, source, "scan"));
    assertThat(e).as("no exception").isNotNull();
    assertThat(e.reason().lines()).hasSize(1);
    return e.reason();
  }

  @Test
  void load_imageForTheDevice_isTaken() throws Exception {
    try (var kernels = images.load(context, "scan", "scan", "merge")) {
      assertThat(fake.image()).isEqualTo("fatbin");
      assertThat(kernels.origin()).isEqualTo("cubin sm_90");
      assertThat(kernels.kernel("merge").name()).isEqualTo("merge");
      assertThatThrownBy(() -> kernels.kernel("other"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("kernel other was not asked for; loaded are scan, merge");
      assertThat(new GpuInfo(context.device(), kernels.origin()).text())
          .isEqualTo("Fake 0 (compute 9.0, 132 SMs, 150 GiB), driver 13.0, kernels: cubin sm_90");
    }
    assertThat(compilersAsked).isZero();
  }

  @Test
  void load_deviceNewerThanTheImage_saysThatTheDriverCompiled() throws Exception {
    fake.set("ptx", 75).set("binary", 103);
    try (var kernels = images.load(context, "scan", "scan")) {
      assertThat(kernels.origin())
          .isEqualTo("PTX of compute_75, compiled by the driver for sm_103");
    }
  }

  @Test
  void load_noImage_compilesSourceAndHeadersOnce() throws Exception {
    files.remove("scan.fatbin");
    for (int round = 0; round < 2; round++) {
      try (var kernels = images.load(context, "scan", "scan")) {
        assertThat(kernels.origin()).isEqualTo("cubin sm_90 by NVRTC 12.4");
        assertThat(fake.image())
            .isEqualTo(
                "cubin scan.cu; scan.cuh:  # include \"deep.cuh\" // and more; deep.cuh: #include"
                    + " \"scan.cuh\" --gpu-architecture=sm_90 --std=c++17");
      }
    }
    assertThat(compilersAsked).isEqualTo(1);
  }

  @Test
  void load_imageRefusedAtOnceOrAtAKernel_compiles() throws Exception {
    for (var call : new String[] {"cuLibraryLoadData fatbin", "cuKernelGetFunction fatbin"}) {
      fake.set(call, 209);
      try (var kernels = images.load(context, "scan", "scan")) {
        assertThat(kernels.origin()).isEqualTo("cubin sm_90 by NVRTC 12.4");
      }
    }
  }

  @Test
  void load_deviceNewerThanTheCompiler_compilesToPtx() throws Exception {
    files.remove("scan.fatbin");
    fake.set("major", 12).set("ptx", 90).set("binary", 120);
    try (var newer = fake.open();
        var kernels = images.load(newer, "scan", "scan")) {
      assertThat(fake.image()).startsWith("ptx scan.cu;").contains("compute_90 --std=c++17");
      assertThat(kernels.origin())
          .isEqualTo("PTX of compute_90, compiled by the driver for sm_120 by NVRTC 12.4");
    }
  }

  @Test
  void load_noImageAndNoCompiler_saysBoth() {
    files.remove("scan.fatbin");
    assertThat(reason(withoutNvrtc, "scan"))
        .isEqualTo(
            "kernels are missing: this build had no nvcc, and libnvrtc was not found (here or"
                + " there); build Kith where there is nvcc of CUDA 12.8 or newer, or install"
                + " libnvrtc for this driver");
  }

  @Test
  void load_imageRefusedAndNoCompiler_saysWhyAndVersions() {
    fake.set("cuLibraryLoadData fatbin", 222);
    assertThat(reason(withoutNvrtc, "scan"))
        .isEqualTo(
            "the driver (CUDA 13.0) takes no image of scan for Fake 0 of compute capability 9.0"
                + " (CUDA_ERROR_UNSUPPORTED_PTX_VERSION, the provided PTX was compiled with an"
                + " unsupported toolchain.); a newer driver may, and libnvrtc was not found (here"
                + " or there); build Kith where there is nvcc of CUDA 12.8 or newer, or install"
                + " libnvrtc for this driver");
  }

  @Test
  void load_compiledImageRefusedToo_saysSo() {
    files.remove("scan.fatbin");
    fake.set("cuLibraryLoadData", 200);
    assertThat(reason(images, "scan"))
        .isEqualTo(
            "kernels are missing: this build had no nvcc, and the driver does not take what"
                + " libnvrtc compiled either (CUDA_ERROR_INVALID_IMAGE, device kernel image is"
                + " invalid); install a libnvrtc no newer than the driver");
  }

  @Test
  void load_sourceWithAnError_givesTheFirstComplaint() {
    files.put("src/bad.cu", "broken".getBytes(UTF_8));
    assertThat(reason(images, "bad"))
        .isEqualTo(
            "kernels are missing: this build had no nvcc, and libnvrtc 12.4 cannot compile bad.cu"
                + " for sm_90 (NVRTC_ERROR_COMPILATION): x.cu(3): error: identifier \"broken\" is"
                + " undefined; build Kith where there is nvcc of CUDA 12.8 or newer, or install"
                + " libnvrtc for this driver");
  }

  @Test
  void load_sourceFor90Alone_isForNoOtherDevice() throws Exception {
    files.put("fast_sm90a.fatbin", FATBIN);
    images.load(context, "fast_sm90a", "scan").close();
    fake.set("major", 10);
    try (var other = fake.open()) {
      assertThatThrownBy(() -> images.load(other, "fast_sm90a", "scan"))
          .isInstanceOf(CudaUnavailableException.class)
          .hasMessage("fast_sm90a.cu is for compute capability 9.0 alone, Fake 0 has 10.0");
    }
    files.remove("fast_sm90a.fatbin");
    files.put("src/fast_sm90a.cu", "void scan();".getBytes(UTF_8));
    images.load(context, "fast_sm90a", "scan").close();
    assertThat(fake.image()).contains("--gpu-architecture=sm_90a");
  }

  @Test
  void load_deviceFails_isNoReasonToCompile() {
    fake.set("cuLibraryLoadData fatbin", 2);
    assertThatThrownBy(() -> images.load(context, "scan", "scan"))
        .isInstanceOf(CudaException.class)
        .matches(e -> ((CudaException) e).isOutOfMemory());
    assertThat(compilersAsked).isZero();
  }

  @Test
  void load_unknownSourceOrNoKernel_isTheCallersMistake() {
    assertThatThrownBy(() -> images.load(context, "scam", "scan"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no source scam.cu of kernels, which the jar should have");
    assertThatThrownBy(() -> images.load(context, "scan"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kernels must be named: source=scan");
    files.put("src/scan.cuh", "#include \"gone.cuh\"".getBytes(UTF_8));
    files.remove("scan.fatbin");
    assertThatThrownBy(() -> images.load(context, "scan", "scan"))
        .hasMessage("there is no source gone.cuh of kernels, which scan.cuh should have");
  }

  /** What cc makes of structs.cuh stands in for what a kernel would report. */
  @Test
  void load_setWithStructs_comparesTheirLayouts() throws Exception {
    var set = KernelSet.withStructs("scan", "scan", "merge");
    try (var kernels = images.load(context, set)) {
      assertThat(kernels.kernel("merge").name()).isEqualTo("merge");
      assertThat(fake.calls("cuLaunchKernel")).hasSize(1);
    }
    try (var kernels = images.load(context, KernelSet.of("scan", "scan"))) {
      assertThat(kernels.kernel("scan").name()).isEqualTo("scan");
      assertThat(fake.calls("cuLaunchKernel")).as("nothing to compare").hasSize(1);
    }
    assertThat(fake.allocated()).isZero();
  }

  @Test
  void load_imageOfOtherStructs_saysWhichFieldAndClosesIt() {
    var set = KernelSet.withStructs("scan", "scan");
    fake.set("offset of Lists.capacity", 44);
    assertThatThrownBy(() -> images.load(context, set))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage(
            "the image of scan must lay out structs as this jar's Java does: field=Lists.capacity,"
                + " expected 4 bytes at 48, found 4 at 44; build Kith again");
    fake.set("offset of Lists.capacity", 48).set("more structs", 1);
    assertThatThrownBy(() -> images.load(context, set))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage(
            "the image of scan must have the structs that this jar's Java has: expected 45 structs"
                + " and fields, found 46; build Kith again");
    fake.set("more structs", 0).set("fewer structs", 1);
    assertThatThrownBy(() -> images.load(context, set))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage(
            "the image of scan must have the structs that this jar's Java has: it has another"
                + " field, or none, in place of Shadow.stride; build Kith again");
    fake.set("fewer structs", 0).set("no structs", 1);
    assertThatThrownBy(() -> images.load(context, set))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessageContaining("in place of QueryFilter; build Kith again");
    assertThat(fake.calls("cuLibraryUnload")).hasSize(4);
    assertThat(fake.allocated()).isZero();
  }

  /**
   * The build's part: every source is in the jar, and an image of each, unless there was no nvcc.
   */
  @Test
  void jar_holdsEverySourceAndAnImageOfEachOrOfNone() throws Exception {
    var images = new ArrayList<Boolean>();
    try (var sources = Files.list(Path.of("src/main/cuda"))) {
      for (var source : (Iterable<Path>) sources::iterator) {
        var name = source.getFileName().toString();
        try (var shipped = KernelImages.class.getResourceAsStream("src/" + name)) {
          assertThat(shipped).as(name).isNotNull().hasSameContentAs(Files.newInputStream(source));
        }
        if (name.endsWith(".cu")) {
          var image = name.replaceFirst("cu$", "fatbin");
          try (var made = KernelImages.class.getResourceAsStream(image)) {
            images.add(made != null);
            if (made != null) {
              assertThat(made.readNBytes(4)).as(image).isEqualTo(Arrays.copyOf(FATBIN, 4));
            }
          }
        }
      }
    }
    assertThat(images.stream().distinct()).as("all images or none").hasSize(1);
  }

  /** What the GPU's test does, with a stand-in: so that it is right when it meets a GPU. */
  @Test
  void checksum_onTheStandIn_isJavas(SplittableRandom random) throws Exception {
    files.put("checksum.fatbin", FATBIN);
    try (var kernels = images.load(context, "checksum", "kith_checksum")) {
      ChecksumContract.check(context, kernels, random);
    }
  }
}
