package dev.kith.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every reason why there may be no driver, and what one tells of its devices. */
class CudaDriverTest {
  @TempDir Path temp;

  private static String reason(ThrowingCallable code) {
    var thrown = catchThrowableOfType(CudaUnavailableException.class, code);
    assertThat(thrown).as("no exception").isNotNull();
    assertThat(thrown).hasMessage(thrown.reason());
    assertThat(thrown.reason().lines()).hasSize(1);
    return thrown.reason();
  }

  @Test
  void load_off_saysSo() {
    assertThat(reason(() -> CudaDriver.load("off", null, "")))
        .isEqualTo("switched off by -Dkith.cuda=off");
  }

  @Test
  void load_unknownMode_namesTheKnown() {
    assertThat(reason(() -> CudaDriver.load("on", null, "")))
        .isEqualTo("-Dkith.cuda=on is not known; known is off");
  }

  @Test
  void load_nativeAccessMissing_saysHowToAllowIt() {
    assertThat(reason(() -> CudaDriver.load(null, null, "dev.kith.cuda")))
        .isEqualTo(
            "native code is not allowed; start java with --enable-native-access=dev.kith.cuda");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void load_noDriverOnTheSystem_saysWhatToInstall() {
    assumeTrue(!systemHasADriver(), "this machine has an NVIDIA driver");
    assertThat(reason(() -> CudaDriver.load(null, null, "")))
        .isEqualTo(
            "no NVIDIA driver: the system has no libcuda.so.1; install the driver, or name the"
                + " library by -Dkith.cuda.library=FILE");
  }

  @SuppressWarnings("restricted")
  private static boolean systemHasADriver() {
    try (var arena = Arena.ofConfined()) {
      return SymbolLookup.libraryLookup("libcuda.so.1", arena) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void load_namedFileMissing_saysWhichOption() {
    var file = temp.resolve("libcuda.so").toString();
    assertThat(reason(() -> CudaDriver.load(null, file, "")))
        .isEqualTo(
            "there is no file %s, which -Dkith.cuda.library names; correct or drop the option"
                .formatted(file));
  }

  @Test
  void load_namedFileNoLibrary_saysWhichOption() throws Exception {
    var file = Files.writeString(temp.resolve("libcuda.so"), "text").toString();
    assertThat(reason(() -> CudaDriver.load(null, file, "")))
        .isEqualTo(
            "%s, which -Dkith.cuda.library names, cannot be loaded as a library; correct or drop the option"
                .formatted(file));
  }

  @Test
  void load_namedLibraryNoDriver_saysWhatItLacks() {
    var strange = FakeCuda.fresh("fakecuda.c", "-DSTRANGE");
    assertThat(reason(strange::driver))
        .isEqualTo(
            "the library is not NVIDIA's driver: it has no cuDriverGetVersion; correct or drop"
                + " -Dkith.cuda.library");
  }

  @Test
  void load_driverBefore12_saysBothVersions() {
    var old = FakeCuda.fresh("fakecuda.c", "-DOLD").set("version", 11080);
    assertThat(reason(old::driver))
        .isEqualTo(
            "the NVIDIA driver is too old: it knows CUDA 11.8, Kith needs 12.0 or newer; install a"
                + " driver of version 525 or newer");
    var newer = FakeCuda.fresh().set("version", 11080);
    assertThat(reason(newer::driver)).isEqualTo(reason(old::driver));
  }

  @Test
  void load_functionMissing_namesIt() {
    var fake = FakeCuda.fresh().set("cuTensorMapEncodeTiled", -1);
    assertThat(reason(fake::driver))
        .isEqualTo(
            "the NVIDIA driver has no cuTensorMapEncodeTiled of CUDA 12.0 (result 500, status 1);"
                + " install the driver again");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          100 | the NVIDIA driver finds no device; see what nvidia-smi finds, and whether CUDA_VISIBLE_DEVICES hides it (cuInit of CUDA 13.0: CUDA_ERROR_NO_DEVICE, no CUDA-capable device is detected)
          34  | the libcuda found is the one for linking only; take the folder stubs out of LD_LIBRARY_PATH (cuInit of CUDA 13.0: CUDA_ERROR_STUB_LIBRARY, CUDA driver is a stub library)
          304 | the NVIDIA driver cannot reach the device; see whether /dev/nvidia* are there for this user and, in a container, whether it was given the GPU (cuInit of CUDA 13.0: CUDA_ERROR_OPERATING_SYSTEM, OS call failed or operation not supported on this OS)
          800 | this process may not use the GPU; see the permissions of /dev/nvidia* (cuInit of CUDA 13.0: CUDA_ERROR_NOT_PERMITTED, operation not permitted)
          46  | the device is taken by another process or in a mode that forbids compute; see nvidia-smi (cuInit of CUDA 13.0: CUDA_ERROR_DEVICE_UNAVAILABLE, CUDA-capable device(s) is/are busy or unavailable)
          802 | the machine's GPUs are not ready; on machines with NVSwitch see whether nvidia-fabricmanager runs (cuInit of CUDA 13.0: CUDA_ERROR_SYSTEM_NOT_READY, system not yet initialized)
          803 | libcuda and the driver in the kernel are of different versions; restart the machine or install the driver again (cuInit of CUDA 13.0: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, system has unsupported display driver / cuda driver combination)
          804 | this libcuda is of the package cuda-compat, which this device does not support; take it out of LD_LIBRARY_PATH or install a newer driver (cuInit of CUDA 13.0: CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, forward compatibility was attempted on non supported HW)
          999 | the NVIDIA driver does not start; see what nvidia-smi says (cuInit of CUDA 13.0: CUDA_ERROR_UNKNOWN, unknown error)
          998 | the NVIDIA driver does not start; see what nvidia-smi says (cuInit of CUDA 13.0: CUDA error 998, the driver has no words for it)
          """)
  void load_initFails_saysWhatToDo(int code, String expected) {
    var fake = FakeCuda.fresh().set("cuInit", code);
    assertThat(reason(fake::driver)).isEqualTo(expected);
  }

  @Test
  void load_noDevices_isNoDevice() {
    var fake = FakeCuda.fresh().set("devices", 0);
    assertThat(reason(fake::driver))
        .startsWith("the NVIDIA driver finds no device;")
        .endsWith(
            "(cuDeviceGetCount of CUDA 13.0: CUDA_ERROR_NO_DEVICE, no CUDA-capable device is"
                + " detected)");
  }

  @Test
  void load_devicesCannotBeAsked_saysSo() {
    var fake = FakeCuda.fresh().set("cuDeviceGetCount", 802);
    assertThat(reason(fake::driver))
        .startsWith("the machine's GPUs are not ready;")
        .endsWith(
            "(cuDeviceGetCount of CUDA 13.0: CUDA_ERROR_SYSTEM_NOT_READY, system not yet"
                + " initialized)");
  }

  @Test
  void devices_ofADriver_areDescribed() throws Exception {
    var driver = FakeCuda.fresh().driver();
    assertThat(driver.version()).isEqualTo(13000);
    assertThat(driver.versionText()).isEqualTo("13.0");
    assertThat(driver.devices()).hasSize(2);
    var second = driver.devices().get(1);
    assertThat(second.ordinal()).isEqualTo(1);
    assertThat(second.name()).isEqualTo("Fake 1");
    assertThat(second.pciBusId()).isEqualTo("0000:29:00.0");
    assertThat(second.major()).isEqualTo(9);
    assertThat(second.minor()).isZero();
    assertThat(second.multiprocessors()).isEqualTo(132);
    assertThat(second.threadsPerMultiprocessor()).isEqualTo(2048);
    assertThat(second.totalBytes()).isEqualTo(150L << 30);
    assertThat(second.l2Bytes()).isEqualTo(50 << 20);
    assertThat(second.sharedBytesPerBlockOptin()).isEqualTo(227 << 10);
    assertThat(second.driverVersion()).isEqualTo(13000);
    assertThat(second).hasToString("GPU 1 (Fake 1)");
  }

  @Test
  void open_contextRefused_namesTheDevice() throws Exception {
    var device = FakeCuda.fresh().set("cuDevicePrimaryCtxRetain", 2).driver().devices().get(1);
    assertThatThrownBy(device::open)
        .isInstanceOf(CudaException.class)
        .hasMessage(
            "cuDevicePrimaryCtxRetain of GPU 1 (Fake 1) failed: out of memory"
                + " (CUDA_ERROR_OUT_OF_MEMORY)");
  }
}
