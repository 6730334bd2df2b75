package dev.kith.db.format;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
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
 * @param parts where its bytes lie; rows are always among them, documents unless row {@code r} is
 *     of document {@code r}
 */
record FieldEntry(int number, VectorField field, int rows, List<Part> parts) {
  private static final List<ElementType> TYPES =
      List.of(ElementType.FLOAT32, ElementType.FLOAT16, ElementType.INT8);
  private static final List<Metric> METRICS = List.of(Metric.L2, Metric.COSINE, Metric.DOT);

  /** Copies the list. */
  FieldEntry {
    parts = List.copyOf(parts);
  }

  /** The part of that name, or null. */
  @Nullable Part part(String name) {
    for (var part : parts) {
      if (part.name().equals(name)) {
        return part;
      }
    }
    return null;
  }

  /** Where the rows lie. */
  Part rowsPart() {
    var part = part(Part.ROWS);
    if (part == null) {
      throw new IllegalStateException("a field without rows was let in: " + this);
    }
    return part;
  }

  /** Bytes of one row. */
  int rowBytes() {
    return field.dimension() * field.type().bytes();
  }

  /** Bytes of all rows. */
  long rowsLength() {
    return (long) rows * rowBytes();
  }

  boolean dense() {
    return part(Part.DOCUMENTS) == null;
  }

  /** The shadow that the spec asks for, or null. */
  @Nullable Quantizer quantizer() {
    return quantizer(field);
  }

  /**
   * The shadow that a field's spec asks for, or null. Where the spec is of an approximate index,
   * the shadow serves segments that lack it, and queries whose answer must be exact.
   */
  static @Nullable Quantizer quantizer(VectorField field) {
    return field.index() instanceof IndexSpec.Flat(var quantizer) ? quantizer : Quantizer.INT8;
  }

  /** The same with one more part. */
  FieldEntry with(Part part) {
    var more = new ArrayList<>(parts);
    more.add(part);
    return new FieldEntry(number, field, rows, more);
  }

  /**
   * The rows, in place if the file is mapped.
   *
   * @param name of their file, for messages
   * @param file that holds them
   */
  VectorSource rows(String name, IndexInput file, Arena arena) throws IOException {
    var part = rowsPart();
    return VectorSource.over(
        name,
        SegmentFile.memory(file, part.at(), part.length(), arena),
        part.at(),
        rowBytes(),
        rows,
        field.dimension(),
        field.type());
  }

  /**
   * Which documents they are of.
   *
   * @param file that holds the list, or any if there is none
   */
  RowDocuments documents(IndexInput file, Arena arena) throws IOException {
    var part = part(Part.DOCUMENTS);
    return part == null
        ? RowDocuments.dense(rows)
        : RowDocuments.of(SegmentFile.memory(file, part.at(), part.length(), arena));
  }

  /** Appends what {@link #readHead} reads. */
  void writeHead(DataOutput out) throws IOException {
    out.writeInt(number);
    out.writeByte((byte) TYPES.indexOf(field.type()));
    out.writeByte((byte) METRICS.indexOf(field.metric()));
    out.writeInt(field.dimension());
    out.writeString(field.index().toString());
    out.writeInt(rows);
  }

  /**
   * Reads what begins a field in {@code Kith1} and in {@code Kith2} behind its number.
   *
   * @return the field without its parts
   */
  static FieldEntry readHead(int number, DataInput in, FieldInfos infos) throws IOException {
    var info = number < 0 ? null : infos.fieldInfo(number);
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
    int rows = in.readInt();
    require(rows >= 0, "a field has 0 rows or more", "rows", rows, in);
    var field = new VectorField(dimension, METRICS.get(metric), TYPES.get(type), spec);
    return new FieldEntry(number, field, rows, List.of());
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

  /** Requires what a rule says of a number in the metadata. */
  static void require(boolean holds, String rule, String what, long found, DataInput in)
      throws CorruptIndexException {
    if (!holds) {
      throw new CorruptIndexException(
          "%s: %s=%d; restore the segment's files from a copy".formatted(rule, what, found), in);
    }
  }

  /** Requires that the parts lie in their files and are as long as their rows need. */
  void requireWithin(List<IndexInput> files, FieldInfo info) throws CorruptIndexException {
    for (var part : parts) {
      var in = files.get(part.file());
      if (part.at() < 0 || part.length() < 0 || part.at() > in.length() - part.length()) {
        throw new CorruptIndexException(
            "a field's part must lie in its file: field=%s, part=%s, offset=%d, length=%d, file=%d; restore the segment's files from a copy"
                .formatted(info.name, part.name(), part.at(), part.length(), in.length()),
            in);
      }
      long expected =
          switch (part.name()) {
            case Part.ROWS -> rowsLength();
            case Part.DOCUMENTS -> (long) rows * Integer.BYTES;
            default -> part.length();
          };
      if (part.length() != expected) {
        throw new CorruptIndexException(
            "a field's part must be as long as its rows need: field=%s, part=%s, rows=%d, expected=%d, found=%d; restore the segment's files from a copy"
                .formatted(info.name, part.name(), rows, expected, part.length()),
            in);
      }
    }
  }
}
