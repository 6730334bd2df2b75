package dev.kith.core.exact;

import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/**
 * Filter that tells, without canonical keys, which rows may belong to an answer: by the rows
 * themselves, or by a shadow of them. Immutable; safe for many threads.
 */
interface Sieve {
  /** Number of rows that the start of every block is a multiple of. */
  int STEP = 64;

  /** Name of what excludes rows, for reports. */
  String bound();

  /** Whether a scan by this sieve reads less than the rows that {@code filter} lets through. */
  boolean suits(@Nullable RowFilter filter);

  /** Creates a workspace for {@code count} queries. */
  Pass pass(int count);

  /** One pass over the rows for some queries, shared by its workers; may be started again. */
  interface Pass {
    /**
     * Reads the queries.
     *
     * @throws dev.kith.core.vector.VectorDataException if one is not finite
     */
    void start(VectorSource queries, @Nullable RowFilter filter);

    /** Drops references to what belongs to the caller. */
    void end();

    /** Query {@code q} as given. */
    float[] query(int q);

    /** Whether rows can be excluded for query {@code q} at all. */
    boolean bounded(int q);

    /** Rows of a block, a multiple of {@link #STEP}. */
    int blockRows();

    /** Creates the loops and buffers of one worker. */
    Scanner scanner();
  }

  /** One worker's loops. */
  interface Scanner {
    /** Resets {@link #rowsRead} to zero. */
    void start();

    /**
     * Rows read since {@link #start} among those that the filter lets through; a row read for
     * several queries counts for each.
     */
    long rowsRead();

    /**
     * Offers the rows of a block that are not excluded, to {@code candidates[q]} for each query.
     */
    void scan(long first, int count, Candidates[] candidates);

    /** Scans and offers the rows that were held back, once this worker has no more blocks. */
    void end(Candidates[] candidates);
  }
}
