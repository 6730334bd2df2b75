package dev.kith.core.quant;

import dev.kith.core.kernel.PanelQuery;
import dev.kith.core.kernel.Panels;
import dev.kith.core.metric.Metric;

/**
 * Bounds on canonical keys that products of int8 codes prove. Symbols, derivation and every
 * rounding term: {@code docs/exactness.md}, section "The int8 shadow".
 *
 * <p>A row or query is first brought to a vector <i>v</i>: itself, or for cosine itself divided by
 * its norm, less the centre. That is coded with an error whose norm is measured, so that it does
 * not matter how well the codes were chosen.
 */
public final class PanelBound {
  /**
   * Least scale that is trusted. Outside of this and {@link #SCALE_MAX} float32 sums may over- or
   * underflow: nothing is excluded then.
   */
  private static final float SCALE_MIN = 0x1p-60f;

  private static final float SCALE_MAX = 0x1p44f;

  /**
   * Relative allowance for rounding in the float32 terms of a query, and of a row: 16 units of
   * roundoff.
   */
  static final double LOOSE = 0x1p-20;

  /** Allowance for float32 products that become denormal. */
  private static final double UNDERFLOW = 0x1p-140;

  /**
   * Largest query code where there are two an element, so that 16-bit lanes can add two products.
   */
  private static final int MAX_PAIR_CODE = 63;

  private final Metric metric;
  private final int d;
  private final float[] centre;
  private final double centreNorm;

  /** A few units of float64's roundoff for each element. */
  private final double sigma;

  /** How far the float64 vector may be from the real one, relative to it. */
  private final double inexact;

  /** Creates the bound for rows of {@code centre.length} elements. */
  PanelBound(Metric metric, float[] centre) {
    this.metric = metric;
    this.d = centre.length;
    this.centre = centre;
    double squares = 0;
    for (float element : centre) {
      squares += (double) element * element;
    }
    this.centreNorm = metric == Metric.L2 ? 0 : Norms.up(Math.sqrt(squares));
    this.sigma = (8.0 * d + 128) * 0x1p-53;
    this.inexact = (d + 16.0) * 0x1p-53;
  }

  float[] centre() {
    return centre;
  }

  /** Puts the vector that is coded into {@code v}; false if it is all zero. */
  boolean vector(float[] x, double[] v) {
    double divisor = Norms.divisor(metric, x);
    double max = 0;
    for (int i = 0; i < d; i++) {
      v[i] = x[i] / divisor - centre[i];
      max = Math.max(max, Math.abs(v[i]));
    }
    return max > 0;
  }

  /** Largest magnitude of the elements. */
  private static double max(double[] v) {
    double max = 0;
    for (double element : v) {
      max = Math.max(max, Math.abs(element));
    }
    return max;
  }

  private static void code(double[] v, double scale, int limit, byte[] codes) {
    double factor = scale > 0 ? 1 / scale : 0;
    for (int i = 0; i < v.length; i++) {
      codes[i] = code(v[i], factor, limit);
    }
  }

  private static byte code(double element, double factor, int limit) {
    return (byte) Math.clamp(Math.rint(element * factor), -limit, limit);
  }

  /** A row's code and terms; one object serves many rows. */
  final class Row {
    final byte[] codes = new byte[d];
    float scale;
    float lift;
    float residual;
    float reach;
    double base;
    private final double[] v = new double[d];

    /** Codes a row whose elements are finite. */
    void encode(float[] x) {
      boolean zero = !vector(x, v);
      code(v, max(v) / Panels.MAX_CODE, Panels.MAX_CODE, codes);
      double product = 0;
      long squares = 0;
      for (int i = 0; i < d; i++) {
        product += v[i] * codes[i];
        squares += codes[i] * codes[i];
      }
      scale = squares == 0 ? 0 : (float) (product / squares); // the best one for these codes
      double norm = 0;
      double missed = 0;
      double centred = 0;
      for (int i = 0; i < d; i++) {
        double error = v[i] - (double) scale * codes[i];
        missed += error * error;
        norm += v[i] * v[i];
        centred += (double) centre[i] * x[i];
      }
      base = metric == Metric.L2 ? norm : metric == Metric.DOT ? centred : centredCosine(x);
      norm = Norms.up(Math.sqrt(norm));
      residual = floatUp(Norms.up(Math.sqrt(missed)) + inexact * (norm + centreNorm));
      reach = floatUp(Norms.up(scale * Math.sqrt((double) squares)) + residual);
      if (zero && metric != Metric.COSINE) {
        residual = 0; // v is exactly zero
        reach = 0;
      }
      boolean trusted = zero || (scale >= SCALE_MIN && scale <= SCALE_MAX);
      if (trusted && residual < Float.POSITIVE_INFINITY) {
        double raised = metric == Metric.L2 ? -0.5 * base : base;
        lift = floatUp(raised + LOOSE * Math.abs(raised));
      } else {
        scale = 0;
        lift = Float.POSITIVE_INFINITY;
        residual = Float.POSITIVE_INFINITY;
        reach = Float.POSITIVE_INFINITY;
      }
    }

    private double centredCosine(float[] x) {
      double product = 0;
      double squares = 0;
      for (int i = 0; i < d; i++) {
        product += (double) centre[i] * x[i];
        squares += (double) x[i] * x[i];
      }
      return squares == 0 ? 0 : product / Math.sqrt(squares);
    }
  }

  private static float floatUp(double value) {
    return Math.nextUp((float) value);
  }

  /** A query coded for the loops; one object serves many queries, one after another. */
  public final class Query {
    private final Scratch scratch;
    private final boolean two;
    private float scale;
    private float lowScale;

