package dev.kith.db.store;

import static java.util.Objects.requireNonNull;

import dev.kith.core.search.RowFilter;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.memory.HeapShare;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongBiFunction;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.util.FixedBitSet;
import org.apache.lucene.util.RamUsageEstimator;
import org.jspecify.annotations.Nullable;

/**
 * Filters as bitmaps, for each segment once: the documents that match, kept by the segment's core,
 * which deletes do not change; and the rows among them that are alive, kept by the segment with its
 * deletes. Both caches are bounded by bytes and forget what was not used for longest.
 */
public final class RowFilters {
  private static final long MAX_BYTES = HeapShare.bytes(32, 32L << 20);

  private record Matching(Object core, Query query) {}

  private record Allowed(Object reader, String vectors, @Nullable Query query) {}

  private final Lru<Matching, FixedBitSet> matching =
      new Lru<>((key, bits) -> bits.ramBytesUsed() + RamUsageEstimator.sizeOf(key.query));
  private final Lru<Allowed, RowFilter> allowed =
      new Lru<>((key, rows) -> rows.bits().byteSize() + bytes(key.query));

  /** How many filters are kept. */
  int kept() {
    return matching.count();
  }

  private static long bytes(@Nullable Query query) {
    return query == null ? 0 : RamUsageEstimator.sizeOf(query);
  }

  /** What was used last, as far as the bytes go. */
  private static final class Lru<K, V> {
    private final Map<K, V> entries = new LinkedHashMap<>(16, 0.75f, true);
    private final ToLongBiFunction<K, V> size;
    private long bytes;

    Lru(ToLongBiFunction<K, V> size) {
      this.size = size;
    }

    synchronized @Nullable V get(K key) {
      return entries.get(key);
    }

    synchronized int count() {
      return entries.size();
    }

    synchronized void put(K key, V value) {
      var before = entries.put(key, value);
      bytes += size.applyAsLong(key, value) - (before == null ? 0 : size.applyAsLong(key, before));
      var oldest = entries.entrySet().iterator();
      while (bytes > MAX_BYTES && oldest.hasNext()) {
        var entry = oldest.next();
        bytes -= size.applyAsLong(entry.getKey(), entry.getValue());
        oldest.remove();
      }
    }
  }

  /**
   * Which rows of a segment are alive and match.
   *
   * @param query that they must match, or null for all
   * @return null if that is every row
   */
  @Nullable RowFilter of(
      IndexSearcher searcher,
      LeafReaderContext leaf,
      String vectorField,
      SegmentVectors vectors,
      @Nullable Query query)
      throws IOException {
    if (query == null && leaf.reader().getLiveDocs() == null) {
      return null;
    }
    var helper = leaf.reader().getReaderCacheHelper();
    var key = helper == null ? null : new Allowed(helper.getKey(), vectorField, query);
    var rows = key == null ? null : allowed.get(key);
    if (rows == null) {
      rows = requireNonNull(vectors.filter(alive(searcher, leaf, query)));
      if (key != null) {
        allowed.put(key, rows);
      }
    }
    return rows.count() == rows.size() ? null : rows;
  }

  /** The living documents of a segment that match. */
  FixedBitSet alive(IndexSearcher searcher, LeafReaderContext leaf, @Nullable Query query)
      throws IOException {
    FixedBitSet documents;
    if (query == null) {
      documents = new FixedBitSet(leaf.reader().maxDoc());
      documents.set(0, leaf.reader().maxDoc());
    } else {
      documents = matching(searcher, leaf, query).clone();
    }
    var live = leaf.reader().getLiveDocs();
    if (live != null) {
      live.applyMask(documents, 0);
    }
    return documents;
  }

  /** How many living documents of a segment match. */
  public long count(IndexSearcher searcher, LeafReaderContext leaf, Query query)
      throws IOException {
    return alive(searcher, leaf, query).cardinality();
  }

  private FixedBitSet matching(IndexSearcher searcher, LeafReaderContext leaf, Query query)
      throws IOException {
    var helper = leaf.reader().getCoreCacheHelper();
    var key = helper == null ? null : new Matching(helper.getKey(), query);
    var documents = key == null ? null : matching.get(key);
    if (documents == null) {
      documents = new FixedBitSet(leaf.reader().maxDoc());
      var weight = searcher.createWeight(searcher.rewrite(query), ScoreMode.COMPLETE_NO_SCORES, 1);
      var scorer = weight.scorer(leaf);
      if (scorer != null) {
        documents.or(scorer.iterator());
      }
      if (key != null) {
        matching.put(key, documents);
      }
    }
    return documents;
  }
}
