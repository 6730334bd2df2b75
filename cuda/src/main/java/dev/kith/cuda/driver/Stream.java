package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * Work for a device, done in the order in which it was given. Methods return when the work is
 * queued, but {@link #synchronize}; what it reads and writes must live until it is done. A failure
 * on the device shows at a later call. For one thread at a time.
 */
public final class Stream extends Resource {
  private static final int CAPTURE_THREAD_LOCAL = 1;
  private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

  // CUlaunchConfig: grid and block, 3 ints each, then
  private static final long CONFIG_SHARED_BYTES = 24;
  private static final long CONFIG_STREAM = 32;
  private static final long CONFIG_ATTRIBUTES = 40;
  private static final long CONFIG_ATTRIBUTE_COUNT = 48;
  private static final long CONFIG_BYTES = 56;

  // CUlaunchAttribute: an id, then a union of 64 bytes
  private static final long ATTRIBUTE_VALUE = 8;
  private static final long ATTRIBUTE_BYTES = 72;

  private final Calls calls;

  /** The CUlaunchConfig of {@link #launchProgrammatic}, filled for each launch. */
  private final MemorySegment config;

  Stream(Context context, long handle) {
    super(context, "a stream", handle);
    calls = context.calls();
    var arena = Arena.ofAuto();
    config = arena.allocate(CONFIG_BYTES + ATTRIBUTE_BYTES, JAVA_LONG.byteAlignment());
    config.set(JAVA_LONG, CONFIG_STREAM, handle);
    config.set(JAVA_LONG, CONFIG_ATTRIBUTES, config.address() + CONFIG_BYTES);
    config.set(JAVA_INT, CONFIG_ATTRIBUTE_COUNT, 1);
    config.set(JAVA_INT, CONFIG_BYTES, PROGRAMMATIC_STREAM_SERIALIZATION);
    config.set(JAVA_INT, CONFIG_BYTES + ATTRIBUTE_VALUE, 1);
  }

  private long entered() {
    long stream = handle();
    context.enter();
    return stream;
  }

  /**
   * Copies from the host ({@code cuMemcpyHtoDAsync}). From pinned memory it runs beside other work;
   * from other memory it may wait.
   *
   * @param target address on the device
   * @param source off-heap
   */
  public void copyToDevice(long target, MemorySegment source, long bytes) {
    long address = address(source, bytes);
    try {
      calls.copyToDevice.call(target, address, bytes, entered());
    } finally {
      Reference.reachabilityFence(source);
    }
  }

  /**
   * Copies to the host ({@code cuMemcpyDtoHAsync}). To pinned memory it runs beside other work; to
   * other memory it waits.
   *
   * @param target off-heap
   * @param source address on the device
   */
  public void copyToHost(MemorySegment target, long source, long bytes) {
    long address = address(target, bytes);
    try {
      calls.copyToHost.call(address, source, bytes, entered());
    } finally {
      Reference.reachabilityFence(target);
    }
  }

  private static long address(MemorySegment host, long bytes) {
    if (!host.isNative()) {
      throw new IllegalArgumentException("the driver copies off-heap memory alone");
    }
    Objects.checkFromIndexSize(0, bytes, host.byteSize());
    return host.address();
  }

  /** Copies on the device ({@code cuMemcpyDtoDAsync}). The two must not overlap. */
  public void copyOnDevice(long target, long source, long bytes) {
    calls.copyOnDevice.call(target, source, bytes, entered());
  }

  /** Sets every byte ({@code cuMemsetD8Async}). */
  public void fill(long target, byte value, long bytes) {
    calls.fillBytes.call(target, value, bytes, entered());
  }

  /**
   * Sets every 32 bits ({@code cuMemsetD32Async}).
   *
   * @param target a multiple of 4
   * @param count of ints, not bytes
   */
  public void fillInts(long target, int value, long count) {
    calls.fillInts.call(target, value, count, entered());
  }

  /** Marks this point of the work ({@code cuEventRecord}). */
  public void record(Event event) {
    calls.eventRecord.call(event.handle(), entered());
  }

  /** Later work waits for the event; the host does not ({@code cuStreamWaitEvent}). */
  public void waitFor(Event event) {
    long awaited = event.handle();
    calls.streamWaitEvent.call(entered(), awaited, 0);
  }

  /**
   * Waits until all work is done ({@code cuStreamSynchronize}).
   *
   * @throws CudaException also for what failed on the device before
   */
  public void synchronize() {
    calls.streamSynchronize.call(entered());
  }

  /** Whether all work is done ({@code cuStreamQuery}). */
  public boolean query() {
    int result = calls.streamQuery.result(entered());
    if (result != Result.NOT_READY) {
      calls.streamQuery.check(result);
    }
    return result != Result.NOT_READY;
  }

  /**
   * Starts a kernel ({@code cuLaunchKernel}).
   *
   * @param gridX blocks, up to 2^31 - 1
   * @param gridY blocks, up to 65,535
   * @param gridZ blocks, up to 65,535
   * @param blockX threads of a block, up to 1,024
   * @param sharedBytes dynamic shared memory of a block; above 48 KiB see {@link
   *     Kernel#withSharedMemory}
   * @param arguments as many as the kernel has parameters, of its types: the driver cannot check
   */
  public void launch(
      Kernel kernel,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int sharedBytes,
      Arguments arguments) {
    try {
      calls.launchKernel.call(
          kernel.function(),
          gridX,
          gridY,
          gridZ,
          blockX,
          1,
          1,
          sharedBytes,
          entered(),
          arguments.address(),
          0);
    } catch (CudaException e) {
      throw e.of(launch(kernel, gridX, gridY, gridZ, blockX, sharedBytes));
    } finally {
      Reference.reachabilityFence(arguments);
    }
  }

  /**
   * As {@link #launch}, but the kernel may start while the one before it in the stream still runs
   * ({@code cuLaunchKernelEx} with programmatic stream serialization, compute capability 9.0 and
   * up): it must call {@code cudaGridDependencySynchronize} before it reads what that one wrote.
   */
  public void launchProgrammatic(
      Kernel kernel,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int sharedBytes,
      Arguments arguments) {
    entered();
    config.set(JAVA_INT, 0, gridX);
    config.set(JAVA_INT, 4, gridY);
    config.set(JAVA_INT, 8, gridZ);
    config.set(JAVA_INT, 12, blockX);
    config.set(JAVA_INT, 16, 1);
    config.set(JAVA_INT, 20, 1);
    config.set(JAVA_INT, CONFIG_SHARED_BYTES, sharedBytes);
    try {
      calls.launchKernelEx.call(config.address(), kernel.function(), arguments.address(), 0);
    } catch (CudaException e) {
      throw e.of(launch(kernel, gridX, gridY, gridZ, blockX, sharedBytes));
    } finally {
      Reference.reachabilityFence(arguments);
    }
  }

  private String launch(
      Kernel kernel, int gridX, int gridY, int gridZ, int blockX, int sharedBytes) {
    return "of %s (grid %d x %d x %d, %d threads, %d bytes shared) on %s"
        .formatted(kernel.name(), gridX, gridY, gridZ, blockX, sharedBytes, context.device());
  }

  /**
   * From here on work is noted, not done ({@code cuStreamBeginCapture}, of this thread alone),
   * until {@link #endCapture} on the same thread.
   */
  public void beginCapture() {
    calls.streamBeginCapture.call(entered(), CAPTURE_THREAD_LOCAL);
  }

  /**
   * The noted work as a graph that can be launched again and again ({@code cuStreamEndCapture},
   * {@code cuGraphInstantiateWithFlags}). Arguments are as they were when noted.
   */
  public Graph endCapture() {
    long stream = entered();
    long graph = Calls.longFrom(out -> calls.streamEndCapture.call(stream, out));
    try {
      return new Graph(context, Calls.longFrom(out -> calls.graphInstantiate.call(out, graph, 0)));
    } finally {
      calls.graphDestroy.call(graph);
    }
  }

  /** Starts a graph ({@code cuGraphLaunch}). */
  public void launch(Graph graph) {
    calls.graphLaunch.call(graph.handle(), entered());
  }

  /** {@code cuStreamDestroy}, which lets queued work end. */
  @Override
  void free(long live) {
    calls.streamDestroy.call(live);
  }
}
