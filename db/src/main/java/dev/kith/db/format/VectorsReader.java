package dev.kith.db.format;

import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.ByteVectorValues;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;

/**
 * Reads the vectors of a segment, whichever format wrote them: formats differ in their metadata
 * alone. Searches are exact.
 */
final class VectorsReader extends KnnVectorsReader {
  private final FieldInfos infos;
  private final String segment;
  private final Metadata metadata;
  private final List<String> names;
  private final List<IndexInput> files;
  private final Map<String, FieldEntry> entries = new HashMap<>();
  private final Map<String, SegmentVectors> vectors = new ConcurrentHashMap<>();

  /** Opens the files that the metadata tells of, and requires that what it says can be. */
  VectorsReader(SegmentReadState state, Metadata metadata) throws IOException {
    this.infos = state.fieldInfos;
    this.segment = state.segmentInfo.name;
    this.metadata = metadata;
    this.names =
        metadata.files().stream()
            .map(file -> file.file().name(segment, state.segmentSuffix))
            .toList();
    var opened = new ArrayList<IndexInput>();
    try {
      for (var file : metadata.files()) {
        opened.add(file.file().open(state, file.seal()));
      }
      for (var entry : metadata.fields()) {
        var info = infos.fieldInfo(entry.number());
        entry.requireWithin(opened, info);
        entries.put(info.name, entry);
      }
    } catch (Throwable e) {
      IOUtils.closeWhileHandlingException(opened);
      throw e;
    }
    this.files = List.copyOf(opened);
  }

  /** The reader of ours that serves a field, or null; looks through Lucene's one for all fields. */
  static @Nullable VectorsReader of(@Nullable KnnVectorsReader reader, String field) {
    return switch (reader) {
      case PerFieldKnnVectorsFormat.FieldsReader all -> of(all.getFieldReader(field), field);
      case VectorsReader own -> own;
      case null, default -> null;
    };
  }

  /** The file that a part lies in. */
  IndexInput file(Part part) {
    return files.get(part.file());
  }

  /** What that file is called. */
  String fileName(Part part) {
    return names.get(part.file());
  }

  @Nullable FieldEntry entry(String field) {
    return entries.get(field);
  }

