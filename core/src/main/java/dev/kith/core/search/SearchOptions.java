package dev.kith.core.search;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Options of a search: what is asked beside its queries. Immutable: each {@code with} returns a
 * changed copy.
 */
public final class SearchOptions {

  /** Condition that never cancels; a waiting search need not poll it. */
  public static final BooleanSupplier NEVER = () -> false;

  private static final Effort EXACT = new Effort.Exact();

  private final int k;
  private final int threads;
  private final @Nullable Duration deadline;
  private final BooleanSupplier cancelled;
  private final @Nullable String backend;
  private final @Nullable RowFilter filter;
  private final Effort effort;
  private final @Nullable Limit limit;

  private SearchOptions(
      int k,
      int threads,
      @Nullable Duration deadline,
      BooleanSupplier cancelled,
      @Nullable String backend,
      @Nullable RowFilter filter,
      Effort effort,
      @Nullable Limit limit) {
    this.k = k;
    this.threads = threads;
    this.deadline = deadline;
    this.cancelled = cancelled;
    this.backend = backend;
    this.filter = filter;
    this.effort = effort;
    this.limit = limit;
  }

  /**
   * Options for the {@code k} nearest rows, on all cores of the best backend, without a deadline.
   *
   * @param k number of neighbours, at least 1; a source of fewer rows gives them all
   */
  public static SearchOptions nearest(int k) {
    requireK(k);
    return new SearchOptions(k, 0, null, NEVER, null, null, EXACT, null);
  }

  private static void requireK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1: " + k);
    }
  }

  /** Asks for {@code count} neighbours. */
  public SearchOptions withK(int count) {
    requireK(count);
    return new SearchOptions(count, threads, deadline, cancelled, backend, filter, effort, limit);
  }

  /**
   * Allows at most {@code count} threads, the caller's own among them; 0 for all cores. More than
   * four threads a core are never used.
   */
  public SearchOptions withThreads(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("threads must be 0 (all cores) or more: " + count);
    }
    return new SearchOptions(k, count, deadline, cancelled, backend, filter, effort, limit);
  }

  /**
   * Sets a bound on wall-clock time, or null for none; past it the search throws {@link
   * SearchStoppedException}.
   */
  public SearchOptions withDeadline(@Nullable Duration bound) {
    if (bound != null && bound.isNegative()) {
      throw new IllegalArgumentException("deadline must not be negative: " + bound);
    }
    return new SearchOptions(k, threads, bound, cancelled, backend, filter, effort, limit);
  }

  /**
   * Sets a condition that stops the search with {@link SearchStoppedException} once it is true; it
   * is polled by several threads at once.
   */
  public SearchOptions withCancel(BooleanSupplier condition) {
    return new SearchOptions(k, threads, deadline, condition, backend, filter, effort, limit);
  }

  /** Demands the backend called {@code name}; null for the best usable one. */
  public SearchOptions onBackend(@Nullable String name) {
    return new SearchOptions(k, threads, deadline, cancelled, name, filter, effort, limit);
  }

  /** Restricts the answer to {@code rows}; null for all. */
  public SearchOptions among(@Nullable RowFilter rows) {
    return new SearchOptions(k, threads, deadline, cancelled, backend, rows, effort, limit);
  }

  /** Sets the effort, which is {@link Effort.Exact} by default. */
  public SearchOptions withEffort(Effort asked) {
    return new SearchOptions(k, threads, deadline, cancelled, backend, filter, asked, limit);
  }

  /**
   * Sets a limit shared by searches whose answers are merged, or null for none: rows whose key is
   * above it may be left out, so that fewer than {@code k} are found. What this search finds lowers
   * it.
   */
  public SearchOptions withLimit(@Nullable Limit shared) {
    return new SearchOptions(k, threads, deadline, cancelled, backend, filter, effort, shared);
  }

  /** Number of neighbours asked for. */
  public int k() {
    return k;
  }

  /** Most threads to use, or 0 for all cores. */
  public int threads() {
    return threads;
  }

  /** Longest time that the search may take, or null for no bound. */
  public @Nullable Duration deadline() {
    return deadline;
  }

  /** Condition that is true once the search is to stop. */
  public BooleanSupplier cancelled() {
    return cancelled;
  }

  /** Name of the backend that must serve the search, or null for the best usable one. */
  public @Nullable String backend() {
    return backend;
  }

  /** Rows that may be returned, or null for all. */
  public @Nullable RowFilter filter() {
    return filter;
  }

  /** Effort of the search. */
  public Effort effort() {
    return effort;
  }

  /**
   * Limit shared with the searches whose answers are merged with this one's, or null if it stands
   * alone.
   */
  public @Nullable Limit limit() {
    return limit;
  }
}
