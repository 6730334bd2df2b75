package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** A hold on a device's primary context, and what was made in it. Safe for many threads. */
public final class Context implements AutoCloseable {
  private static final int PORTABLE_AND_MAPPED = 1 | 2;
  private static final int NON_BLOCKING = 1;
  private static final int EVENT_DEFAULT = 0;
  private static final int EVENT_WITHOUT_TIMING = 2;

  /** Where the driver reads an image from: at least what a header of a fatbin asks for. */
  private static final long IMAGE_ALIGNMENT = 64;

  private final Device device;
  private final Calls calls;
  private final long handle;
  private final Set<Resource> open = Collections.synchronizedSet(new LinkedHashSet<>());
  private final AtomicBoolean closed = new AtomicBoolean();

  Context(Device device) {
    this.device = device;
    calls = device.calls();
    try {
      handle = Calls.longFrom(out -> calls.contextRetain.call(out, device.handle()));
    } catch (CudaException e) {
      throw e.of("of " + device);
    }
  }

  Calls calls() {
    return calls;
  }

  void adopt(Resource resource) {
    open.add(resource);
  }

  void disown(Resource resource) {
    open.remove(resource);
  }

  /** Whose context it is. */
  public Device device() {
    return device;
  }

  /**
   * Makes it the calling thread's current context ({@code cuCtxSetCurrent}). The methods of this
   * package do so themselves.
   */
  public void enter() {
    if (closed.get()) {
      throw new IllegalStateException("the context of %s is closed".formatted(device));
    }
    calls.contextSetCurrent.call(handle);
  }

  /**
   * Memory of the device, at a multiple of 256 bytes ({@code cuMemAlloc}).
   *
   * @param bytes at least 1
   * @throws CudaException {@link CudaException#isOutOfMemory} if there is no room
   */
  public DeviceMemory allocate(long bytes) {
    requirePositive(bytes);
    enter();
    try {
      return new DeviceMemory(this, Calls.longFrom(out -> calls.memAlloc.call(out, bytes)), bytes);
    } catch (CudaException e) {
      throw e.of("of %d bytes on %s".formatted(bytes, device));
    }
  }

  /**
   * Host memory that cannot be paged out, which copies at full speed and which kernels of every
   * device see ({@code cuMemHostAlloc}, portable and mapped).
   *
   * @param bytes at least 1
   * @throws CudaException {@link CudaException#isOutOfMemory} if the system pins no more
   */
  public PinnedMemory pinned(long bytes) {
    requirePositive(bytes);
    enter();
    try {
      long address =
          Calls.longFrom(out -> calls.memHostAlloc.call(out, bytes, PORTABLE_AND_MAPPED));
      return new PinnedMemory(this, address, bytes);
    } catch (CudaException e) {
      throw e.of("of %d bytes for %s".formatted(bytes, device));
    }
  }

  private static void requirePositive(long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("memory must have a size: bytes=" + bytes);
    }
  }

  /** A stream that does not wait for the default one ({@code cuStreamCreate}, non-blocking). */
  public Stream stream() {
    enter();
    return new Stream(this, Calls.longFrom(out -> calls.streamCreate.call(out, NON_BLOCKING)));
  }

  /** An event for order alone ({@code cuEventCreate}, timing disabled). */
  public Event event() {
    enter();
    return new Event(
        this, Calls.longFrom(out -> calls.eventCreate.call(out, EVENT_WITHOUT_TIMING)), false);
  }

  /** An event that takes the device's time, for {@link Event#millisSince}. */
  public Event timedEvent() {
    enter();
    return new Event(this, Calls.longFrom(out -> calls.eventCreate.call(out, EVENT_DEFAULT)), true);
  }

  /**
   * Loads an image: a cubin, a fatbin or PTX ({@code cuLibraryLoadData}). The driver keeps its own
   * copy. It may load code for the device as late as {@link Library#kernel}.
   *
   * @throws CudaException {@link CudaException#isNoBinaryForGpu} if nothing in it runs here
   */
  public Library load(byte[] image) {
    return load(MemorySegment.ofArray(image));
  }

  /** As {@link #load(byte[])}, from any memory. */
  public Library load(MemorySegment image) {
    enter();
    try (var arena = Arena.ofConfined()) {
      // PTX is text and ends with a zero.
      var copy = arena.allocate(image.byteSize() + 1, IMAGE_ALIGNMENT).copyFrom(image);
      long library =
          Calls.longFrom(out -> calls.libraryLoadData.call(out, copy.address(), 0, 0, 0, 0, 0, 0));
      return new Library(this, library);
    } catch (CudaException e) {
      throw e.of("of %d bytes for %s".formatted(image.byteSize(), device));
    }
  }

  /** Bytes of device memory that nobody uses now ({@code cuMemGetInfo}). */
  public long freeBytes() {
    enter();
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(JAVA_LONG, 2);
      calls.memGetInfo.call(out.address(), out.address() + JAVA_LONG.byteSize());
      return out.get(JAVA_LONG, 0);
    }
  }

  /** Bytes of device memory, used ones included. */
  public long totalBytes() {
    return device.totalBytes();
  }

  /**
   * Closes what is still open in it, the newest first, then lets the primary context go ({@code
   * cuDevicePrimaryCtxRelease}), once.
   *
   * @throws CudaException if the driver cannot free something
   */
  @Override
  public void close() {
    if (closed.get()) {
      return;
    }
    CudaException failed = null;
    List<Resource> left;
    synchronized (open) {
      left = new ArrayList<>(open);
    }
    for (var resource : left.reversed()) {
      try {
        resource.close();
      } catch (CudaException e) {
        failed = e;
      }
    }
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      calls.contextRelease.call(device.handle());
    } catch (CudaException e) {
      if (!e.isContextLost()) {
        failed = e;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
