package dev.kith.core.quant;

import dev.kith.core.kernel.CodeBlocks.Shape;
import dev.kith.core.kernel.TableQuery;

/**
 * A query for rows that a {@link RotatedCoder} coded: tables of its products with four elements'
 * bits, set once a query, and the bound, set once a centre. Belongs to one thread.
 *
 * <p>The tables' rounding is within the bound: by how much a sum can be off is known for each
 * query, and every row's bound is lowered by that. It is what the probability does not speak of.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public final class RotatedQuery {
  private final RotatedCoder coder;
  private final Shape shape;
  private final TableQuery tables;
  private final float[] values;
  private double sum;
  private double squares;
  private double squaredDistance;
  private int planes = 1;

  /** Creates a query of zeros. */
  public RotatedQuery(RotatedCoder coder) {
    this.coder = coder;
    this.shape = coder.shape();
    this.tables = new TableQuery(shape);
    this.values = new float[(coder.dimension() + 3) / 4 * 16];
  }

  /**
   * Sets the query; then {@link #about} and {@link #threshold} are to be set.
   *
   * @param query {@code [dimension]}, rotated as the rows are
   */
  public void set(float[] query) {
    int d = coder.dimension();
    sum = 0;
    squares = 0;
    for (int i = 0; i < d; i++) {
      sum += query[i];
      squares += (double) query[i] * query[i];
    }
    for (int g = 0; 4 * g < d; g++) {
      int at = 16 * g;
      values[at] = 0;
      for (int bit = 0; bit < 4; bit++) {
        float value = 4 * g + bit < d ? query[4 * g + bit] : 0;
        for (int code = 0; code < 1 << bit; code++) {
          values[at + (1 << bit) + code] = values[at + code] + value;
        }
      }
    }
    tables.tables(values, (d + 3) / 4);
    squaredDistance = squares;
  }

  /** Takes the query of another, with its tables; {@link #about} and {@link #threshold} are due. */
  public void share(RotatedQuery other) {
    tables.share(other.tables);
    sum = other.sum;
    squares = other.squares;
    squaredDistance = other.squares;
  }

  /**
   * Sets the bound for rows about a centre.
   *
   * @param squaredDistanceToCentre of the query; for rows about the origin, its squared length
   * @param scanned planes that the loops will look at: 1, or all
   */
  public void about(double squaredDistanceToCentre, int scanned, Bound bound) {
    squaredDistance = squaredDistanceToCentre;
    planes = scanned;
    long most = (1L << scanned) - 1;
    double shift = most * (2 * tables.least() - sum);
    double scale = 2 * tables.step();
    // Sums of entries may be off by the slack; scaling, shifting and the floats in the tables
    // round.
    double reach = scale * 255 * shape.groups() * most + Math.abs(shift);
    double slack = 2 * most * tables.slack() + Math.scalb(reach, -20) + Float.MIN_NORMAL;
    tables.value((float) scale, Math.nextUp((float) (shift + slack)));
    tables.weight(
        Math.nextUp((float) (bound.weight(coder.dimension()) * Math.sqrt(squaredDistance))));
    if (!(squares < RotatedCoder.HUGE) || !(squaredDistance < RotatedCoder.HUGE)) {
      tables.weight(Float.POSITIVE_INFINITY); // bounds nothing
    }
  }

  /**
   * Sets the squared distance at and below which rows are kept.
   *
   * @param distance squared, of the query to a row
   */
  public void threshold(double distance) {
    double margin = RotatedCoder.MARGIN / 2 * (squares + squaredDistance) + Float.MIN_NORMAL;
    tables.threshold(Math.nextUp((float) (distance - squaredDistance + margin)));
  }

  /** Lower bound of the squared distance of a row that the loops gave a bound for. */
  public double lower(float bound) {
    double margin = RotatedCoder.MARGIN / 2 * (squares + squaredDistance) + Float.MIN_NORMAL;
    return bound + squaredDistance - margin;
  }

  /**
   * Unbiased estimate of the squared distance of a row.
   *
   * @param row sum of the row's entries
   * @param base of the row
   * @param slope of the row
   */
  public double estimate(int row, float base, float slope) {
    long most = (1L << planes) - 1;
    double product = 2 * tables.step() * row + most * (2 * tables.least() - sum);
    return squaredDistance + base + slope * product;
  }

  /** The query as the loops read it. */
  public TableQuery tables() {
    return tables;
  }

  /** Squared length of the query. */
  public double squares() {
    return squares;
  }
}
