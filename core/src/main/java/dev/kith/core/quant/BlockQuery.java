package dev.kith.core.quant;

import dev.kith.core.kernel.TableQuery;

/**
 * A query for {@link BlockCodes}: tables, set once a query, and a bound, set once a cell. Belongs
 * to one thread; others may {@link #share} its tables.
 */
public sealed interface BlockQuery permits RotatedCodes.Query, ProductCodes.Query {
  /**
   * Sets the query; {@link #near}, {@link #about} and {@link #threshold} are due then.
   *
   * @param query {@code [dimension]}, in the space of the codes
   */
  void set(float[] query);

  /**
   * Takes the query that {@code other} was set to, with its tables; {@link #about} and {@link
   * #threshold} are due then.
   *
   * @param other a query of the same codes, which is not set again as long as this one is used
   */
  void share(BlockQuery other);

  /**
   * Says which cell is the nearest, which tells how far neighbours may be where a code's loss is in
   * no random direction.
   */
  void near(int cell);

  /**
   * Sets the bound for the rows of a cell.
   *
   * @param planes that the loops will look at: 1, or all
   * @param bound a {@linkplain Bound.Probable probable} one is a guess if the codes are not rotated
   *     at random
   */
  void about(int cell, int planes, Bound bound);

  /** Sets the squared distance at and below which rows are kept, as far as the bound holds. */
  void threshold(double distance);

  /**
   * Lower bound of the squared distance of a row that the loops gave a bound for; it depends on
   * nothing but the query, the row and {@link #about}. Negative infinity if there is none.
   */
  double lower(float bound);

  /** Whether rows can be excluded at all. */
  boolean bounded();

  /** The query as the loops read it. */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  TableQuery tables();

  /** Squared distance of two vectors in float64, in four sums. */
  static double squaredDistance(float[] a, float[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 4 <= a.length; i += 4) {
      double d0 = (double) a[i] - b[i];
      double d1 = (double) a[i + 1] - b[i + 1];
      double d2 = (double) a[i + 2] - b[i + 2];
      double d3 = (double) a[i + 3] - b[i + 3];
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    for (; i < a.length; i++) {
      double d = (double) a[i] - b[i];
      s0 += d * d;
    }
    return s0 + s1 + s2 + s3;
  }
}
