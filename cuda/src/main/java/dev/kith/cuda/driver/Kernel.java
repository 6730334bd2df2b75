package dev.kith.cuda.driver;

/** A kernel of a {@link Library}, ready to run on its device. */
public final class Kernel {
  private static final int STATIC_SHARED_BYTES = 1;
  private static final int LOCAL_BYTES = 3;
  private static final int REGISTERS = 4;
  private static final int PTX_VERSION = 5;
  private static final int BINARY_VERSION = 6;
  private static final int MAX_DYNAMIC_SHARED_BYTES = 8;

  private final Library library;
  private final String name;
  private final long function;

  /** The most dynamic shared memory that was asked for. */
  private volatile int allowedBytes;

  Kernel(Library library, String name, long function) {
    this.library = library;
    this.name = name;
    this.function = function;
  }

  /** The {@code CUfunction}; throws once the library is closed. */
  long function() {
    library.handle();
    return function;
  }

  /** As in the source. */
  public String name() {
    return name;
  }

  /**
   * Allows launches with that much dynamic shared memory, where it is more than 48 KiB ({@code
   * cuFuncSetAttribute}). What was allowed before stays allowed: another thread may be about to
   * launch with it.
   *
   * @param bytes up to {@link Device#sharedBytesPerBlockOptin} less what the kernel declares
   * @return this
   */
  public Kernel withSharedMemory(int bytes) {
    long of = function();
    if (bytes > allowedBytes) {
      allow(of, bytes);
    }
    return this;
  }

  private synchronized void allow(long of, int bytes) {
    if (bytes <= allowedBytes) {
      return;
    }
    var context = library.context;
    context.enter();
    try {
      context.calls().functionSetAttribute.call(of, MAX_DYNAMIC_SHARED_BYTES, bytes);
    } catch (CudaException e) {
      throw e.of(
          "of %d bytes of shared memory for %s on %s".formatted(bytes, name, context.device()));
    }
    allowedBytes = bytes;
  }

  /**
   * How many blocks run at once on one multiprocessor ({@code
   * cuOccupancyMaxActiveBlocksPerMultiprocessor}).
   *
   * @param threads of a block
   * @param sharedBytes of dynamic shared memory a block
   * @return 0 if not even one fits
   */
  public int maxActiveBlocks(int threads, int sharedBytes) {
    long of = function();
    var context = library.context;
    context.enter();
    return Calls.intFrom(
        out -> context.calls().maxActiveBlocks.call(out, of, threads, sharedBytes));
  }

  /** Registers of a thread. */
  public int registers() {
    return attribute(REGISTERS);
  }

  /** Bytes of local memory of a thread: what did not fit into registers. */
  public int localBytes() {
    return attribute(LOCAL_BYTES);
  }

  /** Bytes of shared memory of a block that the source declares. */
  public int staticSharedBytes() {
    return attribute(STATIC_SHARED_BYTES);
  }

  /** The compute capability that its machine code is for, 90 for 9.0. */
  public int binaryVersion() {
    return attribute(BINARY_VERSION);
  }

  /**
   * The compute capability of the PTX that it was made from; below {@link #binaryVersion} if the
   * driver compiled it.
   */
  public int ptxVersion() {
    return attribute(PTX_VERSION);
  }

  private int attribute(int attribute) {
    long of = function();
    var context = library.context;
    context.enter();
    return Calls.intFrom(out -> context.calls().functionGetAttribute.call(out, attribute, of));
  }

  @Override
  public String toString() {
    return name;
  }
}
