package dev.kith.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * NVIDIA's driver, loaded and initialised once a process. {@code -Dkith.cuda=off} switches it off;
 * {@code -Dkith.cuda.library=FILE} names the library, where it is not to be {@code libcuda.so.1}
 * ({@code nvcuda.dll} on Windows) of the system's loader.
 */
public final class CudaDriver {
  private static final String SWITCH = "kith.cuda";
  private static final String LIBRARY = "kith.cuda.library";

  /** The driver, or why there is none: it stays so for the process. */
  private record Loaded(@Nullable CudaDriver driver, @Nullable CudaUnavailableException why) {
    static final Loaded ONCE = once();

    private static Loaded once() {
      try {
        return new Loaded(
            load(System.getProperty(SWITCH), System.getProperty(LIBRARY), nativeAccess()), null);
      } catch (CudaUnavailableException e) {
        return new Loaded(null, e);
      }
    }
  }

  private final int version;
  private final List<Device> devices;

  private CudaDriver(Calls calls, int version) throws CudaUnavailableException {
    this.version = version;
    int result = calls.init.result(0);
    if (result != Result.SUCCESS) {
      throw refused(calls.failure("cuInit", result), version);
    }
    try {
      int count = Calls.intFrom(calls.deviceGetCount::call);
      devices = IntStream.range(0, count).mapToObj(i -> Device.of(calls, i)).toList();
    } catch (CudaException e) {
      throw refused(e, version);
    }
    if (devices.isEmpty()) {
      throw refused(calls.failure("cuDeviceGetCount", Result.NO_DEVICE), version);
    }
  }

  /**
   * The driver of this process, with at least one device.
   *
   * @throws CudaUnavailableException with the reason, if this process cannot use a GPU
   */
  public static CudaDriver get() throws CudaUnavailableException {
    var why = Loaded.ONCE.why();
    if (why != null) {
      throw why.again();
    }
    return Objects.requireNonNull(Loaded.ONCE.driver());
  }

  /** The newest CUDA that the driver knows: 1000 major + 10 minor, 13000 for CUDA 13.0. */
  public int version() {
    return version;
  }

  /** {@link #version} as in {@code 13.0}. */
  public String versionText() {
    return text(version);
  }

  /** The devices that the process may use, by ordinal; at least one. */
  public List<Device> devices() {
    return devices;
  }

  private static String text(int version) {
    return "%d.%d".formatted(version / 1000, version % 1000 / 10);
  }

  private static String nativeAccess() {
    var module = CudaDriver.class.getModule();
    return module.isNativeAccessEnabled()
        ? ""
        : module.isNamed() ? module.getName() : "ALL-UNNAMED";
  }

  /**
   * Loads a driver, each time anew.
   *
   * @param mode {@code off} or null
   * @param file the library, or null for the system's
   * @param missingAccess the module that java must allow native access, or empty
   */
  static CudaDriver load(@Nullable String mode, @Nullable String file, String missingAccess)
      throws CudaUnavailableException {
    if ("off".equals(mode)) {
      throw CudaUnavailableException.absent("switched off by -D%s=off".formatted(SWITCH));
    }
    if (mode != null) {
      throw new CudaUnavailableException(
          "-D%s=%s is not known; known is off".formatted(SWITCH, mode));
    }
    if (!missingAccess.isEmpty()) {
      throw new CudaUnavailableException(
          "native code is not allowed; start java with --enable-native-access=" + missingAccess);
    }
    var library = file == null ? systemLibrary() : library(file);
    int version = version(library);
    if (version < Calls.SEMANTICS || library.find("cuGetProcAddress_v2").isEmpty()) {
      throw new CudaUnavailableException(
          "the NVIDIA driver is too old: it knows CUDA %s, Kith needs %s or newer; install a driver of version 525 or newer"
              .formatted(text(version), text(Calls.SEMANTICS)));
    }
    return new CudaDriver(new Calls(library), version);
  }

