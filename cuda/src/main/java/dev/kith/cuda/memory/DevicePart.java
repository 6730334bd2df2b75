package dev.kith.cuda.memory;

/** Something made of a source's rows that lies in device memory. Closing gives the memory back. */
public interface DevicePart extends AutoCloseable {
  /** Bytes of device memory that it takes. */
  long bytes();

  @Override
  void close();
}
