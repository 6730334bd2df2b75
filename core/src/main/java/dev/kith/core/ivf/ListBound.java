package dev.kith.core.ivf;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Norms;
import java.util.Arrays;

/**
 * Lower bounds of the keys of all rows of a list, by the triangle inequality with the list's
 * radius. Certain: every rounding is inside. Symbols and derivation: {@code docs/exactness.md},
 * section "Lists". Immutable; safe for many threads.
 */
final class ListBound {
  /** Unit roundoff of float32. */
  private static final double U = 0x1p-24;

  /** Norm from which on products may overflow in float32: nothing is concluded then. */
  private static final double LIMIT = 0x1p60;

  /** Allowance for what is rounded in float64, relative to the numbers that are added. */
  private static final double LOOSE = 0x1p-34;

  private final ListSpace space;
  private final float[] radii;
  private final double[] squares;
  private final double[] norms;

  /** Length of the longest row, at most. */
  private final double longest;

  private final double epsilon;
  private final double eta;

  /**
   * Creates the bounds of all lists.
   *
   * @param centres {@code [lists][d]}
   * @param radii upper bounds of the distances of a list's rows from its centre
   */
  ListBound(ListSpace space, Centres centres, float[] radii) {
    this.space = space;
    this.radii = radii;
    int d = space.dimension();
    this.epsilon = 1.01 * (d + 16) * U;
    this.eta = d * 0x1p-149;
    this.squares = new double[radii.length];
    this.norms = new double[radii.length];
    var centre = new float[d];
    double most = 0;
    for (int list = 0; list < radii.length; list++) {
      centres.read(list, centre);
      double sum = 0;
      for (float element : centre) {
        sum += (double) element * element;
      }
      squares[list] = sum;
      norms[list] = Norms.up(Math.sqrt(sum));
      most = Math.max(most, norms[list] + radii[list]);
    }
    this.longest = most;
  }

  /** Reader of centres. */
  interface Centres {
    /** Copies the centre of a list. */
    void read(int list, float[] into);
  }

  /** A query; one object serves many, one after another. Not safe for many threads. */
  final class Query {
    private final double[] mapped = new double[space.dimension()];

    /** What is multiplied with the centres. */
    private final float[] probe = new float[space.dimension()];

    private double square;
    private double norm;

    /** Upper bound of the distance between the mapped query and what is multiplied. */
    private double missed;

    private boolean bounded;

    /** Takes a query whose elements are finite. */
    void set(float[] query) {
      space.map(query, mapped);
      double whole = 0;
      double lost = 0;
      square = 0;
      for (int i = 0; i < probe.length; i++) {
        probe[i] = (float) mapped[i];
        double error = mapped[i] - probe[i];
        whole += mapped[i] * mapped[i];
        lost += error * error;
        square += (double) probe[i] * probe[i];
      }
      norm = Norms.up(Math.sqrt(square));
      missed = Norms.up(Math.sqrt(lost)) + space.slack(Norms.up(Math.sqrt(whole)));
      // Keys of a zero query are all equal for COSINE, whatever the distance.
      bounded = norm < LIMIT && (space.metric() != Metric.COSINE || square > 0);
      if (!bounded) {
        Arrays.fill(probe, 0); // products stay finite, so that lists can be ordered
      }
    }

    /** What is to be multiplied with the centres, {@code [d]}. */
    float[] probe() {
      return probe;
    }

    /**
     * Number by which lists are probed, the smallest first: how far a list's centre is.
     *
     * @param dot float32 product of {@link #probe} and the list's centre
     */
    float order(int list, float dot) {
      float distance = space.metric() == Metric.DOT ? -dot : (float) (squares[list] - 2.0 * dot);
      return Float.isNaN(distance) ? Float.POSITIVE_INFINITY : distance;
    }

    /** Whether products with centres mean anything. */
    boolean bounded() {
      return bounded;
    }

    /**
     * What an {@link #order} lacks of the squared distance of the centre. For DOT, which is no
     * distance, it is what the product lacks of the largest that a row could have with the query:
     * it is never negative, and ratios of it do not depend on the length of the query.
     */
    double offset() {
      return space.metric() == Metric.DOT ? norm * longest : square;
    }

    /** Squared distance of a row from its key, as {@link #offset} makes it for centres. */
    double squaredDistance(double key) {
      double distance =
          switch (space.metric()) {
            case L2 -> key;
            case COSINE -> 2 + 2 * key;
            case DOT -> key + offset();
          };
      return Math.max(distance, 0);
    }

    /**
     * The {@link #order} of a list without one of its rows, the one that the query is: rows that
     * will be asked for had no part in the centres.
     *
     * @param order of the list with the row, which is {@code size} rows
     */
    float without(float order, int size) {
      double left = size - 1.0;
      if (left == 0) {
        return Float.POSITIVE_INFINITY;
      }
      return (float)
          (space.metric() == Metric.DOT
              ? (size * (double) order + square) / left
              : (order + square) * (size / left) * (size / left) - square);
    }

    /**
     * Number that no key of a row of the list is below; negative infinity if nothing is known.
     *
     * @param dot float32 product of {@link #probe} and the list's centre
     */
    double lower(int list, float dot) {
      double centre = norms[list];
      double radius = radii[list];
      if (!(bounded && centre < LIMIT && radius < Float.POSITIVE_INFINITY)) {
        return Double.NEGATIVE_INFINITY;
      }
      // How far the product may be from that of the mapped query and the centre.
      double error = epsilon * norm * centre + eta + missed * centre;
      double lower =
          switch (space.metric()) {
            case DOT -> -dot - error - norm * radius - LOOSE * norm * (centre + radius);
            case COSINE -> {
              double apart = apart(list, dot);
              double byDistance = apart > 0 ? apart * apart / 2 - 1 : -1;
              yield Math.max(byDistance, -dot - error - radius) - LOOSE * (1 + centre + radius);
            }
            case L2 -> {
              double apart = apart(list, dot);
              yield apart > 0 ? apart * apart * (1 - LOOSE) : 0;
            }
          };
      return Double.isNaN(lower) ? Double.NEGATIVE_INFINITY : lower;
    }

    /** Lower bound of the distance between the query and the rows of a list; may be negative. */
    private double apart(int list, float dot) {
      double both = norm + norms[list];
      double error = 2 * (epsilon * norm * norms[list] + eta) + LOOSE * both * both;
      double least = square + squares[list] - 2.0 * dot - error;
      return Math.sqrt(Math.max(least, 0)) * (1 - LOOSE) - missed - radii[list];
    }
  }
}
