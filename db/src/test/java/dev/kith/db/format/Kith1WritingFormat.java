package dev.kith.db.format;

import static java.util.Objects.requireNonNull;

import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnFieldVectorsWriter;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.index.DocsWithFieldSet;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.MergeState;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.Sorter;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.util.IORunnable;
import org.jspecify.annotations.Nullable;

/** Writes segments of {@code Kith1} as Kith once did, so that tests have some to read. */
final class Kith1WritingFormat extends KnnVectorsFormat {
  private final KithVectorsFormat kinds;

  /** Of fields as they come, without a shadow. */
  Kith1WritingFormat() {
    super(Kith1VectorsFormat.NAME);
    kinds = new KithVectorsFormat();
  }

  private Kith1WritingFormat(VectorField field) {
    super(Kith1VectorsFormat.NAME);
    kinds = new KithVectorsFormat(field.type(), field.metric(), field.index());
  }

  /** Of fields that are stored as their description says. */
  static KnnVectorsFormat of(VectorField field) {
    return new Kith1WritingFormat(field);
  }

  /** As {@link KithVectorsFormat#codec}. */
  static Codec codec(Function<String, VectorField> fieldOf) {
    return new Lucene104Codec() {
      private final Map<String, KnnVectorsFormat> formats = new HashMap<>();

      @Override
      public synchronized KnnVectorsFormat getKnnVectorsFormatForField(String name) {
        var field = fieldOf.apply(name);
        return formats.computeIfAbsent(
            "%s %s %s".formatted(field.type(), field.metric(), field.index()),
            _ -> new Kith1WritingFormat(field));
      }
    };
  }

  @Override
  public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
    return new Writer(kinds, state);
  }

  @Override
  public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
    return new Kith1VectorsFormat().fieldsReader(state);
  }

  @Override
  public int getMaxDimensions(String field) {
    return VectorField.MAX_DIMENSION;
  }

  /** A field with its offsets, as the metadata has them. */
  private record Written(
      FieldEntry head, long rowsAt, long documentsAt, long shadowAt, long shadowLength) {}

  private static final class Writer extends KnnVectorsWriter {
    private final KithVectorsFormat kinds;
    private final SegmentWriteState state;
    private final IndexOutput data;
    private final List<FieldBuffer> buffers = new ArrayList<>();
    private final List<Written> fields = new ArrayList<>();

    Writer(KithVectorsFormat kinds, SegmentWriteState state) throws IOException {
      this.kinds = kinds;
      this.state = state;
      this.data = Kith1Metadata.DATA.create(state);
    }

    @Override
    public KnnFieldVectorsWriter<?> addField(FieldInfo info) {
      var buffer = new FieldBuffer(info, kinds.describe(info));
      buffers.add(buffer);
      return buffer;
    }

    @Override
    public void flush(int maxDoc, Sorter.@Nullable DocMap order) throws IOException {
      for (var buffer : buffers) {
        long rowsAt = data.alignFilePointer(SegmentFile.ALIGNMENT);
        var documents = buffer.documents();
        var rows = new int[buffer.rows()];
        Arrays.setAll(rows, row -> row);
        if (order != null) {
          documents = new DocsWithFieldSet();
          mapOldOrdToNewOrd(buffer.documents(), order, null, rows, documents);
        }
        for (int row : rows) {
          buffer.write(row, data);
        }
        endField(buffer.info(), buffer.field(), rowsAt, documents, maxDoc);
      }
    }

    @Override
    public @Nullable IORunnable mergeOneField(FieldInfo info, MergeState merge) throws IOException {
      var field = kinds.describe(info);
      long rowsAt = data.alignFilePointer(SegmentFile.ALIGNMENT);
      var documents = RowMerge.copy(info, field, merge, data);
      endField(info, field, rowsAt, documents, state.segmentInfo.maxDoc());
      return null;
    }

    private void endField(
        FieldInfo info, VectorField field, long rowsAt, DocsWithFieldSet documents, int maxDoc)
        throws IOException {
      int rows = documents.cardinality();
      long documentsAt = Kith1Metadata.NONE;
      if (rows != maxDoc) {
        documentsAt = data.alignFilePointer(Integer.BYTES);
        RowDocuments.write(documents, data);
      }
      var part = new Part(Part.ROWS, true, 0, rowsAt, 0, Part.NO_CHECKSUM);
      var head = new FieldEntry(info.number, field, rows, List.of(part));
      fields.add(new Written(head, rowsAt, documentsAt, Kith1Metadata.NONE, 0));
      state.segmentInfo.putAttribute(
          KithVectorsFormat.specAttribute(info.name), field.index().toString());
    }

    @Override
    public void finish() throws IOException {
      CodecUtil.writeFooter(data);
      data.close();
      boolean shadows = fields.stream().anyMatch(field -> wantsShadow(field.head()));
      if (shadows) {
        writeShadows();
      }
      try (var meta = Kith1Metadata.META.create(state)) {
        write(Kith1Metadata.DATA.seal(state), meta);
        write(shadows ? Kith1Metadata.SHADOW.seal(state) : new SegmentFile.Seal(0, 0), meta);
        for (var field : fields) {
          field.head().writeHead(meta);
          meta.writeLong(field.rowsAt());
          meta.writeLong(field.documentsAt());
          meta.writeLong(field.shadowAt());
          meta.writeLong(field.shadowLength());
        }
        meta.writeInt(Kith1Metadata.END);
        CodecUtil.writeFooter(meta);
      }
    }

    private static void write(SegmentFile.Seal seal, IndexOutput meta) throws IOException {
      meta.writeLong(seal.length());
      meta.writeLong(seal.checksum());
    }

    private static boolean wantsShadow(FieldEntry head) {
      return head.quantizer() != null && head.rows() >= KithVectorsFormat.SHADOW_ROWS;
    }

    private void writeShadows() throws IOException {
      try (var in = Kith1Metadata.DATA.reopen(state, IOContext.DEFAULT);
          var out = Kith1Metadata.SHADOW.create(state)) {
        for (int i = 0; i < fields.size(); i++) {
          var field = fields.get(i);
          var head = field.head();
          if (!wantsShadow(head)) {
            continue;
          }
          long at = out.alignFilePointer(SegmentFile.ALIGNMENT);
          try (var arena = Arena.ofShared()) {
            var rows =
                VectorSource.over(
                    SegmentFile.memory(in, field.rowsAt(), head.rowsLength(), arena),
                    head.rowBytes(),
                    head.rows(),
                    head.field().dimension(),
                    head.field().type());
            var shadow =
                requireNonNull(head.quantizer())
                    .encode(rows, head.field().metric(), BuildOptions.defaults().into(arena));
            write(shadow.body(), out);
          }
          fields.set(
              i,
              new Written(
                  head, field.rowsAt(), field.documentsAt(), at, out.getFilePointer() - at));
        }
        CodecUtil.writeFooter(out);
      }
    }

    private static void write(MemorySegment memory, IndexOutput out) throws IOException {
      var bytes = memory.toArray(ValueLayout.JAVA_BYTE);
      out.writeBytes(bytes, bytes.length);
    }

    @Override
    public long ramBytesUsed() {
      return buffers.stream().mapToLong(FieldBuffer::ramBytesUsed).sum();
    }

    @Override
    public void close() throws IOException {
      data.close();
    }
  }
}
