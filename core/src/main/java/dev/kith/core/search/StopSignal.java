package dev.kith.core.search;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Deadline and cancellation of one search, asked between blocks of rows. Its clock starts when it
 * is made. Safe for many threads.
 */
public final class StopSignal {
  /** Deadline from which on there is none: its nanoseconds would overflow. */
  private static final Duration FOREVER = Duration.ofDays(36_500);

  /** Nanoseconds between two checks whether a waiting search was cancelled: 10 ms. */
  private static final long PAUSE = 10_000_000;

  /** Nanoseconds that a waiting search that cannot be cancelled may sleep: an hour. */
  private static final long REST = 3_600_000_000_000L;

  private final @Nullable Duration limit;
  private final long end;
  private final BooleanSupplier cancelled;

  /** Reason to stop, once one worker has found it; it holds for all. */
  private volatile @Nullable String stopped;

  /** Starts the clock for {@code options}. */
  public StopSignal(SearchOptions options) {
    var asked = options.deadline();
    limit = asked == null || asked.compareTo(FOREVER) >= 0 ? null : asked;
    end = limit == null ? 0 : System.nanoTime() + limit.toNanos();
    cancelled = options.cancelled();
  }

  /**
   * Checks that the search may go on.
   *
   * @throws SearchStoppedException with the reason, if not
   */
  public void check() {
    var why = reason();
    if (why != null) {
      throw new SearchStoppedException(why);
    }
  }

  /** Reason why the search must stop, or null as long as it may go on. */
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

  /** Whether nothing can stop the search. */
  public boolean never() {
    return limit == null && cancelled.equals(SearchOptions.NEVER);
  }

  /** Nanoseconds that a waiting thread may sleep before it checks again. */
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
