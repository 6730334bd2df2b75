package dev.kith.cuda.kernels;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;
import dev.kith.cuda.driver.CudaUnavailableException;

/**
 * Thrown when a family of kernels was asked for that cannot run on its device; the message says
 * which and why. Asking again gives the same.
 */
public final class KernelLoadException extends KithException {
  private static final long serialVersionUID = 1;

  /** Creates the exception for the reason that loading gave. */
  public KernelLoadException(KernelSet set, CudaUnavailableException why) {
    super(
        Reaction.CONFIGURE,
        "its kernels of %s cannot be loaded: %s".formatted(set.source(), why.reason()),
        why);
  }
}
