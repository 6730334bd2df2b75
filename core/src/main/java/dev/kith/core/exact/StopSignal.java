package dev.kith.core.exact;

import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchStoppedException;
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
    if (stopped == null) {
      if (limit != null && System.nanoTime() - end > 0) {
        stopped =
            "the search reached its deadline: deadline=%d ms; allow more time or search fewer rows"
                .formatted(limit.toMillis());
      } else if (cancelled.getAsBoolean()) {
        stopped = "the search was cancelled by its caller";
      }
    }
    var reason = stopped;
    if (reason != null) {
      throw new SearchStoppedException(reason);
    }
  }

  /** Makes the other workers end soon, after one of them failed. */
  void abandon() {
    if (stopped == null) {
      stopped = "the search was abandoned after a failure";
    }
  }
}
