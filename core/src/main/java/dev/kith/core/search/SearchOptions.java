package dev.kith.core.search;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a search beside its queries.
 *
 * @param k how many neighbours, at least 1; a smaller source gives as many as it has rows
 * @param threads the most threads to use, the caller's own among them; 0 for all cores, and never
 *     more than four times as many
 * @param deadline how long the search may take, or null for as long as it needs
 * @param cancelled asked now and then, by several threads at once; when it says true, the search
 *     stops
 * @param backend the name of the backend that must serve it, or null for the best one usable
 * @param filter which rows may be returned, or null for all
 */
public record SearchOptions(
    int k,
    int threads,
    @Nullable Duration deadline,
    BooleanSupplier cancelled,
    @Nullable String backend,
    @Nullable RowFilter filter) {

  /** Never cancels. Who waits for a search with it need not ask. */
  public static final BooleanSupplier NEVER = () -> false;

  /** Checks the numbers. */
  public SearchOptions {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1: " + k);
    }
    if (deadline != null && deadline.isNegative()) {
      throw new IllegalArgumentException("deadline must not be negative: " + deadline);
    }
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 (all cores) or more: " + threads);
    }
  }

  /** The {@code k} nearest, on all cores of the best backend, without a deadline. */
  public static SearchOptions nearest(int k) {
    return new SearchOptions(k, 0, null, NEVER, null, null);
  }

  /** With at most this many threads. */
  public SearchOptions withThreads(int count) {
    return new SearchOptions(k, count, deadline, cancelled, backend, filter);
  }

  /** With a limit on wall-clock time; past it the search throws {@link SearchStoppedException}. */
  public SearchOptions withDeadline(Duration limit) {
    return new SearchOptions(k, threads, limit, cancelled, backend, filter);
  }

  /** Stops with {@link SearchStoppedException} once {@code condition} says true. */
  public SearchOptions withCancel(BooleanSupplier condition) {
    return new SearchOptions(k, threads, deadline, condition, backend, filter);
  }

  /** On this backend or not at all. */
  public SearchOptions onBackend(String name) {
    return new SearchOptions(k, threads, deadline, cancelled, name, filter);
  }

  /** Among these rows alone. */
  public SearchOptions among(RowFilter rows) {
    return new SearchOptions(k, threads, deadline, cancelled, backend, rows);
  }
}
