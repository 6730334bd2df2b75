package dev.kith.core.exact;

import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/**
 * A way to tell, without canonical keys, which rows may belong to an answer: by the rows
 * themselves, or by a shadow of them. Immutable; safe for many threads.
 */
interface Sieve {
  /** Blocks begin at multiples of this. */
  int STEP = 64;

  /** What excludes rows, for reports. */
  String bound();

  /** Whether it has, for a search with this filter, less to read than the rows let through. */
  boolean suits(@Nullable RowFilter filter);

  /** Room for {@code count} queries. */
  Pass pass(int count);

  /** One pass over the rows for some queries, shared by its workers; may be started again. */
  interface Pass {
    /**
     * Reads the queries.
     *
     * @throws dev.kith.core.vector.VectorDataException if one is not finite
     */
    void start(VectorSource queries, @Nullable RowFilter filter);

    /** Lets go of what belongs to the caller. */
    void end();

    /** A query as given. */
    float[] query(int q);

    /** False if nothing can be excluded for this query. */
    boolean bounded(int q);

    /** Rows of a block, a multiple of {@link #STEP}. */
    int blockRows();

    /** What one worker needs. */
    Scanner scanner();
  }

  /** One worker's loops. */
  interface Scanner {
    /** Counts rows from zero. */
    void start();

    /** Rows that were looked at since, among those let through; once for each query. */
    long rowsRead();

    /**
     * Offers the rows of a block that are not excluded, to {@code candidates[q]} for each query.
     */
    void scan(long first, int count, Candidates[] candidates);

    /** Offers what still waits for more, once this worker has no more blocks. */
    void end(Candidates[] candidates);
  }
}
