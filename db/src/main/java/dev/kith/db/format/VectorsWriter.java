package dev.kith.db.format;

import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnFieldVectorsWriter;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.index.DocsWithFieldSet;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.MergeState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.Sorter;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.util.IORunnable;
import org.apache.lucene.util.IOUtils;
import org.apache.lucene.util.RamUsageEstimator;
import org.jspecify.annotations.Nullable;

/**
 * Writes the vectors of one segment: rows as they are flushed or merged; at the end, when their
 * file is whole, what is built of them; the metadata last.
 *
 * <h2>Implementation notes</h2>
 *
 * Lucene tells a codec of an aborted merge when it writes, and of nothing while it computes; a
 * failed flush ends the writer for good. So a build asks for itself. In a merge it is over when the
 * merge is aborted: Lucene then throws away all files of the new segment and keeps the old ones. In
 * a flush, whose points may be acknowledged and nowhere else in segments, a build that is stopped
 * costs its part alone: the file is deleted, the segment is written without, and the attribute that
 * names the index it was written for says so, by which {@code optimize} finds it.
 */
final class VectorsWriter extends KnnVectorsWriter {
  private static final System.Logger LOG = System.getLogger(VectorsWriter.class.getName());
  private static final long SHALLOW = RamUsageEstimator.shallowSizeOfInstance(VectorsWriter.class);

  /** The number of the file of rows in the metadata. */
  private static final int DATA = 0;

  private final KithVectorsFormat format;
  private final PartBuilders builders;
  private final SegmentWriteState state;
  private final IndexOutput data;
  private final List<FieldBuffer> buffers = new ArrayList<>();
  private final List<FieldEntry> entries = new ArrayList<>();
  private final Map<Integer, FieldInfo> infos = new HashMap<>();
  private final List<Metadata.DataFile> files = new ArrayList<>();
  private @Nullable MergeState merge;

