package dev.kith.core.search;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What is asked of a search beside its queries. Immutable: each {@code with} gives another one. */
public final class SearchOptions {

  /** Never cancels. Who waits for a search with it need not ask. */
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
   * The {@code k} nearest, on all cores of the best backend, without a deadline.
   *
   * @param k how many neighbours, at least 1; a smaller source gives as many as it has rows
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

  /** With another number of neighbours. */
  public SearchOptions withK(int count) {
    requireK(count);
    return new SearchOptions(count, threads, deadline, cancelled, backend, filter, effort, limit);
  }

  /**
   * With at most this many threads, the caller's own among them; 0 for all cores, and never more
   * than four times as many.
   */
  public SearchOptions withThreads(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("threads must be 0 (all cores) or more: " + count);
    }
    return new SearchOptions(k, count, deadline, cancelled, backend, filter, effort, limit);
  }

  /**
   * With a bound on wall-clock time, or null for none; past it the search throws {@link
   * SearchStoppedException}.
   */
  public SearchOptions withDeadline(@Nullable Duration bound) {
    if (bound != null && bound.isNegative()) {
      throw new IllegalArgumentException("deadline must not be negative: " + bound);
    }
    return new SearchOptions(k, threads, bound, cancelled, backend, filter, effort, limit);
  }

  /**
   * Stops with {@link SearchStoppedException} once {@code condition} says true; it is asked now and
   * then, by several threads at once.
   */
  public SearchOptions withCancel(BooleanSupplier condition) {
    return new SearchOptions(k, threads, deadline, condition, backend, filter, effort, limit);
  }

  /** On the backend of this name or not at all; null for the best one usable. */
  public SearchOptions onBackend(@Nullable String name) {
    return new SearchOptions(k, threads, deadline, cancelled, name, filter, effort, limit);
  }

  /** Among these rows alone; null for all. */
  public SearchOptions among(@Nullable RowFilter rows) {
    return new SearchOptions(k, threads, deadline, cancelled, backend, rows, effort, limit);
  }

  /** Trying as hard as this; {@link Effort.Exact} unless it is said. */
  public SearchOptions withEffort(Effort asked) {
    return new SearchOptions(k, threads, deadline, cancelled, backend, filter, asked, limit);
  }

  /**
   * With a limit shared by searches whose answers are merged, or null for none: rows whose key is
   * above it may be left out, so that fewer than {@code k} are found. What this search finds lowers
   * it.
   */
  public SearchOptions withLimit(@Nullable Limit shared) {
    return new SearchOptions(k, threads, deadline, cancelled, backend, filter, effort, shared);
  }

  /** How many neighbours are asked for. */
  public int k() {
    return k;
  }

  /** The most threads to use, or 0 for all cores. */
  public int threads() {
    return threads;
  }

  /** How long the search may take, or null for as long as it needs. */
  public @Nullable Duration deadline() {
    return deadline;
  }

  /** Says true once the search is to stop. */
  public BooleanSupplier cancelled() {
    return cancelled;
  }

  /** The name of the backend that must serve it, or null for the best one usable. */
  public @Nullable String backend() {
    return backend;
  }

  /** Which rows may be returned, or null for all. */
  public @Nullable RowFilter filter() {
    return filter;
  }

  /** How hard to try. */
  public Effort effort() {
    return effort;
  }

  /** What searches whose answers are merged have found so far, or null if it stands alone. */
  public @Nullable Limit limit() {
    return limit;
  }
}
