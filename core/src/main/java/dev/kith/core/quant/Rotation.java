package dev.kith.core.quant;

import java.util.SplittableRandom;

/**
 * Random rotation of vectors of one dimension, given by a seed: rounds of random signs and Walsh
 * and Hadamard transforms over a power of two of elements, which take {@code d log d} additions
 * where a dense matrix takes {@code d * d} multiplications. Lengths and products stay, up to
 * rounding; what a single element held is spread over all of them, so that codes of few bits lose
 * about the same in each.
 *
 * <p>After J. Johnson, W. Johnson and others: fast Johnson-Lindenstrauss transforms (Ailon,
 * Chazelle, 2009). Immutable; safe for many threads.
 */
public final class Rotation {
  /** Rounds of signs and transforms; each transforms the first or the last elements, by turns. */
  private static final int ROUNDS = 4;

  private final int dimension;

  /** Elements that one transform covers: the largest power of two within the dimension. */
  private final int span;

  /** What makes a transform keep lengths. */
  private final float scale;

  /** Signs of each round, {@code [ROUNDS][dimension]}, 1 or -1. */
  private final float[][] signs;

  /** Draws the rotation of {@code dimension} elements that belongs to {@code seed}. */
  public Rotation(int dimension, long seed) {
    this.dimension = dimension;
    this.span = Integer.highestOneBit(dimension);
    this.scale = (float) (1 / Math.sqrt(span));
    this.signs = new float[ROUNDS][dimension];
    var random = new SplittableRandom(seed);
    for (var round : signs) {
      for (int i = 0; i < dimension; i++) {
        round[i] = random.nextBoolean() ? 1 : -1;
      }
    }
  }

  /** Rotates {@code vector[0 .. dimension)} in place. */
  public void apply(float[] vector) {
    for (int round = 0; round < ROUNDS; round++) {
      var sign = signs[round];
      for (int i = 0; i < dimension; i++) {
        vector[i] *= sign[i];
      }
      transform(vector, (round & 1) == 0 ? 0 : dimension - span);
    }
  }

  /** Transforms {@code span} elements from {@code at} on, and keeps their length. */
  private void transform(float[] x, int at) {
    int end = at + span;
    int half = 1;
    // Two levels at a time: each element is read and written half as often.
    for (; 4 * half <= span; half *= 4) {
      for (int block = at; block < end; block += 4 * half) {
        for (int i = block; i < block + half; i++) {
          float a = x[i];
          float b = x[i + half];
          float c = x[i + 2 * half];
          float d = x[i + 3 * half];
          float sum = a + b;
          float less = a - b;
          float both = c + d;
          float rest = c - d;
          x[i] = sum + both;
          x[i + half] = less + rest;
          x[i + 2 * half] = sum - both;
          x[i + 3 * half] = less - rest;
        }
      }
    }
    for (; half < span; half *= 2) {
      for (int block = at; block < end; block += 2 * half) {
        for (int i = block; i < block + half; i++) {
          float a = x[i];
          float b = x[i + half];
          x[i] = a + b;
          x[i + half] = a - b;
        }
      }
    }
    for (int i = at; i < end; i++) {
      x[i] *= scale;
    }
  }
}
