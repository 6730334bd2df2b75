package dev.kith.cuda.driver;

/** Memory of a device. Its contents are whatever was there. */
public final class DeviceMemory extends Resource {
  private final long byteSize;

  DeviceMemory(Context context, long address, long byteSize) {
    super(context, "device memory", address);
    this.byteSize = byteSize;
  }

  /**
   * The first byte's address on the device.
   *
   * @throws IllegalStateException once closed
   */
  public long address() {
    return handle();
  }

  /** As asked for. */
  public long byteSize() {
    return byteSize;
  }

  /** {@code cuMemFree}, which waits for the device. */
  @Override
  void free(long live) {
    context.calls().memFree.call(live);
  }
}
