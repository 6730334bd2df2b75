package dev.kith.db.query;

import dev.kith.core.metric.Metric.ScoreKind;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Work;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What served a query, and how. Of a fusion it sums up the vector searches within. Immutable; later
 * versions may tell more.
 */
public final class QueryReport {
  private static final String LUCENE = "lucene";
  private static final String WORDS = "words";
  private static final String ORDER = "order";
  private static final String NONE = "none";

  private final ScoreKind scoreKind;
  private final SortedSet<String> backends;
  private final SortedSet<String> indexes;
  private final SortedSet<String> bounds;
  private final int segments;
  private final long passed;
  private final Work work;
  private final boolean proved;
  private final Expectation expectation;
  private final boolean stale;
  private final SortedSet<String> scannedPaths;

  private QueryReport(Builder parts) {
    scoreKind = parts.scoreKind;
    backends = copy(parts.backends);
    indexes = copy(parts.indexes);
    bounds = copy(parts.bounds);
    segments = parts.segments;
    passed = parts.passed;
    work = parts.work;
    proved = parts.proved;
    expectation = parts.expectation;
    stale = parts.stale;
    scannedPaths = copy(parts.scannedPaths);
  }

  private static SortedSet<String> copy(SortedSet<String> names) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(names));
  }

  /** Of searches for vectors, which {@link Builder#add} counts; proved until one is not. */
  public static Builder ofVectors(ScoreKind kind) {
    return new Builder(kind);
  }

  /**
   * Of a search for words alone, which proves nothing.
   *
   * @param segments that were searched
   * @param stale as {@link #stale} says
   */
  public static QueryReport ofWords(int segments, boolean stale) {
    var parts = new Builder(ScoreKind.SIMILARITY);
    parts.backends.add(LUCENE);
    parts.indexes.add(WORDS);
    parts.segments = segments;
    parts.proved = false;
    parts.stale = stale;
    return parts.build();
  }

  /**
   * Of points in the order of a field's values, all of which were compared.
   *
   * @param kind whether the smallest or the largest come first
   * @param segments that were searched
   * @param stale as {@link #stale} says
   */
  public static QueryReport ofOrder(ScoreKind kind, int segments, boolean stale) {
    var parts = new Builder(kind);
    parts.backends.add(LUCENE);
    parts.indexes.add(ORDER);
    parts.segments = segments;
    parts.stale = stale;
    return parts.build();
  }

  /** Whether hits' scores are distances or similarities. */
  public ScoreKind scoreKind() {
    return scoreKind;
  }

  /** The backends that searched vectors, such as {@code simd}; {@code lucene} if words alone. */
  public SortedSet<String> backends() {
    return backends;
  }

  /** The {@link #backends}, joined by commas; {@code none} if there was nothing to search. */
  public String backend() {
    return backends.isEmpty() ? NONE : String.join(", ", backends);
  }

  /**
   * The indexes that were searched, such as {@code flat(shadow=int8)}; segments too small for a
   * shadow are scanned without.
   */
  public SortedSet<String> indexes() {
    return indexes;
  }

  /** The {@link #indexes}, joined by commas. */
  public String index() {
    return String.join(", ", indexes);
  }

  /** What excluded rows, such as {@code int8} and {@code float32}; see {@link SearchReport}. */
  public SortedSet<String> bounds() {
    return bounds;
  }

  /** The {@link #bounds}, joined by commas. */
  public String bound() {
    return String.join(", ", bounds);
  }

  /** How many segments were searched. */
  public int segments() {
    return segments;
  }

  /** Points with such a vector that are alive and pass the filter. */
  public long passed() {
    return passed;
  }

  /** What the searches for vectors cost. */
  public Work work() {
    return work;
  }

  /**
   * Whether the answer is proved to be the exact one: never for words, nor where words found some
   * of what was fused or scored again.
   */
  public boolean proved() {
    return proved;
  }

  /**
   * The share of the exact answer's points that the searches for vectors are expected to have
   * found, from what indexes measured of themselves: 1 if they are proved, null if nothing is
   * known, as of words. Of several segments it is the mean over the points of the answer.
   */
  public @Nullable ExpectedRecall expectedRecall() {
    return proved ? ExpectedRecall.EXACT : expectation.mean();
  }

  /**
   * Whether acknowledged writes may be missing: the disk failed, so that they can be seen only when
   * the collection is opened again.
   */
  public boolean stale() {
    return stale;
  }

  /**
   * Paths of the filter that no schema names and that some points are not indexed by: these points
   * were written by an earlier version, or have more than 1,024 such values, and their payloads
   * were read, unless an earlier query had read them. A field of the schema is indexed for all.
   */
  public SortedSet<String> scannedPaths() {
    return scannedPaths;
  }

  /** The same, of a filter with such paths. */
  public QueryReport withScannedPaths(SortedSet<String> paths) {
    var parts = new Builder(this);
    parts.scanned(paths);
    return parts.build();
  }

  /** The same, of an answer with such scores. */
  public QueryReport withScoreKind(ScoreKind kind) {
    var parts = new Builder(this);
    parts.scoreKind = kind;
    return parts.build();
  }

  /**
   * Sums up two parts of one query. Of words it is kept that nothing is proved; the figures are
   * those of the searches for vectors, if there is one.
   */
  public QueryReport plus(QueryReport other) {
    var parts = new Builder(isOfWords() ? other : this);
    if (!isOfWords() && !other.isOfWords()) {
      parts.backends.addAll(other.backends);
      parts.indexes.addAll(other.indexes);
      parts.bounds.addAll(other.bounds);
      parts.segments += other.segments;
      parts.passed += other.passed;
      parts.work = parts.work.plus(other.work);
      parts.expectation = expectation.plus(other.expectation);
    }
    parts.proved = proved && other.proved;
    parts.stale = stale || other.stale;
    parts.scannedPaths.addAll(scannedPaths);
    parts.scannedPaths.addAll(other.scannedPaths);
    return parts.build();
  }

  private boolean isOfWords() {
    return indexes.contains(WORDS);
  }

  private List<@Nullable Object> all() {
    return Arrays.asList(
        scoreKind,
        backends,
        indexes,
        bounds,
        segments,
        passed,
        work,
        proved,
        expectedRecall(),
        stale,
        scannedPaths);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof QueryReport report && all().equals(report.all());
  }

  @Override
  public int hashCode() {
    return all().hashCode();
  }

  @Override
  public String toString() {
    return ("QueryReport[scoreKind=%s, backends=%s, indexes=%s, bounds=%s, segments=%s, passed=%s,"
            + " work=%s, proved=%s, expectedRecall=%s, stale=%s, scannedPaths=%s]")
        .formatted(all().toArray());
  }

  /**
   * Sums of what searches are expected to have found, each times the points that it gave.
   *
   * @param points that all of them gave
   * @param known whether something is known of each
   */
  private record Expectation(
      double means, double lows, double highs, double points, boolean known) {
    static final Expectation NONE = new Expectation(0, 0, 0, 0, true);

    static Expectation of(@Nullable ExpectedRecall recall, double points) {
      return recall == null
          ? new Expectation(0, 0, 0, 0, false)
          : new Expectation(
              points * recall.mean(), points * recall.low(), points * recall.high(), points, true);
    }

    Expectation plus(Expectation other) {
      return new Expectation(
          means + other.means,
          lows + other.lows,
          highs + other.highs,
          points + other.points,
          known && other.known);
    }

    /** The mean over the points, or null if nothing is known. */
    @Nullable ExpectedRecall mean() {
      if (!known || points == 0) {
        return null;
      }
      double expected = Math.min(means / points, 1);
      return new ExpectedRecall(
          expected, Math.min(lows / points, expected), Math.clamp(highs / points, expected, 1));
    }
  }

  /** A report while its searches are counted. Not safe for many threads. */
  public static final class Builder {
    private ScoreKind scoreKind;
    private final TreeSet<String> backends = new TreeSet<>();
    private final TreeSet<String> indexes = new TreeSet<>();
    private final TreeSet<String> bounds = new TreeSet<>();
    private int segments;
    private long passed;
    private Work work = Work.NONE;
    private boolean proved = true;
    private boolean stale;
    private final TreeSet<String> scannedPaths = new TreeSet<>();
    private Expectation expectation = Expectation.NONE;

    private Builder(ScoreKind kind) {
      this.scoreKind = kind;
    }

    private Builder(QueryReport from) {
      scoreKind = from.scoreKind;
      backends.addAll(from.backends);
      indexes.addAll(from.indexes);
      bounds.addAll(from.bounds);
      segments = from.segments;
      passed = from.passed;
      work = from.work;
      proved = from.proved;
      stale = from.stale;
      scannedPaths.addAll(from.scannedPaths);
      expectation = from.expectation;
    }

    /**
     * Counts a segment.
     *
     * @param points of it that have such a vector, are alive and pass the filter
     */
    public void segment(long points) {
      segments++;
      passed += points;
    }

    /** Counts a search. */
    public void add(SearchReport search) {
      backends.add(search.backend());
      indexes.add(search.index());
      bounds.addAll(search.bounds());
      proved &= search.proved();
      add(search.work());
    }

    /**
     * Says what share of the points of the exact answer a search is expected to have found.
     *
     * @param expected or null if nothing is known
     * @param points of the answer that the search found
     */
    public void expect(@Nullable ExpectedRecall expected, double points) {
      expectation = expectation.plus(Expectation.of(expected, points));
    }

    /** Counts work that was done beside the searches. */
    public void add(Work more) {
      work = work.plus(more);
    }

    /** Says whether acknowledged writes may be missing. */
    public void stale(boolean missing) {
      stale = missing;
    }

    /** Adds paths of the filter that payloads are read for. */
    public void scanned(SortedSet<String> paths) {
      scannedPaths.addAll(paths);
    }

    /** The report. */
    public QueryReport build() {
      return new QueryReport(this);
    }
  }
}
