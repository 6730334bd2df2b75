package dev.kith.cuda.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds code for a device: the image that the build made; where there is none or the driver refuses
 * it, one that libnvrtc compiles from the source in the jar, kept for the process. {@code
 * -Dkith.cuda.nvrtc=FILE} names libnvrtc where it is not in the system's places. Which way was
 * taken is logged. Safe for many threads.
 */
public final class KernelImages {
  private static final System.Logger LOG = System.getLogger(KernelImages.class.getName());

  /** Sources with such a name use instructions of compute capability 9.0 alone. */
  private static final String ONLY_90 = "_sm90a";

  private static final Pattern INCLUDE =
      Pattern.compile("^\\s*#\\s*include\\s+\"([^\"]+)\"", Pattern.MULTILINE);

  /** Files of the jar by their name, null for those that it lacks. */
  interface Files {
    byte @Nullable [] read(String name);
  }

  /** The way to libnvrtc. */
  interface Compilers {
    Nvrtc find(int driverVersion) throws CudaUnavailableException;
  }

  /** The images of this jar. */
  private static final KernelImages OF_JAR =
      new KernelImages(
          KernelImages::resource,
          driverVersion -> Nvrtc.find(System.getProperty(Nvrtc.LIBRARY), driverVersion));

  private final Files files;
  private final Compilers compilers;
  private final Map<String, Compiled> compiled = new ConcurrentHashMap<>();

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Compiled(byte[] image, String compiler) {}

  KernelImages(Files files, Compilers compilers) {
    this.files = files;
    this.compilers = compilers;
  }

  /** The images of this jar. */
  public static KernelImages ofJar() {
    return OF_JAR;
  }

  /** As on a build without nvcc. */
  KernelImages withoutImages() {
    return new KernelImages(name -> name.endsWith(".fatbin") ? null : files.read(name), compilers);
  }

  private static byte @Nullable [] resource(String name) {
    try (var stream = KernelImages.class.getResourceAsStream(name)) {
      return stream == null ? null : stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("the jar's " + name + " cannot be read", e);
    }
  }

  /**
   * Loads kernels. The code of each is loaded too, so that what cannot run here is found now.
   *
   * @param source its file's name without {@code .cu}
   * @param kernels their names in it, at least one
   * @throws CudaUnavailableException with the reason, if nothing runs on this device
   * @throws CudaException if the device fails for another reason, such as a lack of memory
   */
  public LoadedKernels load(Context context, String source, String... kernels)
      throws CudaUnavailableException {
    if (kernels.length == 0) {
      throw new IllegalArgumentException("kernels must be named: source=" + source);
    }
    var device = context.device();
    if (source.endsWith(ONLY_90) && capability(device) != 90) {
      throw new CudaUnavailableException(
          "%s.cu is for compute capability 9.0 alone, %s has %d.%d"
              .formatted(source, device.name(), device.major(), device.minor()));
    }
    byte[] image = files.read(source + ".fatbin");
    String missing;
    if (image == null) {
      missing = "kernels are missing: this build had no nvcc";
    } else {
      try {
        var loaded = new LoadedKernels(context.load(image), List.of(kernels), "");
        LOG.log(Level.INFO, "kernels of {0} on {1}: {2}", source, device.name(), loaded.origin());
        return loaded;
      } catch (CudaException e) {
        if (!e.isNoBinaryForGpu()) {
          throw e;
        }
        missing =
            "the driver (CUDA %d.%d) takes no image of %s for %s of compute capability %d.%d (%s, %s); a newer driver may"
                .formatted(
                    device.driverVersion() / 1000,
                    device.driverVersion() % 1000 / 10,
                    source,
                    device.name(),
                    device.major(),
                    device.minor(),
                    e.name(),
                    e.text());
      }
    }
    try {
      var made = compiled(source, device);
      var loaded = new LoadedKernels(context.load(made.image()), List.of(kernels), made.compiler());
      LOG.log(
          Level.INFO,
          "kernels of {0} on {1}: {2}, because {3}",
          source,
          device.name(),
          loaded.origin(),
          missing);
      return loaded;
    } catch (CudaUnavailableException e) {
      throw new CudaUnavailableException(
          "%s, and %s; build Kith where there is nvcc of CUDA 12.8 or newer, or install libnvrtc for this driver"
              .formatted(missing, e.reason()));
    } catch (CudaException e) {
      if (!e.isNoBinaryForGpu()) {
        throw e;
      }
      throw new CudaUnavailableException(
          "%s, and the driver does not take what libnvrtc compiled either (%s, %s); install a libnvrtc no newer than the driver"
              .formatted(missing, e.name(), e.text()));
    }
  }

  /**
   * Loads a family, and compares the layouts of the structs that it shares with Java.
   *
   * @throws CudaUnavailableException with the reason, if nothing runs on this device or the image
   *     lays out a struct otherwise
   * @throws CudaException if the device fails for another reason, such as a lack of memory
   */
  public LoadedKernels load(Context context, KernelSet set) throws CudaUnavailableException {
    var names = new ArrayList<>(set.kernels());
    if (set.hasStructs()) {
      names.add(Structs.KERNEL);
    }
    var loaded = load(context, set.source(), names.toArray(String[]::new));
    try {
      if (set.hasStructs()) {
        Structs.require(structsOf(context, loaded), set.source());
      }
      return loaded;
    } catch (CudaUnavailableException | RuntimeException e) {
      loaded.close();
      throw e;
    }
  }

  private static MemorySegment structsOf(Context context, LoadedKernels loaded) {
    long bytes = Structs.reportBytes();
    try (var memory = context.allocate(bytes);
        var stream = context.stream()) {
      var report = Arena.ofAuto().allocate(bytes, 8);
      stream.fill(memory.address(), (byte) 0, bytes);
      var arguments = new Arguments().addPointer(memory.address());
      stream.launch(loaded.kernel(Structs.KERNEL), 1, 1, 1, 1, 0, arguments);
      stream.copyToHost(report, memory.address(), bytes);
      stream.synchronize();
      return report;
    }
  }

  private static int capability(Device device) {
    return 10 * device.major() + device.minor();
  }

  private Compiled compiled(String source, Device device) throws CudaUnavailableException {
    String key = source + " " + capability(device);
    var known = compiled.get(key);
    if (known == null) {
      var nvrtc = compilers.find(device.driverVersion());
      String target = source.endsWith(ONLY_90) ? "sm_90a" : nvrtc.target(capability(device));
      known = new Compiled(compile(nvrtc, source, target), "NVRTC " + nvrtc.version());
      compiled.put(key, known);
    }
    return known;
  }

  private byte[] compile(Nvrtc nvrtc, String source, String target)
      throws CudaUnavailableException {
    String file = source + ".cu";
    String text = text(file, "the jar");
    var headers = new LinkedHashMap<String, String>();
    collectHeaders(file, text, headers);
    return nvrtc.compile(file, text, headers, target);
  }

  /** What a source includes, and what that includes. */
  private void collectHeaders(String file, String text, Map<String, String> headers) {
    var includes = INCLUDE.matcher(text);
    while (includes.find()) {
      String name = includes.group(1);
      if (!headers.containsKey(name)) {
        String header = text(name, file);
        headers.put(name, header);
        collectHeaders(name, header, headers);
      }
    }
  }

  private String text(String file, String wantedBy) {
    byte[] bytes = files.read("src/" + file);
    if (bytes == null) {
      throw new IllegalArgumentException(
          "there is no source %s of kernels, which %s should have".formatted(file, wantedBy));
    }
    return new String(bytes, UTF_8);
  }
}
