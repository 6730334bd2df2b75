package dev.kith.db.format;

import org.apache.lucene.index.VectorSimilarityFunction;

/** Scores as Lucene has them, and for vectors of zeros, which its cosine does not take. */
final class Scores {
  /** Lucene's score of a cosine of 0, which is Kith's of vectors without a direction. */
  private static final float NO_DIRECTION = 0.5f;

  private Scores() {}

  static float of(VectorSimilarityFunction function, float[] query, float[] row) {
    return function == VectorSimilarityFunction.COSINE
            && (Vectors.isZero(query) || Vectors.isZero(row))
        ? NO_DIRECTION
        : function.compare(query, row);
  }

  static float of(VectorSimilarityFunction function, byte[] query, byte[] row) {
    return function == VectorSimilarityFunction.COSINE
            && (Vectors.isZero(query) || Vectors.isZero(row))
        ? NO_DIRECTION
        : function.compare(query, row);
  }
}
