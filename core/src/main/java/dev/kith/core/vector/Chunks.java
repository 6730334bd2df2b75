package dev.kith.core.vector;

/**
 * Division of row numbers among chunks of memory that is added as rows come: the first chunk holds
 * {@code first} rows, and each later one has the rows of all before it together. Nothing that was
 * given out ever moves, which readers without locks need, and {@code n} rows lie in about {@code
 * log2(n / first)} chunks.
 *
 * <p>After Dechev, Pirkelbauer, Stroustrup: Lock-free dynamically resizable arrays, 2006.
 *
 * @param first rows of the first chunk, a power of two of at least 64
 */
public record Chunks(int first) {
  /** Most rows that chunks may hold. */
  public static final int MOST = 1 << 30;

  /** Checks the size of the first chunk. */
  public Chunks {
    if (first < 64 || first > MOST || Integer.bitCount(first) != 1) {
      throw new IllegalArgumentException(
          "the first chunk holds a power of two of rows, 64 to %d: %d".formatted(MOST, first));
    }
  }

  /** Chunks of which the first holds {@code rows}, rounded up. */
  public static Chunks holding(int rows) {
    if (rows > MOST) {
      throw new IllegalArgumentException("chunks hold at most %d rows: %d".formatted(MOST, rows));
    }
    return new Chunks(rows <= 64 ? 64 : Integer.highestOneBit(rows - 1) << 1);
  }

  /** Number of the chunk that holds {@code row}. */
  public int chunkOf(int row) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(row / first);
  }

  /** First row of {@code chunk}; for the number of chunks, the rows that they hold. */
  public int start(int chunk) {
    return chunk == 0 ? 0 : first << (chunk - 1);
  }

  /** Number of rows of {@code chunk}. */
  public int rows(int chunk) {
    return chunk == 0 ? first : first << (chunk - 1);
  }
}
