package dev.kith.db.format;

import org.apache.lucene.index.VectorSimilarityFunction;

/** Scores as Lucene has them. */
final class Scores {
  /** Lucene's score of a cosine of 0, which Kith gives vectors without a direction. */
  private static final float NO_DIRECTION = 0.5f;

  private Scores() {}

  static float of(VectorSimilarityFunction function, float[] query, float[] row) {
    return orNoDirection(function.compare(query, row));
  }

  static float of(VectorSimilarityFunction function, byte[] query, byte[] row) {
    return orNoDirection(function.compare(query, row));
  }

  private static float orNoDirection(float score) {
    return Float.isNaN(score) ? NO_DIRECTION : score;
  }
}
