package dev.kith.db.format;

import static java.util.Objects.requireNonNull;

import dev.kith.core.work.BuildOptions;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnFieldVectorsWriter;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.index.DocsWithFieldSet;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.MergeState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.Sorter;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.util.IORunnable;
import org.apache.lucene.util.RamUsageEstimator;
import org.jspecify.annotations.Nullable;

/**
 * Writes the vectors of one segment: rows as they are flushed or merged; at the end, when their
 * file is whole, the shadows, encoded from the rows in that file; the metadata last.
 */
final class VectorsWriter extends KnnVectorsWriter {
  private static final long SHALLOW = RamUsageEstimator.shallowSizeOfInstance(VectorsWriter.class);

  private final KithVectorsFormat format;
  private final SegmentWriteState state;
  private final IndexOutput data;
  private final List<FieldBuffer> buffers = new ArrayList<>();
  private final List<FieldEntry> entries = new ArrayList<>();

  VectorsWriter(KithVectorsFormat format, SegmentWriteState state) throws IOException {
    this.format = format;
    this.state = state;
    this.data = SegmentFile.DATA.create(state);
  }

  @Override
  public KnnFieldVectorsWriter<?> addField(FieldInfo info) {
    var buffer = new FieldBuffer(info, format.describe(info));
    buffers.add(buffer);
    return buffer;
  }

  @Override
  public void flush(int maxDoc, Sorter.@Nullable DocMap order) throws IOException {
    for (var buffer : buffers) {
      long rowsAt = data.alignFilePointer(SegmentFile.ALIGNMENT);
      var documents = buffer.documents();
      if (order == null) {
        for (int row = 0; row < buffer.rows(); row++) {
          buffer.write(row, data);
        }
      } else {
        var sorted = new int[buffer.rows()];
        documents = new DocsWithFieldSet();
        mapOldOrdToNewOrd(buffer.documents(), order, null, sorted, documents);
        for (int row : sorted) {
          buffer.write(row, data);
        }
      }
      endField(buffer.info(), buffer.field(), rowsAt, documents, maxDoc);
    }
  }

  @Override
  public @Nullable IORunnable mergeOneField(FieldInfo info, MergeState merge) throws IOException {
    var field = format.describe(info);
    long rowsAt = data.alignFilePointer(SegmentFile.ALIGNMENT);
    var documents = RowMerge.copy(info, field, merge, data);
    endField(info, field, rowsAt, documents, state.segmentInfo.maxDoc());
    return null;
  }

  private void endField(
      FieldInfo info, VectorField field, long rowsAt, DocsWithFieldSet documents, int maxDoc)
      throws IOException {
    int rows = documents.cardinality();
    long documentsAt = FieldEntry.NONE;
    if (rows != maxDoc) {
      documentsAt = data.alignFilePointer(Integer.BYTES);
      Documents.write(documents, data);
    }
    entries.add(new FieldEntry(info.number, field, rows, rowsAt, documentsAt, FieldEntry.NONE, 0));
    state.segmentInfo.putAttribute(
        KithVectorsFormat.specAttribute(info.name), field.index().toString());
  }

  @Override
  public void finish() throws IOException {
    CodecUtil.writeFooter(data);
    data.close();
    boolean shadows = entries.stream().anyMatch(FieldEntry::wantsShadow);
    if (shadows) {
      writeShadows();
    }
    try (var meta = SegmentFile.META.create(state)) {
      write(SegmentFile.DATA.seal(state), meta);
      write(shadows ? SegmentFile.SHADOW.seal(state) : SegmentFile.Seal.NONE, meta);
      for (var entry : entries) {
        entry.write(meta);
      }
      FieldEntry.writeEnd(meta);
      CodecUtil.writeFooter(meta);
    }
  }

  private static void write(SegmentFile.Seal seal, IndexOutput meta) throws IOException {
    meta.writeLong(seal.length());
    meta.writeLong(seal.checksum());
  }

  private void writeShadows() throws IOException {
    try (var in = SegmentFile.DATA.reopen(state, IOContext.DEFAULT);
        var out = SegmentFile.SHADOW.create(state)) {
      for (int i = 0; i < entries.size(); i++) {
        var entry = entries.get(i);
        if (entry.wantsShadow()) {
          long at = out.alignFilePointer(SegmentFile.ALIGNMENT);
          try (var arena = Arena.ofShared()) {
            var rows = entry.rows(data.getName(), in, arena);
            var quantizer = requireNonNull(entry.quantizer());
            var shadow =
                quantizer.encode(rows, entry.field().metric(), BuildOptions.defaults().into(arena));
            SegmentFile.write(shadow.body(), out);
          }
          entries.set(i, entry.withShadow(at, out.getFilePointer() - at));
        }
      }
      CodecUtil.writeFooter(out);
    }
  }

  @Override
  public long ramBytesUsed() {
    return SHALLOW + buffers.stream().mapToLong(FieldBuffer::ramBytesUsed).sum();
  }

  @Override
  public void close() throws IOException {
    data.close();
  }
}