  VectorsWriter(KithVectorsFormat format, PartBuilders builders, SegmentWriteState state)
      throws IOException {
    this.format = format;
    this.builders = builders;
    this.state = state;
    this.data = Kith2Metadata.DATA.create(state);
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
      var out = new PartOutput(data, () -> {});
      var documents = buffer.documents();
      if (order == null) {
        for (int row = 0; row < buffer.rows(); row++) {
          buffer.write(row, out);
        }
      } else {
        var sorted = new int[buffer.rows()];
        documents = new DocsWithFieldSet();
        mapOldOrdToNewOrd(buffer.documents(), order, null, sorted, documents);
        for (int row : sorted) {
          buffer.write(row, out);
        }
      }
      endField(buffer.info(), buffer.field(), out, documents, maxDoc);
    }
  }

  @Override
  public @Nullable IORunnable mergeOneField(FieldInfo info, MergeState newMerge)
      throws IOException {
    merge = newMerge;
    var field = format.describe(info);
    var out = new PartOutput(data, () -> {});
    var documents = RowMerge.copy(info, field, newMerge, out);
    endField(info, field, out, documents, state.segmentInfo.maxDoc());
    return null;
  }

  private void endField(
      FieldInfo info, VectorField field, PartOutput rows, DocsWithFieldSet documents, int maxDoc)
      throws IOException {
    var parts = new ArrayList<Part>();
    parts.add(rows.end(Part.ROWS, true, DATA));
    int count = documents.cardinality();
    if (count != maxDoc) {
      var out = new PartOutput(data, () -> {});
      RowDocuments.write(documents, out);
      parts.add(out.end(Part.DOCUMENTS, true, DATA));
    }
    entries.add(new FieldEntry(info.number, field, count, parts));
    infos.put(info.number, info);
    state.segmentInfo.putAttribute(
        KithVectorsFormat.specAttribute(info.name), field.index().toString());
  }

  @Override
  public void finish() throws IOException {
    CodecUtil.writeFooter(data);
    data.close();
    files.add(new Metadata.DataFile(Kith2Metadata.DATA, Kith2Metadata.DATA.seal(state)));
    var written = new ArrayList<IndexInput>();
    try {
      for (var builder : builders.all()) {
        if (entries.stream().noneMatch(entry -> isWanted(builder, entry))) {
          continue;
        }
        if (merge == null && !builder.isBuiltByFlushes()) {
          leaveOut(builder, true);
        } else {
          open(written);
          buildAll(builder, written);
        }
      }
    } finally {
      IOUtils.close(written);
    }
    Kith2Metadata.write(new Metadata(files, entries), state);
  }

  private static boolean isWanted(PartBuilder builder, FieldEntry entry) {
    return builder.isWanted(entry.field(), entry.rows());
  }

  /** Opens those files that are whole, but for those that are open. */
  private void open(List<IndexInput> written) throws IOException {
    while (written.size() < files.size()) {
      written.add(files.get(written.size()).file().reopen(state, IOContext.DEFAULT));
    }
  }

  /** Builds a part for all fields that want it, in a file of its own. */
  private void buildAll(PartBuilder builder, List<IndexInput> written) throws IOException {
    var file = Kith2Metadata.parts(builder.extension());
    var built = new ArrayList<FieldEntry>();
    try (var out = file.create(state)) {
      for (var entry : entries) {
        built.add(isWanted(builder, entry) ? build(builder, entry, written, out) : entry);
      }
      CodecUtil.writeFooter(out);
    } catch (RuntimeException e) {
      boolean stopped = BuildStoppedException.caused(e);
      if (!stopped && builder.isQuick()) {
        throw e;
      }
      if (!stopped) {
        LOG.log(
            Level.WARNING,
            "segment %s does without its part %s, whose build failed; it is scanned instead"
                .formatted(state.segmentInfo.name, builder.name()),
            e);
      }
      doWithout(builder, file, stopped);
      return;
    }
    files.add(new Metadata.DataFile(file, file.seal(state)));
    entries.clear();
    entries.addAll(built);
  }

  private FieldEntry build(
      PartBuilder builder, FieldEntry entry, List<IndexInput> written, IndexOutput out)
      throws IOException {
    try (var arena = Arena.ofShared()) { // for copies, where the directory does not map files
      var in = written.get(DATA);
      var name = Kith2Metadata.DATA.name(state);
      var rows = entry.rows(name, in, arena);
      var earlier = new LinkedHashMap<String, MemorySegment>();
      for (var part : entry.parts()) {
        if (part.isBuilt()) {
          earlier.put(
              part.name(),
              SegmentFile.memory(written.get(part.file()), part.at(), part.length(), arena));
        }
      }
      var info = infos.get(entry.number());
      List<RowMapping> merged =
          merge == null || info == null
              ? List.of()
              : RowMerge.mappings(info, merge, entry.documents(in, arena));
      var build = new Build(builder.name(), entry.field(), rows, earlier, merged, stop(builder));
      build.requireWanted();
      var part = new PartOutput(out, build::requireWanted);
      builder.build(build, part);
      return entry.with(part.end(builder.name(), false, files.size()));
    }
  }

  /** Says when a build is to end. */
  private BooleanSupplier stop(PartBuilder builder) {
    var merging = merge;
    if (merging == null) {
      return builder.isQuick() ? () -> false : builders.closing();
    }
    var one = merging.oneMerge;
    return one == null ? () -> false : one::isAborted;
  }

  /** Goes on without a part whose build ended early, unless the segment itself is not wanted. */
  private void doWithout(PartBuilder builder, SegmentFile file, boolean again) throws IOException {
    if (merge != null) {
      merge.checkAborted();
    }
    state.directory.deleteFile(file.name(state));
    leaveOut(builder, again);
  }

  /**
   * Says of fields that want a part that they have it not.
   *
   * @param again whether the part is to be built as soon as there is time; a build that failed
   *     would most likely fail again, and is tried with the next merge of other segments
   */
  private void leaveOut(PartBuilder builder, boolean again) {
    for (var entry : entries) {
      var info = infos.get(entry.number());
      if (info != null && isWanted(builder, entry)) {
        var attribute = KithVectorsFormat.specAttribute(info.name);
        state.segmentInfo.putAttribute(
            attribute,
            state.segmentInfo.getAttribute(attribute)
                + (again ? KithVectorsFormat.WITHOUT : KithVectorsFormat.FAILED)
                + builder.name());
      }
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
