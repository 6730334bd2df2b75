package dev.kith.core.ivf;

import dev.kith.core.exact.Candidates;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Bound;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;

/**
 * Codes of rows in the order of lists, each list in blocks of its own, and what searches read of
 * them. The kind of codes is a parameter of lists: another kind brings its body, a {@link Sieve}
 * over it, and a number by which files know it. Immutable; safe for many threads.
 */
interface ListCodes {

  /** Number of this kind in files. */
  int kind();

  /** Codes as they are stored, read-only. */
  MemorySegment body();

  /**
   * Positions of lists, {@code [lists + 1]}: where each list's first row is in the blocks, then
   * what is behind the last block. Bits of filters are by position.
   */
  long[] positions();

  /**
   * Codes every row again and compares.
   *
   * @return the first position from which on codes differ, or -1 if none does
   */
  long firstDifference();

  /** Loops over the codes. */
  Sieve sieve(Kernels kernels);

  /** What tells, by the codes, which rows of a list may belong to an answer. */
  interface Sieve {
    /** Name of what excludes rows, for reports. */
    String bound();

    /** Bytes that a query takes in a workspace, about. */
    long bytes();

    /** Whether a search for the exact answer reads less by these codes than a scan of the rows. */
    boolean proves();

    /** Whether a probable bound holds with its probability, over a random rotation. */
    boolean random();

    /** Bounds of a row, each of which may exclude it. */
    int bounds();

    /** Elements of the codes' space. */
    int dimension();

    /** Creates a workspace for {@code count} queries. */
    Pass pass(int count);
  }

  /** Queries, coded; shared by workers and started again for others. */
  interface Pass {
    /**
     * Takes the queries, which are finite.
     *
     * @param bound by which rows are excluded; codes that have certain bounds alone use those
     */
    void start(VectorSource queries, Bound bound);

    /**
     * Codes query {@code q}, whose nearest list is {@code nearest}; for one worker each, before any
     * list is scanned for it.
     */
    void aim(int q, int nearest);

    /** Query {@code q} as given. */
    float[] query(int q);

    /** Whether rows can be excluded for query {@code q} at all. */
    boolean bounded(int q);

    /** Creates the loops and buffers of one worker. */
    Scanner scanner();
  }

  /** One worker's loops. */
  interface Scanner {
    /**
     * Offers the rows of consecutive lists that are not excluded, to {@code candidates[q]} for each
     * query.
     *
     * @param first the first list
     * @param end the list behind the last one
     * @param queries {@code [>= count]} numbers of queries, whose candidates have not given up
     * @param allowed a bit for each position, of which those of the list are read, or {@link
     *     MemorySegment#NULL}
     */
    void scan(
        int first,
        int end,
        int[] queries,
        int count,
        MemorySegment allowed,
        Candidates[] candidates);
  }
}
