package dev.kith.cuda.ladder;

/** A rung whose rows are in place, ready to search; for one thread at a time. */
public interface GpuSearch extends AutoCloseable {

  /**
   * Answers {@code count} queries from {@code first} on.
   *
   * @param count at most the rung's {@link GpuRung#queriesAtOnce}
   * @throws dev.kith.cuda.driver.CudaException if the device fails
   */
  Found search(int first, int count);

  /**
   * Searches as {@link #search} does, each piece timed by events, which makes the search as a whole
   * slower. A rung with work for each row does it for some rows and scales what they took. First
   * runs take longer: the caller repeats it.
   *
   * @return of all {@code count} queries together
   * @throws dev.kith.cuda.driver.CudaException if the device fails
   */
  DeviceTime timed(int first, int count);

  /** Gives the device's memory back. */
  @Override
  void close();
}
