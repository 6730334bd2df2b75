package dev.kith.lab.ladder;

import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/**
 * One way to search, told to a reader and run on their data. Every rung answers the same question:
 * the {@code k} rows nearest to a query by L2, ties by smaller row, as the float64 definition has
 * them.
 */
public interface Rung {

  /** Short and unique, such as {@code scalar}. */
  String name();

  /** One paragraph: what this rung does otherwise than the one before, and why that is faster. */
  String explanation();

  /** The loop that does the work. */
  SourceCode code();

  /** How many of so many queries are handed over together: 1, or as many as pay. */
  int queriesAtOnce(int queries);

  /** Threads of the CPU that search, at most. */
  int threads();

  /** Why it cannot run here and what to do, in one line, or null if it can. */
  @Nullable String unavailable();

  /**
   * Does what is done once for all searches, such as building a smaller copy.
   *
   * @param rows float32, finite; the caller keeps them open and closes them
   * @param queries likewise, of the same dimension
   * @param k at least 1
   * @throws dev.kith.core.backend.BackendUnavailableException with the reason, if these rows cannot
   *     be searched so, such as for lack of memory; searches may throw it too
   */
  Prepared prepare(VectorSource rows, VectorSource queries, int k);

  /** A rung ready to search, by one thread at a time. */
  interface Prepared extends AutoCloseable {

    /** Answers {@code count} queries from {@code first} on; what is timed is this call. */
    Answer search(int first, int count);

    /**
     * Answers them once more and says how long a device worked, by its own clock; null on the CPU.
     * Measuring takes time of its own, so {@link #search} is timed apart from it.
     */
    default @Nullable DeviceWork timed(int first, int count) {
      return null;
    }

    @Override
    void close();
  }

  /**
   * The answer to some queries and what it took.
   *
   * @param rows {@code [count][min(k, rows)]}, nearest first
   * @param bytes that had to be read of the rows, or of their smaller copy, for all of them
   * @param multiplyAdds float32 operations that had to be done for all of them; integer operations
   *     are not counted
   * @param servedBy what ran it, such as {@code simd}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(long[][] rows, long bytes, double multiplyAdds, String servedBy) {}

  /**
   * How long a device worked for some queries, all of them together, in milliseconds.
   *
   * @param kernels running them
   * @param copies to the device and back
   */
  record DeviceWork(double kernels, double copies) {}
}
