package dev.kith.core.index;

import java.time.Duration;

/**
 * How queries of many threads are served together; see {@link BatchingSearch}.
 *
 * @param latencyBound how long a query may be queued: then its own thread starts it, whatever else
 *     runs; 0 to 60 seconds
 * @param maxBatch the most queries that are served together, at least 1
 * @param maxQueued the most queries that are queued, at least 1; further callers wait for room
 * @param parallel so many batches may run before queries are queued, at least 1
 */
public record BatchingOptions(Duration latencyBound, int maxBatch, int maxQueued, int parallel) {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /** 200 us, 256 queries a batch, 4,096 queued, one batch at a time. */
  public static final BatchingOptions DEFAULTS =
      new BatchingOptions(Duration.ofNanos(200_000), 256, 4096, 1);

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

  /** With another bound on how long a query may be queued. */
  public BatchingOptions withLatencyBound(Duration bound) {
    return new BatchingOptions(bound, maxBatch, maxQueued, parallel);
  }

  /** With at most so many queries served together. */
  public BatchingOptions withMaxBatch(int queries) {
    return new BatchingOptions(latencyBound, queries, maxQueued, parallel);
  }

  /** With at most so many queries queued. */
  public BatchingOptions withMaxQueued(int queries) {
    return new BatchingOptions(latencyBound, maxBatch, queries, parallel);
  }

  /** With so many batches running before queries are queued. */
  public BatchingOptions withParallel(int batches) {
    return new BatchingOptions(latencyBound, maxBatch, maxQueued, batches);
  }
}
