package dev.kith.cuda.exact;

/**
 * The chunks of a scan. The first gives each query a threshold; the longer it is, the fewer rows
 * the next keep, and the more there are to sort. With {@code s} rows seen and {@code m} in the
 * list, {@code x} more leave about {@code m x / s}: each later chunk is longer than all before it
 * by a factor that lists have room for.
 */
final class Plan {
  /** Rows that bounds are taken to leave in a list, beside some for each row of the answer; */
  static final int LOOSE = 200;

  /** and how many those are. */
  static final double LOOSENESS = 2.5;

  private static final int MOST_GROWTH_FEW = 128;

  /** For a tile of queries; a chunk more would cost some 20 us. */
  private static final int MOST_GROWTH_SOME = 10;

  /** For many queries adding to lists costs more than bringing them to what counts. */
  private static final int MOST_GROWTH = 5;

  /** Queries of a tile. */
  private static final int SOME = 128;

  private final int[] ends = new int[64];
  private final int chunks;

  /**
   * For one search.
   *
   * @param allowed of the {@code n} rows those that may be returned
   * @param few whether queries have two codes an element
   * @param limited whether queries begin with thresholds, for which the first chunk is scanned else
   */
  Plan(int n, long allowed, int queries, int k, int capacity, boolean few, boolean limited) {
    double list = LOOSE + LOOSENESS * k;
    int most = few ? MOST_GROWTH_FEW : queries <= SOME ? MOST_GROWTH_SOME : MOST_GROWTH;
    // What is in the list stays there while more come.
    int growth = (int) Math.clamp(capacity / list - 1, 2, most);
    long first = few ? Math.max((long) Math.sqrt(64.0 * n), 16L * k) : capacity / 2;
    double sparse = (double) n / allowed;
    long end = Math.clamp((long) (Math.min(first, capacity / 2) * sparse), 1, n);
    int count = 0;
    if (limited) {
      end = Math.min(n, end * (growth + 1));
    }
    ends[count++] = (int) end;
    while (end < n) {
      end = Math.min(n, end * (growth + 1));
      ends[count++] = (int) end;
    }
    chunks = count;
  }

  int chunks() {
    return chunks;
  }

  int from(int chunk) {
    return chunk == 0 ? 0 : ends[chunk - 1];
  }

  int to(int chunk) {
    return ends[chunk];
  }
}
