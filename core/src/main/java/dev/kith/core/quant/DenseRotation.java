package dev.kith.core.quant;

import java.util.Arrays;

/** Rotation by a matrix that was fitted to rows. Immutable; safe for many threads. */
final class DenseRotation {
  /** Rows that share the loads of the matrix. */
  private static final int ROWS = 4;

  private final int dimension;

  /** {@code [dimension][dimension]}: element {@code i} of a vector is multiplied with row i. */
  private final float[] matrix;

  private final double off;

  /** A rotation by {@code matrix}, which is orthogonal up to rounding. */
  DenseRotation(int dimension, float[] matrix) {
    this.dimension = dimension;
    this.matrix = matrix;
    this.off = measure();
  }

  /**
   * By how much a rotated vector may be off, as a part of its length: what the matrix lacks of
   * being orthogonal, and the rounding of a product of {@code d} terms (Higham 2002, section 3.5).
   */
  private double measure() {
    double deviation = 0;
    for (int i = 0; i < dimension; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = i == j ? -1 : 0;
        for (int k = 0; k < dimension; k++) {
          sum += (double) matrix[i * dimension + k] * matrix[j * dimension + k];
        }
        deviation += (i == j ? 1 : 2) * sum * sum;
      }
    }
    double gamma = (dimension + 2) * Math.scalb(1.0, -24);
    return Math.sqrt(deviation) + gamma * Math.sqrt(dimension);
  }

  double off() {
    return off;
  }

  int dimension() {
    return dimension;
  }

  float[] matrix() {
    return matrix;
  }

  /**
   * Rotates vectors; each is computed in the same order, whatever the others.
   *
   * @param vectors {@code [count][dimension]}
   * @param into {@code [count][dimension]}
   */
  void apply(float[] vectors, int count, float[] into) {
    int d = dimension;
    Arrays.fill(into, 0, count * d, 0);
    var rows = new float[ROWS][d];
    for (int from = 0; from < count; from += ROWS) {
      int some = Math.min(ROWS, count - from);
      for (var row : rows) {
        Arrays.fill(row, 0);
      }
      int at = from * d;
      int last = (some - 1) * d;
      for (int i = 0; i < d; i++) {
        add(
            matrix,
            i * d,
            vectors[at + i],
            vectors[at + Math.min(d, last) + i],
            vectors[at + Math.min(2 * d, last) + i],
            vectors[at + Math.min(3 * d, last) + i],
            rows[0],
            rows[1],
            rows[2],
            rows[3]);
      }
      for (int r = 0; r < some; r++) {
        System.arraycopy(rows[r], 0, into, (from + r) * d, d);
      }
    }
  }

  private static void add(
      float[] matrix,
      int at,
      float a,
      float b,
      float c,
      float e,
      float[] x,
      float[] y,
      float[] z,
      float[] w) {
    for (int j = 0; j < x.length; j++) {
      float value = matrix[at + j];
      x[j] += a * value;
      y[j] += b * value;
      z[j] += c * value;
      w[j] += e * value;
    }
  }
}
