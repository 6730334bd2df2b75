package dev.kith.core.metric;

import java.util.Locale;

/**
 * Measure of how near two vectors are. The exact answer of a search is defined by {@link #key}, one
 * float64 operation sequence for every backend.
 */
public enum Metric {
  /** Euclidean distance; compared squared, shown as its root. */
  L2(0, ScoreKind.DISTANCE),
  /** Cosine of the angle; 0 if either vector is zero. */
  COSINE(1, ScoreKind.SIMILARITY),
  /** Inner product; the largest is the nearest. */
  DOT(2, ScoreKind.SIMILARITY);

  /** Kind of score that the user sees. */
  public enum ScoreKind {
    /** Smaller is nearer. */
    DISTANCE,
    /** Larger is nearer. */
    SIMILARITY
  }

  private final int code;
  private final ScoreKind scoreKind;

  Metric(int code, ScoreKind scoreKind) {
    this.code = code;
    this.scoreKind = scoreKind;
  }

  /** Number that stands for the metric in files: 0 L2, 1 COSINE, 2 DOT. */
  public int code() {
    return code;
  }

  /** Whether {@link #score} is a distance or a similarity. */
  public ScoreKind scoreKind() {
    return scoreKind;
  }

  /**
   * The canonical key of a row: rows are ordered by it, smaller is nearer, equal keys by smaller
   * row number. Squared distance for {@link #L2}, the negated similarity otherwise; never -0.0. NaN
   * or infinite only if an element of {@code query} or {@code row} is.
   *
   * @param query {@code [d]}
   * @param row {@code [d]}
   */
  public double key(float[] query, float[] row) {
    return switch (this) {
      case L2 -> Canonical.squaredDistance(query, row);
      case DOT -> 0.0 - Canonical.dot(query, row);
      case COSINE ->
          cosine(Canonical.dot(query, row), Canonical.dot(query, query), Canonical.dot(row, row));
    };
  }

  /**
   * The key of {@link #COSINE} from canonical sums.
   *
   * @param dot of query and row
   * @param querySquares squared length of the query
   * @param rowSquares squared length of the row
   */
  public static double cosine(double dot, double querySquares, double rowSquares) {
    double squares = querySquares * rowSquares;
    return squares == 0 ? 0 : 0.0 - dot / Math.sqrt(squares);
  }

  /** Turns a key into the score that users see. */
  public double score(double key) {
    return this == L2 ? Math.sqrt(key) : 0.0 - key;
  }

  /** The metric called {@code l2}, {@code cosine} or {@code dot}, in any case. */
  public static Metric parse(String name) {
    for (var metric : values()) {
      if (metric.name().equalsIgnoreCase(name)) {
        return metric;
      }
    }
    throw new IllegalArgumentException("metric must be l2, cosine or dot: " + name);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
