package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Shadow of rows rounded to 16-bit floats, one after another, each followed by its squared norm and
 * its residual.
 */
public final class HalfShadow extends Shadow {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final int TERM_BYTES = 8;

  private final ElementType type;
  private final MemorySegment body;
  private final VectorSource codes;
  private final FloatBound bound;

  HalfShadow(
      Quantizer quantizer,
      VectorSource rows,
      Metric metric,
      ElementType type,
      MemorySegment body,
      ShadowFile.@Nullable Body file) {
    super(quantizer, rows, metric, file);
    this.type = type;
    this.body = body;
    this.codes =
        VectorSource.over(body, stride(rows.dimension()), rows.size(), rows.dimension(), type);
    this.bound = new FloatBound(metric, rows.dimension());
  }

  private static long stride(int d) {
    return 2L * d + TERM_BYTES;
  }

  static long bytes(VectorSource rows) {
    return rows.size() * stride(rows.dimension());
  }

  /** The rounded rows. */
  public VectorSource codes() {
    return codes;
  }

  /**
   * Squared norms of {@code count} rows, within the bound of a kernel's, and their residuals.
   *
   * @param picked {@code [>= count]} rows, counted from {@code first}
   */
  public void terms(long first, int[] picked, int count, float[] norms, float[] residuals) {
    long stride = unitBytes();
    for (int i = 0; i < count; i++) {
      long at = (first + picked[i] + 1) * stride - TERM_BYTES;
      norms[i] = body.get(FLOAT, at);
      residuals[i] = body.get(FLOAT, at + 4);
    }
  }

  @Override
  public void decode(long row, float[] target) {
    codes.block(row, 1).decodeRow(0, target, 0);
  }

  @Override
  public float residual(long row) {
    return body.get(FLOAT, (row + 1) * unitBytes() - 4);
  }

  @Override
  public KeyInterval interval(float[] query, long row) {
    var prepared = bound.query(query);
    var code = codes.row(row);
    float dot = 0;
    for (int i = 0; i < code.length; i++) {
      dot += prepared.scanned()[i] * code[i];
    }
    float norm = body.get(FLOAT, (row + 1) * unitBytes() - TERM_BYTES);
    return KeyInterval.around(
        bound.estimate(prepared, dot, norm), bound.error(prepared, norm, residual(row)));
  }

  @Override
  MemorySegment stored() {
    return body;
  }

  @Override
  long centreBytes() {
    return 0;
  }

  @Override
  int rowsPerUnit() {
    return 1;
  }

  @Override
  long unitBytes() {
    return stride(rows().dimension());
  }

  @Override
  void encode(long unit, MemorySegment target) {
    var row = rows().row(unit);
    VectorDataException.requireFinite(rows(), unit, row);
    double squares = 0;
    double lost = 0;
    for (int i = 0; i < row.length; i++) {
      short bits = type.bitsOf(row[i]);
      target.set(SHORT, 2L * i, bits);
      double gap = (double) row[i] - type.valueOf(bits);
      squares += (double) row[i] * row[i];
      lost += gap * gap;
    }
    // Infinite where an element was too large for the type: such a row is never excluded.
    float residual = lost == 0 ? 0 : Math.nextUp((float) Norms.up(Math.sqrt(lost)));
    target.set(FLOAT, 2L * row.length, (float) squares);
    target.set(FLOAT, 2L * row.length + 4, residual);
  }
}
