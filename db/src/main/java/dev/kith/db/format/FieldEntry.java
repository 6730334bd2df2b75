package dev.kith.db.format;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.store.DataInput;
import org.apache.lucene.store.DataOutput;
import org.apache.lucene.store.IndexInput;
import org.jspecify.annotations.Nullable;

/**
 * What the metadata says of one field.
 *
 * @param number of the field in its segment
 * @param field how it is stored
 * @param rows how many
 * @param rowsAt offset of the first in the data file
 * @param documentsAt offset of the rows' documents in the data file, or {@link #NONE} where row
 *     {@code r} is of document {@code r}
 * @param shadowAt offset of the shadow's body in the shadow file, or {@link #NONE}
 * @param shadowLength its bytes, or 0
 */
record FieldEntry(
    int number,
    VectorField field,
    int rows,
    long rowsAt,
    long documentsAt,
    long shadowAt,
    long shadowLength) {
  /** The offset of what is not there. */
  static final long NONE = -1;

  /** The number after the last entry. */
  private static final int END = -1;

  private static final List<ElementType> TYPES =
      List.of(ElementType.FLOAT32, ElementType.FLOAT16, ElementType.INT8);
  private static final List<Metric> METRICS = List.of(Metric.L2, Metric.COSINE, Metric.DOT);

  /** Bytes of one row. */
  int rowBytes() {
    return field.dimension() * field.type().bytes();
  }

  /** Bytes of all rows. */
  long rowsLength() {
    return (long) rows * rowBytes();
  }

  boolean dense() {
    return documentsAt == NONE;
  }

  boolean hasShadow() {
    return shadowAt != NONE;
  }

  /** The shadow that the spec asks for, or null. */
  @Nullable Quantizer quantizer() {
    return field.index() instanceof IndexSpec.Flat(var quantizer) ? quantizer : null;
  }

  /** Whether the spec asks for a shadow and there are rows enough. */
  boolean wantsShadow() {
    return quantizer() != null && rows >= KithVectorsFormat.SHADOW_ROWS;
  }

  /** The same with a shadow. */
  FieldEntry withShadow(long at, long length) {
    return new FieldEntry(number, field, rows, rowsAt, documentsAt, at, length);
  }

  /** The rows, in place if the file is mapped. */
  VectorSource rows(String name, IndexInput data, Arena arena) throws IOException {
    return VectorSource.over(
        name,
        SegmentFile.memory(data, rowsAt, rowsLength(), arena),
        rowsAt,
        rowBytes(),
        rows,
        field.dimension(),
        field.type());
  }

  /** Which documents they are of. */
  Documents documents(IndexInput data, Arena arena) throws IOException {
    return dense()
        ? Documents.dense(rows)
        : Documents.of(SegmentFile.memory(data, documentsAt, (long) rows * Integer.BYTES, arena));
  }

  void write(DataOutput out) throws IOException {
    out.writeInt(number);
    out.writeByte((byte) TYPES.indexOf(field.type()));
    out.writeByte((byte) METRICS.indexOf(field.metric()));
    out.writeInt(field.dimension());
    out.writeString(field.index().toString());
    out.writeInt(rows);
    out.writeLong(rowsAt);
    out.writeLong(documentsAt);
    out.writeLong(shadowAt);
    out.writeLong(shadowLength);
  }

  static void writeEnd(DataOutput out) throws IOException {
    out.writeInt(END);
  }

  /** The next entry, or null after the last. */
  static @Nullable FieldEntry read(DataInput in, FieldInfos infos) throws IOException {
    int number = in.readInt();
    if (number == END) {
      return null;
    }
    var info = infos.fieldInfo(number);
    require(info != null, "a field must be one of its segment's", "field", number, in);
    int type = in.readByte();
    require(type >= 0 && type < TYPES.size(), "an element type must be 0 to 2", "type", type, in);
    int metric = in.readByte();
    require(
        metric >= 0 && metric < METRICS.size(), "a metric must be 0 to 2", "metric", metric, in);
    int dimension = in.readInt();
    require(
        info != null && dimension == info.getVectorDimension(),
        "a field must have the dimension that its segment says",
        "dimension",
        dimension,
        in);
    var spec = spec(in);
    var field = new VectorField(dimension, METRICS.get(metric), TYPES.get(type), spec);
    var entry =
        new FieldEntry(
            number,
            field,
            in.readInt(),
            in.readLong(),
            in.readLong(),
            in.readLong(),
            in.readLong());
    require(entry.rows >= 0, "a field has 0 rows or more", "rows", entry.rows, in);
    return entry;
  }

  private static IndexSpec spec(DataInput in) throws IOException {
    String text = in.readString();
    try {
      return IndexSpec.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CorruptIndexException(
          "%s; the segment is damaged or of a newer Kith: use that".formatted(e.getMessage()),
          in,
          e);
    }
  }

  private static void require(boolean holds, String rule, String what, int found, DataInput in)
      throws CorruptIndexException {
    if (!holds) {
      throw new CorruptIndexException(
          "%s: %s=%d; restore the segment's files from a copy".formatted(rule, what, found), in);
    }
  }

  /** Requires that the entry's parts lie in its files. */
  void requireWithin(IndexInput data, @Nullable IndexInput shadows, FieldInfo info)
      throws CorruptIndexException {
    requireWithin(data, rowsAt, rowsLength(), info);
    if (!dense()) {
      requireWithin(data, documentsAt, (long) rows * Integer.BYTES, info);
    }
    if (hasShadow()) {
      if (shadows == null) {
        throw new CorruptIndexException(
            "a field's shadow must have a file: field=%s; restore the segment's files from a copy"
                .formatted(info.name),
            data);
      }
      requireWithin(shadows, shadowAt, shadowLength, info);
    }
  }

  private static void requireWithin(IndexInput in, long at, long length, FieldInfo info)
      throws CorruptIndexException {
    if (at < 0 || length < 0 || at > in.length() - length) {
      throw new CorruptIndexException(
          "a field must lie in its file: field=%s, offset=%d, length=%d, file=%d; restore the segment's files from a copy"
              .formatted(info.name, at, length, in.length()),
          in);
    }
  }
}
