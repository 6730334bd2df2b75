package dev.kith.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory that cannot be paged out, mapped for the device too. */
public final class PinnedMemory extends Resource {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;

  @SuppressWarnings("restricted")
  PinnedMemory(Context context, long address, long byteSize) {
    super(context, "pinned memory", address);
    segment = MemorySegment.ofAddress(address).reinterpret(byteSize, arena, null);
  }

  /** The memory, for any thread; accesses throw once this is closed. */
  public MemorySegment segment() {
    return segment;
  }

  /** Where kernels see it ({@code cuMemHostGetDevicePointer}). */
  public long deviceAddress() {
    long host = handle();
    context.enter();
    return Calls.longFrom(out -> context.calls().memHostGetDevicePointer.call(out, host, 0));
  }

  /** Bytes of it. */
  public long byteSize() {
    return segment.byteSize();
  }

  /** {@code cuMemFreeHost}. */
  @Override
  void free(long live) {
    arena.close();
    context.calls().memFreeHost.call(live);
  }
}
