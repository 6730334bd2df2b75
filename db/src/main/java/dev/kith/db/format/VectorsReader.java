package dev.kith.db.format;

import static java.util.Objects.requireNonNull;

import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
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

/** Reads what {@link VectorsWriter} wrote; searches are exact. */
final class VectorsReader extends KnnVectorsReader {
  private final FieldInfos infos;
  private final String name;
  private final Map<String, FieldEntry> entries = new HashMap<>();
  private final Map<String, SegmentVectors> vectors = new ConcurrentHashMap<>();
  private final IndexInput data;
  private final @Nullable IndexInput shadows;

  VectorsReader(SegmentReadState state) throws IOException {
    infos = state.fieldInfos;
    name = SegmentFile.DATA.name(state.segmentInfo.name, state.segmentSuffix);
    var meta = readMeta(state);
    data = SegmentFile.DATA.open(state, meta.data);
    IndexInput opened = null;
    try {
      if (meta.shadows.length() > 0) {
        opened = SegmentFile.SHADOW.open(state, meta.shadows);
      }
      for (var entry : entries.values()) {
        entry.requireWithin(data, opened, infos.fieldInfo(entry.number()));
      }
    } catch (Throwable e) {
      IOUtils.closeWhileHandlingException(data, opened);
      throw e;
    }
    shadows = opened;
  }

  private record Seals(SegmentFile.Seal data, SegmentFile.Seal shadows) {}

  private Seals readMeta(SegmentReadState state) throws IOException {
    try (var in = SegmentFile.META.openChecksum(state)) {
      Seals seals = null;
      Throwable failure = null;
      try {
        SegmentFile.META.readHeader(in, state);
        seals =
            new Seals(
                new SegmentFile.Seal(in.readLong(), in.readLong()),
                new SegmentFile.Seal(in.readLong(), in.readLong()));
        for (var entry = FieldEntry.read(in, infos);
            entry != null;
            entry = FieldEntry.read(in, infos)) {
          entries.put(infos.fieldInfo(entry.number()).name, entry);
        }
      } catch (Throwable e) {
        failure = e;
      } finally {
        CodecUtil.checkFooter(in, failure); // throws the failure, too
      }
      return requireNonNull(seals);
    }
  }

  /** The reader of ours that serves a field, or null; looks through Lucene's one for all fields. */
  static @Nullable VectorsReader of(@Nullable KnnVectorsReader reader, String field) {
    return switch (reader) {
      case PerFieldKnnVectorsFormat.FieldsReader all -> of(all.getFieldReader(field), field);
      case VectorsReader own -> own;
      case null, default -> null;
    };
  }

  IndexInput data() {
    return data;
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
              return new SegmentVectors(entry, name, data, shadows);
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
          "the segment must have vectors of the field: field=%s, file=%s".formatted(field, name));
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
          .index()
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
    return entry.hasShadow()
        ? Map.of(
            SegmentFile.DATA.extension(), entry.rowsLength(),
            SegmentFile.SHADOW.extension(), entry.shadowLength())
        : Map.of(SegmentFile.DATA.extension(), entry.rowsLength());
  }

  @Override
  public void checkIntegrity() throws IOException {
    checkData();
    if (shadows != null) {
      CodecUtil.checksumEntireFile(shadows);
    }
  }

  /** Checks the file of rows and their documents alone. */
  void checkData() throws IOException {
    CodecUtil.checksumEntireFile(data);
  }

  @Override
  public void close() throws IOException {
    IOUtils.close(data, shadows);
  }
}
