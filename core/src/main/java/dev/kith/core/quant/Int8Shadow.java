package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.kernel.Panels;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Shadow of int8 codes in {@link Panels}, behind the centre; bounds by {@link PanelBound}. */
public final class Int8Shadow extends Shadow {
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Rows from which the centre is computed, and on which it is tried. */
  private static final int SAMPLE = 2048;

  /**
   * Width of the sample's bounds with a centre, relative to that without, from which on there is
   * none.
   */
  private static final double WORTHWHILE = 0.95;

  private final MemorySegment body;
  private final MemorySegment panels;
  private final PanelBound bound;
  private final int groups;
  private final long stride;

  Int8Shadow(
      Quantizer quantizer,
      VectorSource rows,
      Metric metric,
      MemorySegment body,
      ShadowFile.@Nullable Body file) {
    super(quantizer, rows, metric, file);
    this.body = body;
    this.groups = Panels.groups(rows.dimension());
    this.stride = Panels.stride(groups);
    this.panels = body.asSlice(centreBytes());
    var centre = new float[rows.dimension()];
    MemorySegment.copy(body, FLOAT, 0, centre, 0, centre.length);
    this.bound = new PanelBound(metric, centre);
  }

  /**
   * Chooses the centre, which is subtracted from rows before they are coded: the mean of a sample,
   * or zeros if bounds are not tighter with it. The width of a bound grows with a query's norm
   * times a row's residual; the sample's rows stand for both. Deterministic: equal rows give an
   * equal centre.
   *
   * @return {@code [d]}, finite
   * @throws VectorDataException if a row of the sample is not finite
   */
  public static float[] chooseCentre(VectorSource rows, Metric metric) {
    int d = rows.dimension();
    var none = new float[d];
    int sample = (int) Math.min(SAMPLE, rows.size());
    if (sample == 0) {
      return none;
    }
    var plain = new PanelBound(metric, none);
    var sums = new double[d];
    var vector = new double[d];
    for (int i = 0; i < sample; i++) {
      plain.vector(sampled(rows, i, sample), vector);
      for (int e = 0; e < d; e++) {
        sums[e] += vector[e];
      }
    }
    var centre = new float[d];
    for (int e = 0; e < d; e++) {
      centre[e] = (float) (sums[e] / sample);
    }
    double with = width(rows, sample, new PanelBound(metric, centre));
    // False if the mean is not finite: then there is no centre.
    return with < WORTHWHILE * width(rows, sample, plain) ? centre : none;
  }

  private static float[] sampled(VectorSource rows, int i, int sample) {
    long number = i * rows.size() / sample;
    var row = rows.row(number);
    VectorDataException.requireFinite(rows, number, row);
    return row;
  }

  private static double width(VectorSource rows, int sample, PanelBound bound) {
    var coded = bound.new Row();
    double norms = 0;
    double residuals = 0;
    for (int i = 0; i < sample; i += 4) {
      coded.encode(sampled(rows, i, sample));
      norms += coded.reach;
      residuals += coded.residual;
    }
    return norms * residuals;
  }

  /** Bytes of the codes of {@code rows}, as they are stored. */
  public static long bytes(VectorSource rows) {
    int groups = Panels.groups(rows.dimension());
    long count = (rows.size() + Panels.ROWS - 1) / Panels.ROWS;
    return centreBytes(rows.dimension()) + count * Panels.stride(groups);
  }

  /** Bytes of the centre, rounded up to whole cache lines. */
  private static long centreBytes(int d) {
    return (4L * d + 63) / 64 * 64;
  }

  /** All panels; the last is filled up with rows that no search may return. */
  public MemorySegment panels() {
    return panels;
  }

  /** Groups of 4 elements in a row. */
  public int groups() {
    return groups;
  }

  /** Bound that the products prove. */
  public PanelBound bound() {
    return bound;
  }

  /** Copy of the centre that is subtracted from rows, {@code [d]}; zeros if there is none. */
  public float[] centre() {
    return bound.centre().clone();
  }

