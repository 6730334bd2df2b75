package dev.kith.db;

import dev.kith.db.durability.Checks;
import dev.kith.db.durability.Durability;
import dev.kith.db.memory.HeapShare;
import java.time.Duration;

/**
 * How a collection is kept while it is open; the next opening may choose otherwise.
 *
 * @param durability what an acknowledged write survives
 * @param flushInterval for {@link Durability#INTERVAL}: what power loss may cost
 * @param refreshInterval how long a write may stay unseen by searches; zero: the next query sees it
 * @param memoryBytes for points that are in no segment yet
 * @param checkpointBytes of log, after which the segments are made durable in the background
 * @param checks what must have the right checksum before it is first read
 * @param auditEvery one approximate answer of that number is computed again exactly after its
 *     reply, in idle time, within three hundredths of the processor time of searches; 0 for none.
 *     {@link CollectionStats} tells what that found, and a recall that is not kept is mended
 */
public record CollectionOptions(
    Durability durability,
    Duration flushInterval,
    Duration refreshInterval,
    long memoryBytes,
    long checkpointBytes,
    Checks checks,
    long auditEvery) {
  /** Safe, and visible at once; memory for points is a sixteenth of the heap, 1 to 48 MiB. */
  public static final CollectionOptions DEFAULT =
      new CollectionOptions(
          Durability.REQUEST,
          Duration.ofMillis(200),
          Duration.ZERO,
          HeapShare.bytes(16, 48L << 20),
          256L << 20,
          Checks.standard(),
          1000);

  /** Checks the numbers. */
  public CollectionOptions {
    if (flushInterval.isNegative() || flushInterval.isZero()) {
      throw new IllegalArgumentException("flushInterval must be positive: " + flushInterval);
    }
    if (refreshInterval.isNegative()) {
      throw new IllegalArgumentException(
          "refreshInterval must not be negative: " + refreshInterval);
    }
    if (memoryBytes < 1 << 20 || memoryBytes > 1L << 30) {
      throw new IllegalArgumentException("memoryBytes must be 1 MiB to 1 GiB: " + memoryBytes);
    }
    if (checkpointBytes < 1) {
      throw new IllegalArgumentException("checkpointBytes must be positive: " + checkpointBytes);
    }
    if (auditEvery < 0) {
      throw new IllegalArgumentException("auditEvery must be 0 (none) or more: " + auditEvery);
    }
  }

  /** With audits as {@link #DEFAULT} has them. */
  public CollectionOptions(
      Durability durability,
      Duration flushInterval,
      Duration refreshInterval,
      long memoryBytes,
      long checkpointBytes,
      Checks checks) {
    this(
        durability,
        flushInterval,
        refreshInterval,
        memoryBytes,
        checkpointBytes,
        checks,
        DEFAULT.auditEvery);
  }

  /** The same with an audit of one in {@code queries} approximate answers; 0 for none. */
  public CollectionOptions withAuditEvery(long queries) {
    return new CollectionOptions(
        durability, flushInterval, refreshInterval, memoryBytes, checkpointBytes, checks, queries);
  }

  /** The same with another durability. */
  public CollectionOptions withDurability(Durability level) {
    return new CollectionOptions(
        level, flushInterval, refreshInterval, memoryBytes, checkpointBytes, checks, auditEvery);
  }

  /** The same with writes that may stay unseen for that {@code interval}. */
  public CollectionOptions withRefreshInterval(Duration interval) {
    return new CollectionOptions(
        durability, flushInterval, interval, memoryBytes, checkpointBytes, checks, auditEvery);
  }

  /** The same with a checkpoint after {@code bytes} of log. */
  public CollectionOptions withCheckpointBytes(long bytes) {
    return new CollectionOptions(
        durability, flushInterval, refreshInterval, memoryBytes, bytes, checks, auditEvery);
  }

  /** The same with {@code bytes} of memory for points that are in no segment yet. */
  public CollectionOptions withMemoryBytes(long bytes) {
    return new CollectionOptions(
        durability, flushInterval, refreshInterval, bytes, checkpointBytes, checks, auditEvery);
  }

  /** The same with other checks of what is read. */
  public CollectionOptions withChecks(Checks level) {
    return new CollectionOptions(
        durability,
        flushInterval,
        refreshInterval,
        memoryBytes,
        checkpointBytes,
        level,
        auditEvery);
  }
}
