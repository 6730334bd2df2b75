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
    tables.value((float) scale, Math.nextUp((float) (tables.least() + slack)));
    tables.weight(0);
    tables.threshold(Float.POSITIVE_INFINITY);
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
    double margin = RotatedCoder.MARGIN / 2 * (squares + reach * reach) + Float.MIN_NORMAL;
    tables.weight(Math.nextUp((float) reach));
    tables.threshold(Math.nextUp((float) (reach * reach - squares * (1 - 2 * off) + margin)));
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
    double value = tables.least() + tables.step() * sum;
    // The base is what the code stands for, squared, less what was lost, squared.
    return terms ? squares + base + (double) error * error / 4 - 2 * value : value;
  }

  /** The query as the loops read it. */
  public TableQuery tables() {
    return tables;
  }
}
