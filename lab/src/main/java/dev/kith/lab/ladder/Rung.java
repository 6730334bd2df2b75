package dev.kith.lab.ladder;

import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/**
 * One way to search, told to a reader and run on their data. Every rung answers the same question:
 * the {@code k} rows nearest to a query by L2, ties by smaller row, as the float64 definition has
 * them.
 */
public interface Rung {

  /** Short and unique name, such as {@code scalar}. */
  String name();

  /** Paragraph about what this rung does otherwise than the one before, and why that is faster. */
  String explanation();

  /** Source of the loop that does the work. */
  SourceCode code();

  /**
   * Number of queries handed over together, of {@code queries} in all: 1, or the number that pays
   * most.
   */
  int queriesAtOnce(int queries);

  /** Most threads of the CPU that search. */
  int threads();

  /** Reason why it cannot run here and what to do, in one line, or null if it can. */
  @Nullable String unavailable();

  /**
   * Prepares what is done once for all searches, such as building a smaller copy.
   *
   * @param rows float32, finite; the caller keeps them open and closes them
   * @param queries likewise, of the same dimension
   * @param k at least 1
   * @throws dev.kith.core.backend.BackendUnavailableException with the reason, if these rows cannot
   *     be searched so, such as for lack of memory; searches may throw it too
   */
  Prepared prepare(VectorSource rows, VectorSource queries, int k);

  /** Rung that is ready to search, by one thread at a time. */
  interface Prepared extends AutoCloseable {

    /** Answers {@code count} queries from {@code first} on; this call is what is timed. */
    Answer search(int first, int count);

    /**
     * Answers {@code count} queries once more and says how long a device worked, by its own clock;
     * null on the CPU. Measuring takes time of its own, so {@link #search} is timed apart from it.
     */
    default @Nullable DeviceWork timed(int first, int count) {
      return null;
    }

    @Override
    void close();
  }

  /**
   * Answer to some queries and what it took.
   *
   * @param rows {@code [count][min(k, rows)]}, nearest first
   * @param bytes bytes that had to be read of the rows, or of their smaller copy, for all queries
   * @param multiplyAdds float32 operations that had to be done for all queries; integer operations
   *     are not counted
   * @param servedBy name of the backend that ran it, such as {@code simd}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(long[][] rows, long bytes, double multiplyAdds, String servedBy) {}

  /**
   * Time that a device worked for some queries, all together, in milliseconds.
   *
   * @param kernels time of running kernels
   * @param copies time of copies to the device and back
   */
  record DeviceWork(double kernels, double copies) {}
}
