package dev.kith.db.format;

import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.codecs.KnnFieldVectorsWriter;
import org.apache.lucene.index.DocsWithFieldSet;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.store.DataOutput;
import org.apache.lucene.util.RamUsageEstimator;

/**
 * The rows of a field that no segment has yet, encoded, in pages. Takes {@code float[]} or {@code
 * byte[]}, as the field is declared.
 */
final class FieldBuffer extends KnnFieldVectorsWriter<Object> {
  private static final long SHALLOW = RamUsageEstimator.shallowSizeOfInstance(FieldBuffer.class);
  private static final int PAGE = 1 << 14;

  private final FieldInfo info;
  private final VectorField field;
  private final RowEncoder encoder;
  private final int rowBytes;
  private final int pageRows;
  private final List<byte[]> pages = new ArrayList<>();
  private final DocsWithFieldSet documents = new DocsWithFieldSet();
  private int rows;
  private int lastDocument = -1;

  FieldBuffer(FieldInfo info, VectorField field) {
    this.info = info;
    this.field = field;
    this.encoder = new RowEncoder(info.name, field.type());
    this.rowBytes = field.dimension() * field.type().bytes();
    this.pageRows = Math.max(PAGE / rowBytes, 1);
  }

  FieldInfo info() {
    return info;
  }

  VectorField field() {
    return field;
  }

  int rows() {
    return rows;
  }

  DocsWithFieldSet documents() {
    return documents;
  }

  @Override
  public void addValue(int document, Object vector) {
    if (document == lastDocument) {
      throw new IllegalArgumentException(
          "VectorValuesField \"%s\" appears more than once in this document (only one value is allowed per field)"
              .formatted(info.name));
    }
    if (rows == pages.size() * pageRows) {
      pages.add(new byte[pageRows * rowBytes]);
    }
    encoder.encode(vector, pages.getLast(), rows % pageRows * rowBytes);
    documents.add(document);
    lastDocument = document;
    rows++;
  }

  @Override
  public Object copyValue(Object vector) {
    return switch (vector) {
      case float[] floats -> floats.clone();
      case byte[] bytes -> bytes.clone();
      default -> throw new IllegalArgumentException("not a vector: " + vector.getClass());
    };
  }

  /** Appends one row. */
  void write(int row, DataOutput out) throws IOException {
    out.writeBytes(pages.get(row / pageRows), row % pageRows * rowBytes, rowBytes);
  }

  @Override
  public long ramBytesUsed() {
    return SHALLOW
        + documents.ramBytesUsed()
        + pages.size() * (RamUsageEstimator.NUM_BYTES_OBJECT_REF + pageBytes());
  }

  private long pageBytes() {
    return RamUsageEstimator.alignObjectSize(
        RamUsageEstimator.NUM_BYTES_ARRAY_HEADER + (long) pageRows * rowBytes);
  }
}
