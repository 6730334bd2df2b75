package dev.kith.core.quant;

/**
 * How a row's distance is bounded from below by what its code says: for certain, or with a
 * probability that is known.
 */
public sealed interface Bound {
  /** The bound that always holds. */
  Bound CERTAIN = new Certain();

  /**
   * The width of an error bar, as a part of the product of the lengths of the query and of what the
   * row's code lost.
   *
   * @param dimension in which the codes were rotated
   */
  double weight(int dimension);

  /** Probability, over the rotation, with which a bound is wrong in one row, at most. */
  double miss(int dimension);

  /**
   * The tightest bound that is wrong in one row with a probability of at most {@code miss}, over
   * the rotation of {@code dimension} elements; the certain one where no other is.
   *
   * @param miss above 0
   */
  static Bound within(double miss, int dimension) {
    double low = 0;
    double high = Math.sqrt(Math.max(dimension - 1.0, 1));
    if (!(new Probable(high).miss(dimension) <= miss) || dimension < 2) {
      return CERTAIN;
    }
    for (int step = 0; step < 60; step++) {
      double middle = (low + high) / 2;
      if (new Probable(middle).miss(dimension) <= miss) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return new Probable(high);
  }

  /** Bound that always holds: a product is at most the product of the lengths. */
  record Certain() implements Bound {
    @Override
    public double weight(int dimension) {
      return 1;
    }

    @Override
    public double miss(int dimension) {
      return 0;
    }
  }

  /**
   * Bound that holds with a probability over the index's random rotation. What a code lost is then
   * a random direction, and its product with a query is, in many dimensions, about Gaussian; {@code
   * z} standard deviations of it are what the bound leaves room for. A chosen rotation is the same
   * for all queries: the probability is of the index, before it is built, and not of queries that
   * are asked one after another.
   *
   * @param z standard deviations, above 0
   */
  record Probable(double z) implements Bound {
    /** Steps of the integral. */
    private static final int STEPS = 2_000;

    /** Checks {@code z}. */
    public Probable {
      if (!(z > 0)) {
        throw new IllegalArgumentException(
            "a probable bound leaves room for more than 0 standard deviations: z=" + z);
      }
    }

    @Override
    public double weight(int dimension) {
      return dimension < 2 ? 1 : Math.min(1, z / Math.sqrt(dimension - 1.0));
    }

    /**
     * The share of directions of {@code dimension - 1} elements, among all that are perpendicular
     * to a row, whose product with a given one is more than {@link #weight}: that of a cap of the
     * sphere.
     */
    @Override
    public double miss(int dimension) {
      double height = weight(dimension);
      if (height >= 1) {
        return 0;
      }
      if (dimension == 2) {
        return 0.5; // two directions, and one of them lies within
      }
      // With t = cos(a), the density (1 - t^2)^((d-4)/2) dt becomes sin(a)^(d-3) da.
      return integral(dimension - 3.0, Math.acos(height)) / integral(dimension - 3.0, Math.PI);
    }

    /** Simpson's rule for the integral of {@code sin(a)^power} from 0 to {@code to}. */
    private static double integral(double power, double to) {
      double step = to / STEPS;
      double sum = 0;
      for (int i = 0; i <= STEPS; i++) {
        double weight = i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2;
        sum += weight * Math.pow(Math.sin(i * step), power);
      }
      return sum * step / 3;
    }
  }
}
