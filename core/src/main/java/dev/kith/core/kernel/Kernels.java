package dev.kith.core.kernel;

import org.jspecify.annotations.Nullable;

/**
 * The loops of one backend.
 *
 * @param rows over float32 rows
 * @param panels over int8 codes of all rows, in panels
 * @param codes over row-major codes of picked rows
 * @param keys canonical sums of picked rows
 * @param tables over codes of all rows, in blocks
 * @param halves over 16-bit floats in place, or null: they are then decoded first
 */
public record Kernels(
    ScanKernel rows,
    PanelKernel panels,
    CodeKernel codes,
    KeyKernel keys,
    TableKernel tables,
    @Nullable HalfKernel halves) {
  /** The module of the Vector API, which the JVM loads only if it is asked to. */
  public static final String VECTOR_MODULE = "jdk.incubator.vector";

  private static final Kernels SCALAR =
      new Kernels(
          new ScalarKernel(),
          new ScalarPanels(),
          new ScalarCodes(),
          new ScalarKeys(),
          new ScalarTables(),
          null);

  /** Holder that loads the Vector API only once it is used. */
  private static final class Simd {
    static final Kernels KERNELS =
        new Kernels(
            new SimdKernel(),
            new SimdPanels(),
            new SimdCodes(),
            new SimdKeys(),
            new SimdTables(),
            null);
  }

  /** Loops in plain Java. */
  public static Kernels scalar() {
    return SCALAR;
  }

  /** Loops on the Vector API, whose module must be loaded. */
  public static Kernels simd() {
    return Simd.KERNELS;
  }

  /** Whether {@link #simd} can be used. */
  public static boolean hasSimd() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  /** Best loops in Java alone. */
  public static Kernels inJava() {
    return hasSimd() ? simd() : scalar();
  }
}
