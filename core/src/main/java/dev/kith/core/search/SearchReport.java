package dev.kith.core.search;

import java.util.Collection;
import java.util.Collections;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Report on a search: what served it, and how. Immutable: each {@code with} returns a changed copy.
 */
public final class SearchReport {
  private final String backend;
  private final String index;
  private final SortedSet<String> bounds;
  private final Work work;
  private final boolean proved;
  private final long batched;
  private final @Nullable ExpectedRecall expectedRecall;
  private final double width;
  private final @Nullable Double miss;

  private SearchReport(
      String backend,
      String index,
      SortedSet<String> bounds,
      Work work,
      boolean proved,
      long batched,
      @Nullable ExpectedRecall expectedRecall,
      double width,
      @Nullable Double miss) {
    this.backend = backend;
    this.index = index;
    this.bounds = bounds;
    this.work = work;
    this.proved = proved;
    this.batched = batched;
    this.expectedRecall = expectedRecall;
    this.width = width;
    this.miss = miss;
  }

  /** Report on a search of one query that has done nothing yet and proved nothing. */
  public static SearchReport of(String backend, String index) {
    return new SearchReport(
        backend, index, Collections.emptySortedSet(), Work.NONE, false, 1, null, 0, null);
  }

  /** Sets the names of what excluded rows. */
  public SearchReport withBounds(Collection<String> names) {
    var sorted = Collections.unmodifiableSortedSet(new TreeSet<>(names));
    return new SearchReport(
        backend, index, sorted, work, proved, batched, expectedRecall, width, miss);
  }

  /** Sets the work that was done. */
  public SearchReport withWork(Work done) {
    return new SearchReport(
        backend, index, bounds, done, proved, batched, expectedRecall, width, miss);
  }

  /** Sets whether the answer is proved to be the exact one. */
  public SearchReport withProved(boolean isProved) {
    return new SearchReport(
        backend, index, bounds, work, isProved, batched, expectedRecall, width, miss);
  }

  /** Sets the number of queries that were searched together. */
  public SearchReport withBatched(long queries) {
    return new SearchReport(
        backend, index, bounds, work, proved, queries, expectedRecall, width, miss);
  }

  /** Sets what share of the exact answer was expected to be found, or null if that is unknown. */
  public SearchReport withExpectedRecall(@Nullable ExpectedRecall expected) {
    return new SearchReport(backend, index, bounds, work, proved, batched, expected, width, miss);
  }

  /** Sets the mean width of the queries' walks. */
  public SearchReport withWidth(double mean) {
    return new SearchReport(
        backend, index, bounds, work, proved, batched, expectedRecall, mean, miss);
  }

  /**
   * Sets the probability with which a row of the exact answer is missing, at most, or null if that
   * is unknown.
   */
  public SearchReport withMiss(@Nullable Double probability) {
    return new SearchReport(
        backend, index, bounds, work, proved, batched, expectedRecall, width, probability);
  }

  /** Name of the backend that ran the search, such as {@code simd}. */
  public String backend() {
    return backend;
  }

  /** Text form of the index that was searched, such as {@code flat}. */
  public String index() {
    return index;
  }

  /**
   * Names of what excluded rows: {@code float32} for the rows themselves, or the name of their
   * shadow, such as {@code int8}; both if some queries were answered by the one and some by the
   * other. With a sparse filter it is the rows, even if there is a shadow.
   */
  public SortedSet<String> bounds() {
    return bounds;
  }

  /** The bounds as they are printed, such as {@code float32, int8}. */
  public String bound() {
    return String.join(", ", bounds);
  }

  /** Work done for all queries together. */
  public Work work() {
    return work;
  }

  /** Whether the answer is proved to be the exact one. */
  public boolean proved() {
    return proved;
  }

  /**
   * Number of queries that were searched together: those of the call, or, where an index with
   * batching took a single query along with others, those of that batch; {@link #work} is then the
   * query's share of the batch's.
   */
  public long batched() {
    return batched;
  }

  /**
   * Share of the exact answer that was expected to be found, the mean over the queries, from what
   * the index measured of itself: 1 if the answer is proved, null if nothing was measured.
   */
  public @Nullable ExpectedRecall expectedRecall() {
    return expectedRecall == null && proved ? ExpectedRecall.EXACT : expectedRecall;
  }

  /**
   * Upper bound of the probability with which a row of the exact answer is missing, each of them:
   * over the random rotation of the index, before it was built, and not over queries, which one
   * rotation serves all. 0 if the answer is proved, null if nothing is known.
   */
  public @Nullable Double miss() {
    return miss == null && proved ? Double.valueOf(0) : miss;
  }

  /**
   * Number of near rows whose neighbours were all looked at, the mean over the queries that walked
   * through a graph; 0 if none did.
   */
  public double width() {
    return width;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SearchReport that
        && backend.equals(that.backend)
        && index.equals(that.index)
        && bounds.equals(that.bounds)
        && work.equals(that.work)
        && proved == that.proved
        && batched == that.batched
        && Objects.equals(expectedRecall, that.expectedRecall)
        && Double.compare(width, that.width) == 0
        && Objects.equals(miss, that.miss);
  }

  @Override
  public int hashCode() {
    return Objects.hash(backend, index, bounds, work, proved, batched, expectedRecall, width, miss);
  }

  @Override
  public String toString() {
    return "backend=%s, index=%s, bound=%s, %s, proved=%s, batched=%d%s%s%s"
        .formatted(
            backend,
            index,
            bound(),
            work,
            proved,
            batched,
            expectedRecall == null ? "" : ", expected recall " + expectedRecall,
            width == 0 ? "" : ", width %.1f".formatted(width),
            miss == null
                ? ""
                : ", each true neighbour missed with probability at most %s".formatted(miss));
  }
}