  /** The vectors of a field, or null if it has none here; the same object every time. */
  @Nullable SegmentVectors vectors(String field) throws IOException {
    var entry = entries.get(field);
    if (entry == null) {
      return null;
    }
    try {
      return vectors.computeIfAbsent(
          field,
          _ -> {
            try {
              return new SegmentVectors(entry, this);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private SegmentVectors vectors(String field, boolean bytes) throws IOException {
    var found = vectors(field);
    if (found == null) {
      throw new IllegalArgumentException(
          "the segment must have vectors of the field: field=%s, segment=%s"
              .formatted(field, segment));
    }
    if (bytes != (found.field().type() == ElementType.INT8)) {
      throw new IllegalArgumentException(
          "int8 fields hold bytes, others floats: field=%s, type=%s, asked for=%s"
              .formatted(field, found.field().type(), bytes ? "bytes" : "floats"));
    }
    return found;
  }

  @Override
  public FloatVectorValues getFloatVectorValues(String field) throws IOException {
    var found = vectors(field, false);
    return new FloatRows(
        found.rows(), found.documents(), infos.fieldInfo(field).getVectorSimilarityFunction());
  }

  @Override
  public ByteVectorValues getByteVectorValues(String field) throws IOException {
    var found = vectors(field, true);
    return new ByteRows(
        found.rows(), found.documents(), infos.fieldInfo(field).getVectorSimilarityFunction());
  }

  /** Gives the score of a row. */
  private interface RowScorer {
    float score(int row) throws IOException;
  }

  @Override
  public void search(String field, float[] target, KnnCollector collector, AcceptDocs accepted)
      throws IOException {
    var found = vectors(field, false);
    var function = infos.fieldInfo(field).getVectorSimilarityFunction();
    var values = getFloatVectorValues(field);
    search(
        found,
        target,
        row -> Scores.of(function, target, values.vectorValue(row)),
        collector,
        accepted);
  }

  @Override
  public void search(String field, byte[] target, KnnCollector collector, AcceptDocs accepted)
      throws IOException {
    var found = vectors(field, true);
    var function = infos.fieldInfo(field).getVectorSimilarityFunction();
    var values = getByteVectorValues(field);
    var query = new float[target.length];
    for (int i = 0; i < query.length; i++) {
      query[i] = target[i];
    }
    search(
        found,
        query,
        row -> Scores.of(function, target, values.vectorValue(row)),
        collector,
        accepted);
  }

  /**
   * Collects the nearest accepted rows, or none if the collector may not visit as many as there
   * are. A collector may drop some, children of one parent for example: while it could still want
   * rows beyond those found, more are searched for.
   */
  private static void search(
      SegmentVectors vectors,
      float[] query,
      RowScorer scorer,
      KnnCollector collector,
      AcceptDocs accepted)
      throws IOException {
    var filter = vectors.filter(accepted.bits());
    long rows = filter == null ? vectors.size() : filter.count();
    if (rows > collector.visitLimit()) {
      collector.incVisitedCount((int) collector.visitLimit());
      return;
    }
    if (rows == 0 || collector.k() == 0) {
      return;
    }
    collector.incVisitedCount((int) rows);
    int collected = 0;
    for (long k = collector.k(); ; k *= 4) {
      // The collector is for one thread, so the search is.
      var options =
          SearchOptions.nearest((int) Math.min(k, rows))
              .withThreads(1)
              .withCancel(() -> collector.earlyTerminated() && !limitReached(collector));
      var nearest = nearest(vectors, query, filter == null ? options : options.among(filter));
      if (nearest == null) {
        return;
      }
      float last = 0;
      for (; collected < nearest.length; collected++) {
        int row = (int) nearest[collected];
        last = scorer.score(row);
        collector.collect(vectors.document(row), last);
      }
      if (collected == rows || last <= collector.minCompetitiveSimilarity()) {
        return;
      }
    }
  }

  /** What ends a search here is a time limit alone: rows were counted before they are visited. */
  private static boolean limitReached(KnnCollector collector) {
    return collector.visitedCount() >= collector.visitLimit();
  }

  private static long @Nullable [] nearest(
      SegmentVectors vectors, float[] query, SearchOptions options) {
    try {
      return vectors
          .scan()
          .search(VectorSource.single(query), options)
          .neighbors()
          .getFirst()
          .rows();
    } catch (SearchStoppedException e) {
      return null;
    }
  }

  @Override
  public int getVectorCount(FieldInfo info) {
    var entry = entries.get(info.name);
    return entry == null ? 0 : entry.rows();
  }

  @Override
  public Map<String, Long> getOffHeapByteSize(FieldInfo info) {
    var entry = entries.get(info.name);
    if (entry == null) {
      return Map.of();
    }
    var bytes = new HashMap<String, Long>();
    for (var part : entry.parts()) {
      if (!part.name().equals(Part.DOCUMENTS)) {
        var extension = metadata.files().get(part.file()).file().extension();
        bytes.merge(extension, part.length(), Long::sum);
      }
    }
    return bytes;
  }

  /** Checks every byte of every file: parts by their checksums, and that zeros are between them. */
  @Override
  public void checkIntegrity() throws IOException {
    for (int i = 0; i < files.size(); i++) {
      var parts = metadata.partsOf(i);
      if (!parts.stream().allMatch(Part::hasChecksum)) {
        CodecUtil.checksumEntireFile(files.get(i));
        continue;
      }
      long end = -1;
      for (var part : parts) {
        if (end >= 0) {
          requireZeros(i, end, part.at());
        }
        check(part);
        end = part.end();
      }
      if (end >= 0) {
        requireZeros(i, end, files.get(i).length() - CodecUtil.footerLength());
      }
    }
  }

  private void requireZeros(int file, long from, long to) throws IOException {
    var in = files.get(file).clone();
    in.seek(from);
    for (long at = from; at < to; at++) {
      if (in.readByte() != 0) {
        throw new DamagedPartException(
            "bytes between parts must be zero",
            "segment=%s, file=%s, offset=%d".formatted(segment, names.get(file), at),
            in);
      }
    }
  }

  /** Says what one check of a part covers: where parts have no checksums, it is their file. */
  Object checked(Part part) {
    return part.hasChecksum() ? new CheckedPart(this, part) : file(part);
  }

  private record CheckedPart(VectorsReader reader, Part part) {}

  /** Reads a part, or its file where parts have no checksums, and requires the checksum. */
  void check(Part part) throws IOException {
    if (!part.hasChecksum()) {
      CodecUtil.checksumEntireFile(file(part));
      return;
    }
    var wrong = wrong(part);
    if (wrong != null) {
      throw new DamagedPartException("a part's checksum failed", wrong, file(part));
    }
  }

  /** Where a part lies that has not the bytes that were written, or null if it has. */
  private @Nullable String wrong(Part part) throws IOException {
    long found = Part.checksum(file(part), part.at(), part.length());
    return found == part.checksum()
        ? null
        : "segment=%s, field=%s, part=%s, file=%s, offset=%d, length=%d, expected=%08x, found=%08x"
            .formatted(
                segment,
                fieldOf(part),
                part.name(),
                fileName(part),
                part.at(),
                part.length(),
                part.checksum(),
                found);
  }

  private String fieldOf(Part part) {
    for (var entry : metadata.fields()) {
      if (entry.parts().contains(part)) {
        return infos.fieldInfo(entry.number()).name;
      }
    }
    throw new IllegalArgumentException("a part of another segment: " + part);
  }

  /** Where those parts lie that have not the bytes that were written, so far as can be known. */
  List<String> damage(String field) throws IOException {
    var damage = new ArrayList<String>();
    var entry = entries.get(field);
    if (entry != null) {
      for (var part : entry.parts()) {
        var wrong = part.hasChecksum() ? wrong(part) : null;
        if (wrong != null) {
          damage.add(wrong);
        }
      }
    }
    return damage;
  }

  @Override
  public void close() throws IOException {
    IOUtils.close(files);
  }
}
