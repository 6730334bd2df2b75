package dev.kith.core.index;

import java.time.Duration;

/**
 * Options for serving single queries of many threads together; see {@link BatchingSearch}.
 *
 * @param latencyBound longest time that a query may be queued: then its own thread starts it,
 *     whatever else runs; 0 to 60 seconds
 * @param maxBatch most queries that are served together, at least 1
 * @param maxQueued most queries that are queued, at least 1; further callers wait for room
 * @param parallel number of batches that run at once before queries are queued, at least 1
 */
public record BatchingOptions(Duration latencyBound, int maxBatch, int maxQueued, int parallel) {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /** Options for cores: 200 us, 256 queries a batch, 4,096 queued, one batch at a time. */
  public static final BatchingOptions DEFAULTS =
      new BatchingOptions(Duration.ofNanos(200_000), 256, 4096, 1);

  /**
   * Options for a device that one search keeps busy: one batch at once, and a query is queued until
   * it ends, however long that takes; its deadline still ends it. What gathers meanwhile goes
   * together, up to 1,024 queries. Two batches at once got less from an H200, as each is half as
   * large (measured: docs/results/batching.md).
   */
  public static final BatchingOptions FOR_DEVICE = new BatchingOptions(LONGEST, 1024, 1 << 16, 1);

  /** Checks the numbers. */
  public BatchingOptions {
    if (latencyBound.isNegative() || latencyBound.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "latencyBound must be 0 to 60 seconds, for a query waits so long: " + latencyBound);
    }
    requirePositive("maxBatch", maxBatch);
    requirePositive("maxQueued", maxQueued);
    requirePositive("parallel", parallel);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s must be at least 1: %d".formatted(name, value));
    }
  }

  /** Sets the longest time that a query may be queued. */
  public BatchingOptions withLatencyBound(Duration bound) {
    return new BatchingOptions(bound, maxBatch, maxQueued, parallel);
  }

  /** Sets the most queries that are served together. */
  public BatchingOptions withMaxBatch(int queries) {
    return new BatchingOptions(latencyBound, queries, maxQueued, parallel);
  }

  /** Sets the most queries that are queued. */
  public BatchingOptions withMaxQueued(int queries) {
    return new BatchingOptions(latencyBound, maxBatch, queries, parallel);
  }

  /** Sets the number of batches that run at once before queries are queued. */
  public BatchingOptions withParallel(int batches) {
    return new BatchingOptions(latencyBound, maxBatch, maxQueued, batches);
  }
}
