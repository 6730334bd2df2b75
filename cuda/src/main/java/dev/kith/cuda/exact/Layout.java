package dev.kith.cuda.exact;

import dev.kith.cuda.kernels.Structs;

/**
 * Where the working memory of a search lies, from one address on. What goes to the host lies first
 * and together: it is one copy.
 */
final class Layout {
  static final int OUTCOME_BYTES = Structs.OUTCOME.bytes();
  static final int FILTER_BYTES = Structs.QUERY_FILTER.bytes();
  static final int TERM_BYTES = Structs.QUERY_TERMS.bytes();

  final int queries;
  final int dimension;
  final int stride;
  final int k;
  final int capacity;
  final int rows;

  final long reports;
  final long given;
  final long high;
  final long low;
  final long filters;
  final long terms;
  final long counts;
  final long valued;
  final long done;
  final long outcomes;
  final long tickets;
  final long slots;
  final long listRows;
  final long lowers;
  final long uppers;
  final long listKeys;
  final long allowed;
  final long positions;
  final long bytes;

  /**
   * For at most {@code queries} queries.
   *
   * @param stride bytes of a query's codes
   * @param capacity rows that a query's list holds
   * @param rows of the source, for a bitmap of them
   */
  Layout(int queries, int dimension, int stride, int k, int capacity, int rows) {
    this.queries = queries;
    this.dimension = dimension;
    this.stride = stride;
    this.k = k;
    this.capacity = capacity;
    this.rows = rows;
    long q = queries;
    reports = 0;
    given = aligned(resultBytes(queries));
    high = aligned(given + givenBytes());
    low = aligned(high + q * stride);
    filters = aligned(low + Math.min(q, Sizes.FEW) * stride);
    terms = aligned(filters + FILTER_BYTES * q);
    counts = aligned(terms + TERM_BYTES * q);
    valued = aligned(counts + 4 * q);
    done = aligned(valued + 4 * q);
    outcomes = aligned(done + 4 * q);
    tickets = aligned(outcomes + OUTCOME_BYTES * q);
    slots = aligned(tickets + 4 * q);
    listRows = aligned(slots + 4 * q);
    lowers = aligned(listRows + 4 * q * capacity);
    uppers = aligned(lowers + 4 * q * capacity);
    listKeys = aligned(uppers + 4 * q * capacity);
    allowed = aligned(listKeys + 8 * q * capacity);
    positions = aligned(allowed + (rows + 63L) / 64 * 8);
    bytes = aligned(positions + (rows + 63L) / 64 * 8);
  }

  private static long aligned(long bytes) {
    return (bytes + 255) / 256 * 256;
  }

  /** Where the keys of the rows found lie, for {@code count} queries. */
  long keys(int count) {
    return (long) OUTCOME_BYTES * count;
  }

  /** Where the rows found lie, for {@code count} queries. */
  long found(int count) {
    return keys(count) + 8L * count * k;
  }

  /** Bytes of all that goes to the host for {@code count} queries. */
  long resultBytes(int count) {
    return found(count) + 4L * count * k;
  }

  /**
   * Bytes of the queries as given with their limits, a multiple of 64; on the host results lie
   * behind them.
   */
  long givenBytes() {
    return (limits(queries) + 8L * queries + 63) / 64 * 64;
  }

  /** Where the limits of {@code count} queries lie behind these, from the first query on. */
  long limits(int count) {
    return (4L * count * dimension + 7) / 8 * 8;
  }

  /** Bytes that a query takes, but for its elements and results. */
  static long listBytes(int capacity) {
    return 20L * capacity;
  }

  /** Whether a search of this shape finds its place here. */
  boolean serves(int count, Layout other) {
    return count <= queries
        && dimension == other.dimension
        && stride == other.stride
        && k == other.k
        && capacity == other.capacity
        && other.rows <= rows;
  }
}
