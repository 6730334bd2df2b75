package dev.kith.cuda.driver;

/** A GPU, as the driver describes it. */
public final class Device {
  private static final int MAX_NAME = 256;
  private static final int MULTIPROCESSOR_COUNT = 16;
  private static final int L2_CACHE_SIZE = 38;
  private static final int MAX_THREADS_PER_MULTIPROCESSOR = 39;
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;
  private static final int MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97;

  private final Calls calls;
  private final int ordinal;
  private final int handle;
  private final String name;
  private final String pciBusId;
  private final long totalBytes;
  private final int major;
  private final int minor;
  private final int multiprocessors;
  private final int threadsPerMultiprocessor;
  private final int l2Bytes;
  private final int sharedBytesPerBlockOptin;
  private final int driverVersion;

  private Device(Calls calls, int ordinal) {
    this.calls = calls;
    this.ordinal = ordinal;
    handle = Calls.intFrom(out -> calls.deviceGet.call(out, ordinal));
    name = Calls.textFrom(MAX_NAME, out -> calls.deviceGetName.call(out, MAX_NAME, handle));
    pciBusId = Calls.textFrom(MAX_NAME, out -> calls.deviceGetPciBusId.call(out, MAX_NAME, handle));
    totalBytes = Calls.longFrom(out -> calls.deviceTotalMem.call(out, handle));
    major = attribute(COMPUTE_CAPABILITY_MAJOR);
    minor = attribute(COMPUTE_CAPABILITY_MINOR);
    multiprocessors = attribute(MULTIPROCESSOR_COUNT);
    threadsPerMultiprocessor = attribute(MAX_THREADS_PER_MULTIPROCESSOR);
    l2Bytes = attribute(L2_CACHE_SIZE);
    sharedBytesPerBlockOptin = attribute(MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
    driverVersion = Calls.intFrom(calls.driverVersion::call);
  }

  static Device of(Calls calls, int ordinal) {
    return new Device(calls, ordinal);
  }

  private int attribute(int attribute) {
    return Calls.intFrom(out -> calls.deviceGetAttribute.call(out, attribute, handle));
  }

  Calls calls() {
    return calls;
  }

  /** The {@code CUdevice}. */
  int handle() {
    return handle;
  }

  /** Its place among the devices of the process, from 0. */
  public int ordinal() {
    return ordinal;
  }

  /** Such as {@code NVIDIA H200}. */
  public String name() {
    return name;
  }

  /** Such as {@code 0000:3B:00.0}. */
  public String pciBusId() {
    return pciBusId;
  }

  /** Compute capability before the dot: 9 of 9.0. */
  public int major() {
    return major;
  }

  /** Compute capability after the dot: 0 of 9.0. */
  public int minor() {
    return minor;
  }

  /** How many multiprocessors (SMs) it has. */
  public int multiprocessors() {
    return multiprocessors;
  }

  /** The most threads that a multiprocessor holds at once. */
  public int threadsPerMultiprocessor() {
    return threadsPerMultiprocessor;
  }

  /** Bytes of device memory, used ones included. */
  public long totalBytes() {
    return totalBytes;
  }

  /** Bytes of the L2 cache. */
  public int l2Bytes() {
    return l2Bytes;
  }

  /** The most bytes of shared memory of a block, for {@link Kernel#withSharedMemory}. */
  public int sharedBytesPerBlockOptin() {
    return sharedBytesPerBlockOptin;
  }

  /** {@link CudaDriver#version} of the driver that found it. */
  public int driverVersion() {
    return driverVersion;
  }

  /**
   * Retains the device's primary context ({@code cuDevicePrimaryCtxRetain}), which is the same for
   * all of the process; the first time takes some 100 ms.
   *
   * @throws CudaException if the device cannot be used, or has no memory left for it
   */
  public Context open() {
    return new Context(this);
  }

  @Override
  public String toString() {
    return "GPU %d (%s)".formatted(ordinal, name);
  }
}
