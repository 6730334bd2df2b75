package dev.kith.db.format;

import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter.MergedVectorValues;
import org.apache.lucene.index.ByteVectorValues;
import org.apache.lucene.index.DocIDMerger;
import org.apache.lucene.index.DocsWithFieldSet;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.index.MergeState;
import org.apache.lucene.store.DataOutput;
import org.apache.lucene.store.IndexInput;
import org.jspecify.annotations.Nullable;

/**
 * Copies the rows of several segments in the order of the merged segment's documents, without those
 * deleted. Streams: what it holds in memory does not grow with the rows, but for their documents.
 */
final class RowMerge {
  private static final long CHUNK = 1 << 20;

  private RowMerge() {}

  /** Appends the rows to {@code out} and gives their documents. */
  static DocsWithFieldSet copy(FieldInfo info, VectorField field, MergeState merge, DataOutput out)
      throws IOException {
    var sources = new ArrayList<Source>();
    for (int i = 0; i < merge.knnVectorsReaders.length; i++) {
      var reader = merge.knnVectorsReaders[i];
      if (reader != null && MergedVectorValues.hasVectorValues(merge.fieldInfos[i], info.name)) {
        var source = source(info, field, reader, merge, merge.docMaps[i]);
        if (source != null) {
          sources.add(source);
        }
      }
    }
    var documents = new DocsWithFieldSet();
    var merger = DocIDMerger.of(sources, merge.needsIndexSort);
    Source previous = null;
    for (var source = merger.next(); source != null; source = merger.next()) {
      if (previous != null && previous != source) {
        previous.finishRun(out);
      }
      source.copyRow(out);
      documents.add(source.mappedDocID);
      previous = source;
    }
    if (previous != null) {
      previous.finishRun(out);
    }
    return documents;
  }

  /** Where the rows of those merged segments go that Kith has written, in their order. */
  static List<RowMapping> mappings(FieldInfo info, MergeState merge, RowDocuments merged)
      throws IOException {
    var mappings = new ArrayList<RowMapping>();
    for (int i = 0; i < merge.knnVectorsReaders.length; i++) {
      var reader = VectorsReader.of(merge.knnVectorsReaders[i], info.name);
      var vectors = reader == null ? null : reader.vectors(info.name);
      if (vectors != null) {
        mappings.add(new RowMapping(vectors, merge.docMaps[i], merged));
      }
    }
    return List.copyOf(mappings);
  }

  private static @Nullable Source source(
      FieldInfo info,
      VectorField field,
      KnnVectorsReader reader,
      MergeState merge,
      MergeState.DocMap docMap)
      throws IOException {
    var stored = VectorsReader.of(reader, info.name);
    var entry = stored == null ? null : stored.entry(info.name);
    if (stored != null && entry != null && entry.field().type() == field.type()) {
      return new Stored(entry, stored, merge, docMap);
    }
    var values =
        switch (info.getVectorEncoding()) {
          case FLOAT32 -> reader.getFloatVectorValues(info.name);
          case BYTE -> reader.getByteVectorValues(info.name);
        };
    return values == null ? null : new Foreign(info, field, values, docMap);
  }

  /** The rows of one segment. */
  private abstract static class Source extends DocIDMerger.Sub {
    final KnnVectorValues.DocIndexIterator documents;

    Source(MergeState.DocMap docMap, KnnVectorValues.DocIndexIterator documents) {
      super(docMap);
      this.documents = documents;
    }

    @Override
    public final int nextDoc() throws IOException {
      return documents.nextDoc();
    }

    /** Appends the current row, now or with those after it. */
    abstract void copyRow(DataOutput out) throws IOException;

    /** Appends what was put off. */
    abstract void finishRun(DataOutput out) throws IOException;
  }

  /** Rows in a file like the one that is written: runs of them are copied at once. */
  private static final class Stored extends Source {
    private final FieldEntry entry;
    private final IndexInput from;
    private final MergeState merge;
    private int first;
    private int end;

    Stored(FieldEntry entry, VectorsReader reader, MergeState merge, MergeState.DocMap docMap)
        throws IOException {
      super(docMap, SegmentVectors.documents(entry, reader, Arena.ofAuto()).iterator());
      this.entry = entry;
      this.from = reader.file(entry.rowsPart()).clone();
      this.merge = merge;
    }

    @Override
    void copyRow(DataOutput out) throws IOException {
      int row = documents.index();
      if (row != end) {
        finishRun(out);
        first = row;
      }
      end = row + 1;
    }

    @Override
    void finishRun(DataOutput out) throws IOException {
      from.seek(entry.rowsPart().at() + (long) first * entry.rowBytes());
      long left = (long) (end - first) * entry.rowBytes();
      while (left > 0) {
        merge.checkAborted();
        long next = Math.min(left, CHUNK);
        out.copyBytes(from, next);
        left -= next;
      }
      first = end;
    }
  }

  /** Vectors of another format, of another element type, or that a wrapper changes. */
  private static final class Foreign extends Source {
    private final KnnVectorValues values;
    private final RowEncoder encoder;
    private final byte[] row;

    Foreign(FieldInfo info, VectorField field, KnnVectorValues values, MergeState.DocMap docMap) {
      super(docMap, values.iterator());
      this.values = values;
      this.encoder = new RowEncoder(info.name, field.type());
      this.row = new byte[field.dimension() * field.type().bytes()];
    }

    @Override
    void copyRow(DataOutput out) throws IOException {
      var vector =
          switch (values) {
            case FloatVectorValues floats -> floats.vectorValue(documents.index());
            case ByteVectorValues bytes -> bytes.vectorValue(documents.index());
            default -> throw new IllegalStateException("not vectors: " + values.getClass());
          };
      encoder.encode(vector, row, 0);
      out.writeBytes(row, row.length);
    }

    @Override
    void finishRun(DataOutput out) {}
  }
}
