package dev.kith.cuda.kernels;

import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.driver.Library;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The kernels of one source, loaded for one device. */
public final class LoadedKernels implements AutoCloseable {
  private final Library library;
  private final Map<String, Kernel> kernels = new LinkedHashMap<>();
  private final String origin;

  /**
   * Takes the library over.
   *
   * @param compiler what made the image at run time, or empty if it is the jar's
   * @throws dev.kith.cuda.driver.CudaException if a kernel cannot run here; the library is closed
   */
  LoadedKernels(Library library, List<String> names, String compiler) {
    this.library = library;
    try {
      for (var name : names) {
        kernels.put(name, library.kernel(name));
      }
      origin = origin(kernel(names.getFirst()), compiler);
    } catch (RuntimeException e) {
      library.close();
      throw e;
    }
  }

  private static String origin(Kernel kernel, String compiler) {
    int binary = kernel.binaryVersion();
    int ptx = kernel.ptxVersion();
    String code =
        ptx == binary
            ? "cubin sm_" + binary
            : "PTX of compute_%d, compiled by the driver for sm_%d".formatted(ptx, binary);
    return compiler.isEmpty() ? code : "%s by %s".formatted(code, compiler);
  }

  /**
   * A kernel that was asked for when loading.
   *
   * @throws IllegalArgumentException if it was not
   */
  public Kernel kernel(String name) {
    var kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException(
          "kernel %s was not asked for; loaded are %s"
              .formatted(name, String.join(", ", kernels.keySet())));
    }
    return kernel;
  }

  /** Where the code is from: {@code cubin sm_90}, or what compiled it. */
  public String origin() {
    return origin;
  }

  /** Unloads the kernels. */
  @Override
  public void close() {
    library.close();
  }
}
