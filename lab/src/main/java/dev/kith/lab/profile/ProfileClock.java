package dev.kith.lab.profile;

import java.time.Instant;

/**
 * Clock of a profile: nanoseconds since it began, from the clocks that sources have.
 *
 * @param epochNanos the beginning, in nanoseconds since 1970
 * @param nanoTime the beginning, as {@link System#nanoTime} had it
 */
public record ProfileClock(long epochNanos, long nanoTime) {
  private static final int TRIES = 16;

  /**
   * Starts the clock now. Both clocks are read several times; the pair that was read closest
   * counts.
   */
  public static ProfileClock start() {
    var best = new ProfileClock(0, 0);
    long least = Long.MAX_VALUE;
    for (int i = 0; i < TRIES; i++) {
      long before = System.nanoTime();
      var now = Instant.now();
      long between = System.nanoTime() - before;
      if (between < least) {
        least = between;
        best = new ProfileClock(epochNanos(now), before + between / 2);
      }
    }
    return best;
  }

  /** Time of day at the beginning. */
  public Instant begin() {
    return Instant.ofEpochSecond(0, epochNanos);
  }

  /** Converts a time of day to this clock. */
  public long of(Instant time) {
    return epochNanos(time) - epochNanos;
  }

  /** Converts a value of {@link System#nanoTime} to this clock. */
  public long ofNanoTime(long time) {
    return time - nanoTime;
  }

  /** Present time on this clock. */
  public long now() {
    return ofNanoTime(System.nanoTime());
  }

  private static long epochNanos(Instant time) {
    return time.getEpochSecond() * 1_000_000_000L + time.getNano();
  }
}
