package dev.kith.cuda.kernels;

import dev.kith.cuda.driver.CudaUnavailableException;

/**
 * A family of kernels was asked for that cannot run on its device; the message says which and why.
 * Asking again gives the same.
 */
public final class KernelLoadException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** For the reason that loading gave. */
  public KernelLoadException(KernelSet set, CudaUnavailableException why) {
    super("its kernels of %s cannot be loaded: %s".formatted(set.source(), why.reason()), why);
  }
}
