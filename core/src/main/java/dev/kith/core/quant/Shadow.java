package dev.kith.core.quant;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The codes of all rows of a source for one metric, off-heap, with what is proved about each row:
 * {@link #interval} holds its canonical key for certain. Searches scan the codes in place.
 * Immutable; safe for many threads. Format: {@code docs/formats/shadow.md}.
 */
public abstract sealed class Shadow permits Int8Shadow, HalfShadow {
  /** Rows that a worker codes before it asks whether to go on. */
  private static final int ROWS_AT_ONCE = 256;

  private final Quantizer quantizer;
  private final VectorSource rows;
  private final Metric metric;

  private final ShadowFile.@Nullable Body file;

  /** Creates a shadow, with its file if it was opened from one. */
  Shadow(Quantizer quantizer, VectorSource rows, Metric metric, ShadowFile.@Nullable Body file) {
    this.file = file;
    this.quantizer = quantizer;
    this.rows = rows;
    this.metric = metric;
  }

  /** Quantizer that made it. */
  public final Quantizer quantizer() {
    return quantizer;
  }

  /** Rows that are coded. */
  public final VectorSource rows() {
    return rows;
  }

  /** Metric whose keys are bounded. */
  public final Metric metric() {
    return metric;
  }

  /** Bytes of codes and bounds. */
  public final long bytes() {
    return stored().byteSize();
  }

  /**
   * Codes and bounds as they are stored, read-only, for a caller that keeps them with the rows;
   * {@link Quantizer#over} reads them again. Layout: {@code docs/formats/shadow.md}.
   */
  public final MemorySegment body() {
    return stored().asReadOnly();
  }

  static void requireLength(
      Quantizer quantizer, MemorySegment body, long bytes, VectorSource rows) {
    if (body.byteSize() != bytes) {
      throw new VectorDataException(
          "a shadow must be as long as its rows need: source=%s, shadow=%s, rows=%d, dimension=%d, expected=%d bytes, found=%d; build it again"
              .formatted(
                  rows.name(),
                  quantizer.name(),
                  rows.size(),
                  rows.dimension(),
                  bytes,
                  body.byteSize()));
    }
  }

  /**
   * Decodes what row {@code row}'s code stands for; for cosine with int8, the row divided by its
   * norm.
   *
   * @param target {@code [d]}
   */
  public abstract void decode(long row, float[] target);

  /** Upper bound of the norm by which a row's code misses it; infinite if it is not bounded. */
  public abstract float residual(long row);

  /**
   * Interval in which the canonical key of {@code query} and a row must lie. For tests and tools:
   * searches compute the same for many rows at once.
   */
  public abstract KeyInterval interval(float[] query, long row);

  /** Writes the shadow; the target is replaced as a whole. */
  public final void save(Path target) throws IOException {
    ShadowFile.write(target, this);
  }

  /**
   * Checks everything: the file's checksum, if there is a file; then codes every row again and
   * compares. A shadow that passes has the bounds of the source's rows.
   *
   * @throws VectorDataException naming the first row whose code differs
   */
  public final void verify() {
    if (file != null) {
      file.verify();
    }
    long first = firstDifference();
    if (first >= 0) {
      throw new VectorDataException(
          "the shadow must be of these rows: source=%s, shadow=%s, rows from %d; the rows were changed or the shadow is damaged: delete it and build it again"
              .formatted(rows.name(), quantizer.name(), first));
    }
  }

  /**
   * Codes every row again and compares.
   *
   * @return the first row of those coded together of which one differs, or -1 if none does
   */
  public final long firstDifference() {
    var first = new AtomicLong(Long.MAX_VALUE);
    Workers.forEach(
        units(),
        unit -> {
          if (differs(unit)) {
            first.accumulateAndGet(unit, Math::min);
          }
        });
    return first.get() == Long.MAX_VALUE ? -1 : first.get() * rowsPerUnit();
  }

  private boolean differs(long unit) {
    long stride = unitBytes();
    var expected = MemorySegment.ofArray(new byte[(int) stride]);
    encode(unit, expected);
    long at = centreBytes() + unit * stride;
    return MemorySegment.mismatch(expected, 0, stride, stored(), at, at + stride) >= 0;
  }

  /** Centre and units, as they are stored. */
  abstract MemorySegment stored();

  /** Bytes of the centre at the start of the body. */
  abstract long centreBytes();

  /** Rows that are coded together. */
  abstract int rowsPerUnit();

  /** Bytes of one unit, the smallest piece that is coded alone. */
  abstract long unitBytes();

  /** Codes one unit from its rows into {@code target}. */
  abstract void encode(long unit, MemorySegment target);

  final long units() {
    return (rows.size() + rowsPerUnit() - 1) / rowsPerUnit();
  }

  /** Codes all units into the body. */
  final void encodeAll(BuildOptions options) {
    long stride = unitBytes();
    long batch = Math.max(ROWS_AT_ONCE / rowsPerUnit(), 1);
    long units = units();
    Workers.forEach(
        (units + batch - 1) / batch,
        options.threads(),
        options.progress(),
        number -> {
          for (long unit = number * batch; unit < Math.min(units, (number + 1) * batch); unit++) {
            encode(unit, stored().asSlice(centreBytes() + unit * stride, stride));
          }
        });
  }
}
