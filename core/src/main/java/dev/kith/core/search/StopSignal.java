package dev.kith.core.search;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Deadline and cancellation of one search, asked between blocks of rows. Its clock starts when it
 * is made. Safe for many threads.
 */
public final class StopSignal {
  /** Beyond this, nanoseconds overflow, and nobody waits. */
  private static final Duration FOREVER = Duration.ofDays(36_500);

  /** Between two questions whether a search that waits was cancelled: 10 ms. */
  private static final long PAUSE = 10_000_000;

  /** As long as one may wait who has nothing to ask: an hour. */
  private static final long REST = 3_600_000_000_000L;

  private final @Nullable Duration limit;
  private final long end;
  private final BooleanSupplier cancelled;

  /** One worker's reason to stop is every worker's. */
  private volatile @Nullable String stopped;

  /** Of these options. */
  public StopSignal(SearchOptions options) {
    var asked = options.deadline();
    limit = asked == null || asked.compareTo(FOREVER) >= 0 ? null : asked;
    end = limit == null ? 0 : System.nanoTime() + limit.toNanos();
    cancelled = options.cancelled();
  }

  /**
   * Returns if the search may go on.
   *
   * @throws SearchStoppedException with the reason, if not
   */
  public void check() {
    var why = reason();
    if (why != null) {
      throw new SearchStoppedException(why);
    }
  }

  /** Why the search must stop, or null as long as it may go on. */
  public @Nullable String reason() {
    if (stopped == null) {
      if (limit != null && System.nanoTime() - end > 0) {
        stopped =
            "the search reached its deadline: deadline=%d ms; allow more time or search fewer rows"
                .formatted(limit.toMillis());
      } else if (cancelled.getAsBoolean()) {
        stopped = "the search was cancelled by its caller";
      }
    }
    return stopped;
  }

  /** Whether there is nothing that could stop the search. */
  public boolean never() {
    return limit == null && cancelled.equals(SearchOptions.NEVER);
  }

  /** How long a thread that only waits may sleep before it checks again. */
  public long nanosToNextCheck() {
    long pause = cancelled.equals(SearchOptions.NEVER) ? REST : PAUSE;
    return limit == null ? pause : Math.min(pause, Math.max(end - System.nanoTime(), 0) + 1);
  }

  /** Makes the other workers end soon, after one of them failed. */
  public void abandon() {
    if (stopped == null) {
      stopped = "the search was abandoned after a failure";
    }
  }
}
