package dev.kith.cuda.driver;

import java.lang.foreign.Arena;

/** A loaded image. Its kernels are usable until it is closed. */
public final class Library extends Resource {
  Library(Context context, long handle) {
    super(context, "a library of kernels", handle);
  }

  /**
   * The kernel of that name ({@code cuLibraryGetKernel}), its code loaded for this device ({@code
   * cuKernelGetFunction}), so that what cannot run here is found now and not at a launch.
   *
   * @param name as in {@code extern "C"}
   * @throws CudaException {@link CudaException#isNoBinaryForGpu} if it cannot run here
   * @throws IllegalArgumentException if there is none of that name
   */
  public Kernel kernel(String name) {
    long library = handle();
    context.enter();
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(name);
      long kernel =
          Calls.longFrom(
              out -> context.calls().libraryGetKernel.call(out, library, text.address()));
      long function = Calls.longFrom(out -> context.calls().kernelGetFunction.call(out, kernel));
      return new Kernel(this, name, function);
    } catch (CudaException e) {
      if (e.code() == Result.NOT_FOUND) {
        throw new IllegalArgumentException(
            "the image has no kernel %s; is it declared extern \"C\" __global__?".formatted(name),
            e);
      }
      throw e.of("of kernel %s for %s".formatted(name, context.device()));
    }
  }

  /** {@code cuLibraryUnload}. */
  @Override
  void free(long live) {
    context.calls().libraryUnload.call(live);
  }
}
