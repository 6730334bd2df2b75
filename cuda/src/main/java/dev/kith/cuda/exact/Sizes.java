package dev.kith.cuda.exact;

/** How much is done at once, and which way suits it. */
final class Sizes {
  /** The largest k that the kernels select. */
  static final int MOST_K = 4096;

  /** Queries, at most, that are scanned with two codes an element, as fast as memory delivers. */
  static final int FEW = 4;

  /**
   * Queries, at most, whose launches take as long as what they launch: they are kept as graphs, and
   * memory is laid out for that number, whatever their own, where it suffices.
   */
  static final int SOME = 32;

  /** Rows, at most, that are not worth a scan. */
  private static final int DIRECT = 64;

  /** Rows, at most, that a filter lets through and that are not worth one either, */
  private static final int DIRECT_FILTERED = 4096;

  /** if over all queries there are no more than these. */
  private static final int DIRECT_KEYS = 1 << 15;

  private static final int CAPACITY = 4096;
  private static final int FEW_CAPACITY = 1 << 16;
  private static final int MOST_QUERIES = 1 << 14;

  /** What the kernels for few queries declare of shared memory themselves, and to spare. */
  private static final int FEW_DECLARED = 1 << 10;

  private Sizes() {}

  /** Queries that are answered together, with {@code bytes} of device memory for them. */
  static int group(int k, int d, long queries, long bytes) {
    int most = most(k, d, bytes);
    long groups = (queries + most - 1) / most;
    return Math.toIntExact((queries + groups - 1) / Math.max(groups, 1));
  }

  /** Queries whose lists {@code bytes} hold, at least 1. */
  static int most(int k, int d, long bytes) {
    return Math.clamp(
        bytes / (Layout.listBytes(capacity(k, Integer.MAX_VALUE)) + 4L * d), 1, MOST_QUERIES);
  }

  /** Rows that the list of each of {@code count} queries holds. */
  static int capacity(int k, int count) {
    return count <= FEW
        ? Math.max(FEW_CAPACITY, 32 * k)
        : Math.max(CAPACITY, Integer.highestOneBit(32 * k - 1) * 2);
  }

  /** Whether canonical keys of all rows that may be returned cost less than a scan. */
  static boolean isDirect(Layout where, boolean filtered, long allowed, int count) {
    return filtered
        ? allowed <= Math.min(DIRECT_FILTERED, where.capacity - where.k)
            && allowed * count <= DIRECT_KEYS
        : allowed <= DIRECT;
  }

  /**
   * Whether queries are scanned as few: their codes must fit the kernel's memory.
   *
   * @param stride bytes of a query's codes
   * @param sharedBytes that a block may have
   */
  static boolean isFew(int queries, int stride, int sharedBytes) {
    return queries <= FEW && fewBytes(queries, stride) <= sharedBytes - FEW_DECLARED;
  }

  /** Bytes of the codes of few queries. */
  static int fewBytes(int queries, int stride) {
    return 2 * queries * stride;
  }
}