  @SuppressWarnings("restricted")
  private static SymbolLookup systemLibrary() throws CudaUnavailableException {
    String os = System.getProperty("os.name", "");
    String name = os.toLowerCase(Locale.ROOT).startsWith("win") ? "nvcuda.dll" : "libcuda.so.1";
    try {
      return SymbolLookup.libraryLookup(name, Arena.global());
    } catch (IllegalArgumentException e) {
      throw CudaUnavailableException.absent(
          "no NVIDIA driver: the system has no %s; install the driver, or name the library by -D%s=FILE"
              .formatted(name, LIBRARY));
    }
  }

  @SuppressWarnings("restricted")
  private static SymbolLookup library(String file) throws CudaUnavailableException {
    if (!Files.isRegularFile(Path.of(file))) {
      throw new CudaUnavailableException(
          "there is no file %s, which -D%s names; correct or drop the option"
              .formatted(file, LIBRARY));
    }
    try {
      return SymbolLookup.libraryLookup(Path.of(file), Arena.global());
    } catch (IllegalArgumentException e) {
      throw new CudaUnavailableException(
          "%s, which -D%s names, cannot be loaded as a library; correct or drop the option"
              .formatted(file, LIBRARY));
    }
  }

  /** {@code cuDriverGetVersion}, which every libcuda has and which needs no {@code cuInit}. */
  @SuppressWarnings("restricted")
  private static int version(SymbolLookup library) throws CudaUnavailableException {
    MemorySegment function =
        library
            .find("cuDriverGetVersion")
            .orElseThrow(
                () ->
                    new CudaUnavailableException(
                        "the library is not NVIDIA's driver: it has no cuDriverGetVersion; correct or drop -D%s"
                            .formatted(LIBRARY)));
    var handle =
        Linker.nativeLinker()
            .downcallHandle(
                function, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    try (var arena = Arena.ofConfined()) {
      var version = arena.allocate(ValueLayout.JAVA_INT);
      int result = (int) handle.invokeExact(version);
      return result == Result.SUCCESS ? version.get(ValueLayout.JAVA_INT, 0) : 0;
    } catch (Throwable e) {
      throw new IllegalStateException("cuDriverGetVersion cannot be called: " + e, e);
    }
  }

  private static CudaUnavailableException refused(CudaException e, int version) {
    String advice =
        switch (e.code()) {
          case Result.NO_DEVICE ->
              "the NVIDIA driver finds no device; see what nvidia-smi finds, and whether"
                  + " CUDA_VISIBLE_DEVICES hides it";
          case Result.STUB_LIBRARY ->
              "the libcuda found is the one for linking only; take the folder stubs out of"
                  + " LD_LIBRARY_PATH";
          case Result.OPERATING_SYSTEM ->
              "the NVIDIA driver cannot reach the device; see whether /dev/nvidia* are there for"
                  + " this user and, in a container, whether it was given the GPU";
          case Result.NOT_PERMITTED ->
              "this process may not use the GPU; see the permissions of /dev/nvidia*";
          case Result.DEVICE_UNAVAILABLE ->
              "the device is taken by another process or in a mode that forbids compute; see"
                  + " nvidia-smi";
          case Result.SYSTEM_NOT_READY ->
              "the machine's GPUs are not ready; on machines with NVSwitch see whether"
                  + " nvidia-fabricmanager runs";
          case Result.SYSTEM_DRIVER_MISMATCH ->
              "libcuda and the driver in the kernel are of different versions; restart the machine"
                  + " or install the driver again";
          case Result.COMPAT_NOT_SUPPORTED_ON_DEVICE ->
              "this libcuda is of the package cuda-compat, which this device does not support; take"
                  + " it out of LD_LIBRARY_PATH or install a newer driver";
          default -> "the NVIDIA driver does not start; see what nvidia-smi says";
        };
    String reason =
        "%s (%s of CUDA %s: %s, %s)".formatted(advice, e.call(), text(version), e.name(), e.text());
    return e.code() == Result.NO_DEVICE
        ? CudaUnavailableException.absent(reason)
        : new CudaUnavailableException(reason);
  }
}