    /** Squared norm of the vector, in float64. */
    private double squaredNorm;

    /** Norm of the vector, rounded up. */
    private double norm;

    /** Norm of what the codes stand for, rounded up. */
    private double codedNorm;

    /** Norm of what the codes miss, rounded up. */
    private double missed;

    /** Term of the query in its score: for cosine and dot its product with the centre. */
    private double offset;

    private boolean bounded;

    private Query(boolean two, Scratch scratch) {
      this.two = two;
      this.scratch = scratch;
    }

    /**
     * Codes a query whose elements are finite. Its codes last until another query that shares the
     * scratch is set: {@link #putInto} comes first.
     */
    public void set(float[] x) {
      double[] v = scratch.v;
      double[] coded = scratch.coded;
      byte[] codes = scratch.codes;
      byte[] lowCodes = scratch.lowCodes;
      boolean zero = !vector(x, v);
      int limit = two ? MAX_PAIR_CODE : Panels.MAX_CODE;
      scale = (float) (max(v) / limit);
      code(v, scale, limit, codes);
      for (int i = 0; i < d; i++) {
        coded[i] = (double) scale * codes[i];
      }
      lowScale = 0;
      if (two) {
        lowScale = scale / (2 * MAX_PAIR_CODE);
        double factor = lowScale > 0 ? 1 / (double) lowScale : 0;
        for (int i = 0; i < d; i++) {
          lowCodes[i] = code(v[i] - coded[i], factor, MAX_PAIR_CODE);
          coded[i] += (double) lowScale * lowCodes[i];
        }
      }
      squaredNorm = 0;
      offset = 0;
      double codedSquares = 0;
      double missedSquares = 0;
      for (int i = 0; i < d; i++) {
        double error = v[i] - coded[i];
        squaredNorm += v[i] * v[i];
        codedSquares += coded[i] * coded[i];
        missedSquares += error * error;
        offset += centre[i] * v[i];
      }
      offset = metric == Metric.L2 ? 0 : offset;
      norm = Norms.up(Math.sqrt(squaredNorm));
      codedNorm = Norms.up(Math.sqrt(codedSquares));
      missed = Norms.up(Math.sqrt(missedSquares)) + inexact * (norm + codedNorm + centreNorm);
      boolean trusted = zero || (scale >= SCALE_MIN && scale <= SCALE_MAX);
      bounded = trusted && !(metric == Metric.COSINE && allZero(x));
    }

    /** Whether rows can be excluded for this query at all. */
    public boolean bounded() {
      return bounded;
    }

    /** Hands codes and terms to the loops. */
    @SuppressWarnings("exports") // loops are Kith's own
    public void putInto(PanelQuery queries, int number) {
      double loose = missed + 2 * LOOSE * codedNorm + sigma * (norm + 2 * centreNorm);
      queries.set(
          number,
          scratch.codes,
          scratch.lowCodes,
          scale,
          lowScale,
          floatUp(codedNorm * (1 + LOOSE)),
          floatUp(loose * (1 + LOOSE)));
    }

    /** Threshold for the loops: a row whose bound is below it has a key above {@code tau}. */
    public float threshold(double tau) {
      if (!bounded || tau == Double.POSITIVE_INFINITY) {
        return Float.NEGATIVE_INFINITY;
      }
      double threshold =
          metric == Metric.L2
              ? 0.5 * (squaredNorm - tau) - sigma * norm * norm
              : -tau - offset - sigma * ((norm + 2 * centreNorm) * 4 * centreNorm);
      return Math.nextDown((float) (threshold - UNDERFLOW));
    }

    /**
     * Half the width of the interval around {@link #estimate} that holds the canonical key.
     *
     * @param residual residual of the row
     * @param reach reach of the row
     */
    public double error(float residual, float reach) {
      if (!bounded || !(reach < Float.POSITIVE_INFINITY)) {
        return Double.POSITIVE_INFINITY;
      }
      double product = codedNorm * residual + missed * reach;
      double error =
          metric == Metric.L2
              ? 2 * product + sigma * (norm + reach) * (norm + reach)
              : product + sigma * (norm + 2 * centreNorm) * (reach + 2 * centreNorm);
      return error * (1 + 0x1p-40);
    }

    /**
     * Estimate of the key from products of codes.
     *
     * @param product product with the query's first codes
     * @param lowProduct product with the query's second codes; 0 where there are none
     * @param rowScale scale of the row
     * @param base base of the row
     */
    public double estimate(long product, long lowProduct, float rowScale, double base) {
      double t = rowScale * ((double) scale * product + (double) lowScale * lowProduct);
      return metric == Metric.L2 ? squaredNorm + base - 2 * t : 0.0 - (t + base + offset);
    }

    byte[] codes() {
      return scratch.codes;
    }

    byte[] lowCodes() {
      return scratch.lowCodes;
    }
  }

  /** Buffers in which queries are coded, one after another. */
  public final class Scratch {
    private final double[] v = new double[d];
    private final double[] coded = new double[d];
    private final byte[] codes = new byte[d];
    private final byte[] lowCodes = new byte[d];

    private Scratch() {}
  }

  /** Creates buffers that queries may share. */
  public Scratch newScratch() {
    return new Scratch();
  }

  /** Creates a query, with two codes an element or one. */
  public Query newQuery(boolean two, Scratch scratch) {
    return new Query(two, scratch);
  }

  private static boolean allZero(float[] x) {
    for (float element : x) {
      if (element != 0) {
        return false;
      }
    }
    return true;
  }
}
