package dev.kith.core.quant;

import dev.kith.core.kernel.TableQuery;

/**
 * A query for rows that a {@link ProductCoder} coded: tables of its parts' products with the
 * centres, where the blocks have terms, or else of their squared distances. Belongs to one thread.
 *
 * <p>What a code lost is in no random direction: there is a certain bound, and no probable one.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public final class ProductQuery {
  private final ProductCoder coder;
  private final boolean terms;
  private final TableQuery tables;
  private final float[] rotated;
  private final float[] values;
  private double squares;

  /** Squared length of the query as it is multiplied: rotated, if there is a rotation. */
  private double turned;

  /** Value and slack of a sum of zero, for rows about the origin. */
  private double shift;

  /** Product of the query and the centre that rows lie about. */
  private double centred;

  /**
   * Creates a query of zeros.
   *
   * @param terms whether the blocks have terms
   */
  public ProductQuery(ProductCoder coder, boolean terms) {
    this.coder = coder;
    this.terms = terms;
    this.tables = new TableQuery(coder.shape(terms));
    this.rotated = new float[coder.dimension()];
    this.values = new float[coder.parts() << coder.bits()];
  }

  /**
   * Sets the query, which keeps all rows until there is a {@link #threshold}.
   *
   * @param query {@code [dimension]}, not rotated
   */
  public void set(float[] query) {
    coder.rotate(query, rotated);
    squares = 0;
    for (float value : query) {
      squares += (double) value * value;
    }
    turned = 0;
    for (float value : rotated) {
      turned += (double) value * value;
    }
    for (int part = 0; part < coder.parts(); part++) {
      int from = ProductCoder.start(coder.dimension(), coder.parts(), part);
      if (terms) {
        coder.book(part).products(rotated, from, values, part << coder.bits());
      } else {
        coder.book(part).squaredDistances(rotated, from, values, part << coder.bits());
      }
    }
    tables.tables(values, coder.parts());
    double scale = tables.step();
    double slack = 0;
    if (terms) {
      // Entries may be off by the slack; products of floats, the scale and the shift round, too.
      double length = Math.sqrt(squares);
      double widest = coder.widest() + 2.0;
      double reach = scale * 0xffff * tables.groups() + Math.abs(tables.least());
      slack =
          tables.slack()
              + Math.scalb(widest, -23) * length * coder.longest()
              + Math.scalb(reach, -20)
              + Float.MIN_NORMAL;
    }
    shift = tables.least() + slack;
    centred = 0;
    tables.value((float) scale, Math.nextUp((float) shift));
    tables.weight(0);
    tables.threshold(Float.POSITIVE_INFINITY);
  }

  /** Takes the query of another, with its tables; keeps all rows until there is a threshold. */
  public void share(ProductQuery other) {
    tables.share(other.tables);
    squares = other.squares;
    turned = other.turned;
    shift = other.shift;
    centred = 0;
    System.arraycopy(other.rotated, 0, rotated, 0, rotated.length);
    tables.value((float) tables.step(), Math.nextUp((float) shift));
    tables.weight(0);
    tables.threshold(Float.POSITIVE_INFINITY);
  }

  /** The query as it is multiplied with centres, rotated if there is a rotation. */
  float[] rotated() {
    return rotated;
  }

  /**
   * Sets the centre that rows lie about, for blocks that have terms.
   *
   * @param product of {@link #rotated} and the centre
   * @param length of the centre
   */
  void about(double product, double length) {
    centred = product;
    double slack = Math.scalb(Math.sqrt(turned) * length + Math.abs(shift), -22);
    tables.value((float) tables.step(), Math.nextUp((float) (shift + product + slack)));
  }

  /**
   * Sets the squared distance at and below which rows are kept, if what their codes lost has a
   * product with the query of at most a part of {@code reach}: a guess, which holds the more often
   * the larger it is.
   *
   * @param reach as a part of what a row's code lost; may be negative
   */
  void thresholdWithin(double distance, double reach) {
    tables.weight(Math.nextUp((float) reach));
    tables.threshold(Math.nextUp((float) (distance - turned + margin(0))));
    if (!(squares < RotatedCoder.HUGE) || !(distance < RotatedCoder.HUGE)) {
      tables.threshold(Float.POSITIVE_INFINITY);
    }
  }

  /** Number that the squared distance is not below of a row that the loops gave a bound for. */
  double lower(float bound) {
    return bound + turned - margin(0);
  }

  private double margin(double reach) {
    return RotatedCoder.MARGIN / 2 * (Math.max(squares, turned) + reach * reach) + Float.MIN_NORMAL;
  }

  /**
   * Sets the squared distance at and below which rows are kept, for certain where the blocks have
   * terms, and by their estimates where they have none.
   */
  public void threshold(double distance) {
    if (!terms) {
      tables.threshold((float) distance);
      return;
    }
    double length = Math.sqrt(squares);
    double off = coder.rotation() == null ? 0 : coder.rotation().off() * length;
    double reach = Math.sqrt(distance) + off;
    tables.weight(Math.nextUp((float) reach));
    tables.threshold(Math.nextUp((float) (reach * reach - turned + margin(reach))));
    if (!(squares < RotatedCoder.HUGE) || !(distance < RotatedCoder.HUGE)) {
      tables.weight(Float.POSITIVE_INFINITY); // bounds nothing
    }
  }

  /**
   * Estimate of the squared distance of a row from the sum of its entries (asymmetric distance
   * computation).
   *
   * @param sum of the row's entries
   * @param base of the row; 0 where there are no terms
   * @param error of the row; 0 where there are no terms
   */
  public double estimate(int sum, float base, float error) {
    double value = centred + tables.least() + tables.step() * sum;
    // The base is what the code stands for, squared, less what was lost, squared.
    return terms ? squares + base + (double) error * error / 4 - 2 * value : value;
  }

  /** Whether rows can be excluded at all. */
  boolean bounded() {
    return terms && squares < RotatedCoder.HUGE;
  }

  /** The query as the loops read it. */
  public TableQuery tables() {
    return tables;
  }
}
