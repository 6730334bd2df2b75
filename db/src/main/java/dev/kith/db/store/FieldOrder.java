package dev.kith.db.store;

import dev.kith.db.point.FieldType;
import dev.kith.db.run.Deadline;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.SortedNumericSelector;
import org.apache.lucene.search.SortedNumericSortField;
import org.jspecify.annotations.Nullable;

/** Points in the order of a field's values, by Lucene's sort over doc values. */
final class FieldOrder {
  private FieldOrder() {}

  /**
   * The points that have the field, ties by smaller id. Values are compared as they are kept, so
   * that 64-bit integers whose keys are the same float64 still come in their order.
   *
   * @param field Lucene's name of it
   * @param type integer, float or datetime
   * @param filter that points must match, or null for all
   */
  static List<SegmentPoint> best(
      IndexSearcher searcher,
      String field,
      FieldType type,
      boolean descending,
      @Nullable Query filter,
      int k,
      Deadline deadline)
      throws IOException {
    var wanted = new BooleanQuery.Builder().add(new FieldExistsQuery(field), Occur.FILTER);
    if (filter != null) {
      wanted.add(filter, Occur.FILTER);
    }
    var values =
        new SortedNumericSortField(
            field,
            type == FieldType.FLOAT ? SortField.Type.DOUBLE : SortField.Type.LONG,
            descending,
            descending ? SortedNumericSelector.Type.MAX : SortedNumericSelector.Type.MIN);
    var ids = new SortField(Documents.ID, SortField.Type.STRING_VAL);
    var timed = new IndexSearcher(searcher.getIndexReader()); // the other one's threads share it
    timed.setQueryCache(null);
    timed.setTimeout(deadline::hasPassed);
    var top = timed.search(wanted.build(), k, new Sort(values, ids));
    deadline.check();
    var leaves = searcher.getIndexReader().leaves();
    var found = new ArrayList<SegmentPoint>();
    for (var hit : top.scoreDocs) {
      var leaf = leaves.get(ReaderUtil.subIndex(hit.doc, leaves));
      double value = ((Number) ((FieldDoc) hit).fields[0]).doubleValue();
      found.add(new SegmentPoint(descending ? 0.0 - value : value, leaf, hit.doc - leaf.docBase));
    }
    return found;
  }
}
