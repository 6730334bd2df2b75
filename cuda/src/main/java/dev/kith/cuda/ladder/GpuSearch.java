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
   * Where the time goes of a search of the first queries, as many as are taken at once; measured
   * now, by runs of their own, as what measures takes time too. A rung with work for each row is
   * measured on some rows and scaled.
   */
  DeviceTime deviceTime();

  /** Gives the device's memory back. */
  @Override
  void close();
}
