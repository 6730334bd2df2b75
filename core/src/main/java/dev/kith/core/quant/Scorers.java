package dev.kith.core.quant;

import dev.kith.core.kernel.Picks;

/**
 * Estimates of how far rows are from a query, for rows that are picked one by one, as a walk
 * through a graph picks them. Immutable; safe for many threads, of which each has a {@link Scorer}.
 */
public interface Scorers {

  /** Creates a scorer for one thread. */
  Scorer scorer();

  /** Number of rows. */
  int size();

  /**
   * Whether rows were projected to fewer dimensions first, so that an estimate tells less of one.
   */
  boolean projected();

  /** Bytes of what is read for a row, such as its codes. */
  long bytesPerRow();

  /**
   * Estimates for one query at a time. An estimate plus {@link #offset} is about the squared
   * distance in {@link WalkSpace}; alone it orders rows as the sum does. Belongs to one thread.
   */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  interface Scorer {
    /** Sets the query, {@code [d]} as its user gave it. */
    void setQuery(float[] query);

    /** Sets a row of the index as the query. */
    void setRow(int row);

    /** What is to be added to an estimate to make it a squared distance; depends on the query. */
    float offset();

    /** Estimates the first {@code count} rows of {@code picks}. */
    void estimate(Picks picks, int count);

    /**
     * A scorer of other rows that were coded alike, whose query is at any time this one's.
     *
     * @param others made by what made this one's
     */
    Scorer sharing(Scorers others);
  }
}