  /** Whether a centre other than zeros is subtracted from rows. */
  public boolean centred() {
    for (float element : bound.centre()) {
      if (element != 0) {
        return true;
      }
    }
    return false;
  }

  private long termsAt(long row) {
    return row / Panels.ROWS * stride + Panels.termsAt(groups) + 4 * (row % Panels.ROWS);
  }

  /** Scale of a row's codes. */
  public float scale(long row) {
    return panels.get(FLOAT, termsAt(row) + Panels.SCALE);
  }

  @Override
  public float residual(long row) {
    return panels.get(FLOAT, termsAt(row) + Panels.RESIDUAL);
  }

  /** Upper bound of the norms of the coded vector and of its code. */
  public float reach(long row) {
    return panels.get(FLOAT, termsAt(row) + Panels.REACH);
  }

  /** Term of a row in its score: its squared norm for L2, else its product with the centre. */
  public double base(long row) {
    long at = row / Panels.ROWS * stride + Panels.termsAt(groups);
    return panels.get(DOUBLE, at + Panels.BASE + 8 * (row % Panels.ROWS));
  }

  private int code(long row, int element) {
    long at =
        row / Panels.ROWS * stride
            + (long) element / 4 * Panels.GROUP_BYTES
            + 4 * (row % Panels.ROWS)
            + element % 4;
    return (panels.get(ValueLayout.JAVA_BYTE, at) & 0xff) - Panels.BIAS;
  }

  @Override
  public void decode(long row, float[] target) {
    float scale = scale(row);
    for (int i = 0; i < target.length; i++) {
      target[i] = scale * code(row, i) + bound.centre()[i];
    }
  }

  @Override
  public KeyInterval interval(float[] query, long row) {
    var coded = bound.newQuery(true, bound.newScratch());
    coded.set(query);
    long product = 0;
    long lowProduct = 0;
    for (int i = 0; i < query.length; i++) {
      product += code(row, i) * coded.codes()[i];
      lowProduct += code(row, i) * coded.lowCodes()[i];
    }
    return KeyInterval.around(
        coded.estimate(product, lowProduct, scale(row), base(row)),
        coded.error(residual(row), reach(row)));
  }

  @Override
  MemorySegment stored() {
    return body;
  }

  @Override
  long centreBytes() {
    return centreBytes(rows().dimension());
  }

  @Override
  int rowsPerUnit() {
    return Panels.ROWS;
  }

  @Override
  long unitBytes() {
    return stride;
  }

  @Override
  void encode(long unit, MemorySegment target) {
    int d = rows().dimension();
    var row = bound.new Row();
    var x = new float[d];
    long first = unit * Panels.ROWS;
    int count = (int) Math.min(Panels.ROWS, rows().size() - first);
    var block = rows().block(first, count);
    target.asSlice(0, Panels.termsAt(groups)).fill((byte) Panels.BIAS);
    for (int r = 0; r < Panels.ROWS; r++) {
      long at = Panels.termsAt(groups) + 4L * r;
      if (r < count) {
        block.decodeRow(r, x, 0);
        VectorDataException.requireFinite(rows(), first + r, x);
        row.encode(x);
        put(row.codes, r, target);
      }
      target.set(FLOAT, at + Panels.SCALE, r < count ? row.scale : 0);
      target.set(FLOAT, at + Panels.LIFT, r < count ? row.lift : Float.NEGATIVE_INFINITY);
      target.set(FLOAT, at + Panels.RESIDUAL, r < count ? row.residual : 0);
      target.set(FLOAT, at + Panels.REACH, r < count ? row.reach : 0);
      target.set(DOUBLE, Panels.termsAt(groups) + Panels.BASE + 8L * r, r < count ? row.base : 0);
    }
  }

  private static void put(byte[] codes, int r, MemorySegment target) {
    for (int i = 0; i < codes.length; i++) {
      target.set(
          ValueLayout.JAVA_BYTE,
          (long) i / 4 * Panels.GROUP_BYTES + 4L * r + i % 4,
          (byte) (codes[i] + Panels.BIAS));
    }
  }
}
