package dev.kith.db.run;

import dev.kith.core.search.SearchStoppedException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** When a search of several parts must have ended. */
public final class Deadline {
  private static final Duration FOREVER = Duration.ofDays(36_500);

  private final long nanos;
  private final long start = System.nanoTime();

  /** From now on; null for never. */
  public Deadline(@Nullable Duration limit) {
    this.nanos = limit == null || limit.compareTo(FOREVER) >= 0 ? Long.MAX_VALUE : limit.toNanos();
  }

  /** This one, or one from now on if that ends before; null for this one. */
  public Deadline orSooner(@Nullable Duration limit) {
    var other = new Deadline(limit);
    return other.nanos < nanos - (other.start - start) ? other : this;
  }

  /** Whether it has passed. */
  public boolean hasPassed() {
    return System.nanoTime() - start >= nanos;
  }

  /**
   * Ends a search that is too late.
   *
   * @throws SearchStoppedException if the deadline has passed
   */
  public void check() {
    if (hasPassed()) {
      throw new SearchStoppedException(
          "the search reached its deadline: deadline=%d ms; allow more time or search fewer points"
              .formatted(nanos / 1_000_000));
    }
  }
}
