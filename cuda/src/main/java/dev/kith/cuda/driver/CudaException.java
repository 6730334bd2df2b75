package dev.kith.cuda.driver;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/**
 * Thrown when a call of the driver failed; the message has the driver's words. A caller may try
 * again what found no memory ({@link Reaction#RETRY}); everything else asks for another device or
 * another backend ({@link Reaction#CONFIGURE}). What this module does about it, {@link
 * #isOutOfMemory}, {@link #isContextLost} and {@link #isNoBinaryForGpu} tell.
 */
public final class CudaException extends KithException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final int code;
  private final String name;
  private final String text;

  CudaException(String call, int code, String name, String text) {
    this(call, "", code, name, text);
  }

  private CudaException(String call, String detail, int code, String name, String text) {
    super(
        code == Result.OUT_OF_MEMORY ? Reaction.RETRY : Reaction.CONFIGURE,
        "%s%s failed: %s (%s)".formatted(call, detail, text, name));
    this.call = call;
    this.code = code;
    this.name = name;
    this.text = text;
  }

  /** The same failure, its message saying what was called for, such as "of 12 bytes". */
  CudaException of(String detail) {
    var detailed = new CudaException(call, " " + detail, code, name, text);
    detailed.setStackTrace(getStackTrace());
    return detailed;
  }

  /** The driver's function, such as {@code cuMemAlloc}. */
  public String call() {
    return call;
  }

  /** The result, a {@code CUresult}; never 0. */
  public int code() {
    return code;
  }

  /** The result's name, such as {@code CUDA_ERROR_OUT_OF_MEMORY}. */
  public String name() {
    return name;
  }

  /** The driver's words for it, such as {@code out of memory}. */
  public String text() {
    return text;
  }

  /** The device's memory, or pinned memory, does not suffice; the context is still usable. */
  public boolean isOutOfMemory() {
    return code == Result.OUT_OF_MEMORY;
  }

  /**
   * The device or its context is lost: a kernel read where it must not, ran too long or failed an
   * assertion, memory is broken, the device went away. All that was in the context is gone, and the
   * driver asks for a new process.
   */
  public boolean isContextLost() {
    return switch (code) {
      case Result.DEINITIALIZED,
          Result.DEVICE_UNAVAILABLE,
          Result.ECC_UNCORRECTABLE,
          Result.NVLINK_UNCORRECTABLE,
          Result.CONTAINED,
          Result.ILLEGAL_ADDRESS,
          Result.LAUNCH_TIMEOUT,
          Result.CONTEXT_IS_DESTROYED,
          Result.ASSERT,
          Result.HARDWARE_STACK_ERROR,
          Result.ILLEGAL_INSTRUCTION,
          Result.MISALIGNED_ADDRESS,
          Result.INVALID_ADDRESS_SPACE,
          Result.INVALID_PC,
          Result.LAUNCH_FAILED,
          Result.TENSOR_MEMORY_LEAK,
          Result.MPS_CLIENT_TERMINATED,
          Result.EXTERNAL_DEVICE,
          Result.UNKNOWN ->
          true;
      default -> false;
    };
  }

  /**
   * The driver cannot run this image on this device: no machine code for it, PTX newer than the
   * driver or no compiler for PTX, or no image at all. Another image may do.
   */
  public boolean isNoBinaryForGpu() {
    return switch (code) {
      case Result.INVALID_IMAGE,
          Result.NO_BINARY_FOR_GPU,
          Result.INVALID_PTX,
          Result.JIT_COMPILER_NOT_FOUND,
          Result.UNSUPPORTED_PTX_VERSION,
          Result.JIT_COMPILATION_DISABLED,
          Result.INVALID_SOURCE ->
          true;
      default -> false;
    };
  }
}
