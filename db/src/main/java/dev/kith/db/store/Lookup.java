package dev.kith.db.store;

import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MultiTerms;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/** Points by their ids. */
final class Lookup {
  private Lookup() {}

  /** Where the point of that id is, or null if there is none. */
  static @Nullable SegmentPoint find(IndexReader reader, PointId id) throws IOException {
    var term = new BytesRef(id.bytes());
    for (var leaf : reader.leaves()) {
      var terms = leaf.reader().terms(Documents.ID);
      if (terms == null) {
        continue;
      }
      var ids = terms.iterator();
      if (ids.seekExact(term)) {
        int document = alive(ids, leaf);
        if (document >= 0) {
          return new SegmentPoint(0, leaf, document);
        }
      }
    }
    return null;
  }

  /** The living document of the term that the enumeration stands at, or -1. */
  private static int alive(TermsEnum ids, LeafReaderContext leaf) throws IOException {
    var live = leaf.reader().getLiveDocs();
    var documents = ids.postings(null, PostingsEnum.NONE);
    for (int document = documents.nextDoc();
        document != DocIdSetIterator.NO_MORE_DOCS;
        document = documents.nextDoc()) {
      if (live == null || live.get(document)) {
        return document;
      }
    }
    return -1;
  }

  /** The whole point. */
  static Point point(SegmentPoint at, Schema schema) throws IOException {
    return Documents.point(at.leaf(), at.document(), schema);
  }

  /** Those points that there are, in the order of the ids. */
  static List<Point> points(IndexReader reader, List<PointId> ids, Schema schema)
      throws IOException {
    var points = new ArrayList<Point>();
    for (var id : ids) {
      var at = find(reader, id);
      if (at != null) {
        points.add(point(at, schema));
      }
    }
    return points;
  }

  /** Is given points and says whether to go on. */
  @FunctionalInterface
  interface Visitor {
    /** Takes one; false ends the visit. */
    boolean visit(SegmentPoint point) throws IOException;
  }

  /**
   * Visits points in the order of their ids.
   *
   * @param after the id to go on after, or null for the first
   * @param query that points must match, or null for all
   */
  static void inOrder(
      IndexSearcher searcher,
      RowFilters filters,
      @Nullable PointId after,
      @Nullable Query query,
      Visitor visitor)
      throws IOException {
    var reader = searcher.getIndexReader();
    var terms = MultiTerms.getTerms(reader, Documents.ID);
    if (terms == null) {
      return;
    }
    var leaves = reader.leaves();
    var alive = new FixedBitSet[leaves.size()];
    for (var leaf : leaves) {
      alive[leaf.ord] = filters.alive(searcher, leaf, query);
    }
    var ids = terms.iterator();
    PostingsEnum documents = null;
    for (var term = after == null ? ids.next() : firstAfter(ids, new BytesRef(after.bytes()));
        term != null;
        term = ids.next()) {
      documents = ids.postings(documents, PostingsEnum.NONE);
      for (int document = documents.nextDoc();
          document != DocIdSetIterator.NO_MORE_DOCS;
          document = documents.nextDoc()) {
        var leaf = leaves.get(ReaderUtil.subIndex(document, leaves));
        if (alive[leaf.ord].get(document - leaf.docBase)
            && !visitor.visit(new SegmentPoint(0, leaf, document - leaf.docBase))) {
          return;
        }
      }
    }
  }

  private static @Nullable BytesRef firstAfter(TermsEnum ids, BytesRef after) throws IOException {
    return switch (ids.seekCeil(after)) {
      case END -> null;
      case FOUND -> ids.next();
      case NOT_FOUND -> ids.term();
    };
  }
}
