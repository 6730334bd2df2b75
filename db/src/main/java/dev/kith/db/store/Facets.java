package dev.kith.db.store;

import dev.kith.db.point.FieldType;
import dev.kith.db.query.Facet;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/** Counts values of a field over the points that match. */
final class Facets {
  private Facets() {}

  /**
   * The most frequent values, ties by the smaller value.
   *
   * @param type keyword, bool or integer
   * @param query that points must match, or null for all
   */
  static List<Facet> count(
      IndexSearcher searcher,
      RowFilters filters,
      String path,
      FieldType type,
      @Nullable Query query,
      int limit)
      throws IOException {
    var counts = new HashMap<String, Long>();
    String field = PayloadFields.name(path, type);
    for (var leaf : searcher.getIndexReader().leaves()) {
      var alive = filters.alive(searcher, leaf, query);
      switch (type) {
        case KEYWORD, BOOL -> countTerms(leaf.reader(), field, alive, counts);
        case INTEGER -> countNumbers(leaf.reader(), field, alive, counts);
        case TEXT, FLOAT, DATETIME, GEO ->
            throw new IllegalArgumentException(
                "values are counted of keyword, bool and integer fields: %s is of type %s"
                    .formatted(path, type));
      }
    }
    return mostFrequent(counts, order(type), limit);
  }

  /** The values that were counted most, ties by {@code order}. */
  static List<Facet> mostFrequent(Map<String, Long> counts, Comparator<String> order, int limit) {
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey(order)))
        .limit(limit)
        .map(entry -> new Facet(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static Comparator<String> order(FieldType type) {
    return type == FieldType.INTEGER
        ? Comparator.comparingLong(Long::parseLong)
        : Comparator.naturalOrder();
  }

  /**
   * The values that a point has, as text.
   *
   * @param type keyword, bool or integer
   */
  static List<String> valuesOf(SegmentPoint point, String path, FieldType type) throws IOException {
    var leaf = point.leaf().reader();
    String field = PayloadFields.name(path, type);
    var found = new LinkedHashSet<String>();
    if (type == FieldType.INTEGER) {
      var values = DocValues.getSortedNumeric(leaf, field);
      if (values.advanceExact(point.document())) {
        for (int i = 0; i < values.docValueCount(); i++) {
          found.add(Long.toString(values.nextValue()));
        }
      }
    } else {
      var values = DocValues.getSortedSet(leaf, field);
      if (values.advanceExact(point.document())) {
        for (int i = 0; i < values.docValueCount(); i++) {
          found.add(values.lookupOrd(values.nextOrd()).utf8ToString());
        }
      }
    }
    return List.copyOf(found);
  }

  private static void countTerms(
      LeafReader leaf, String field, FixedBitSet alive, Map<String, Long> counts)
      throws IOException {
    var values = DocValues.getSortedSet(leaf, field);
    var byOrdinal = new long[Math.toIntExact(values.getValueCount())];
    for (int document = values.nextDoc(); document < leaf.maxDoc(); document = values.nextDoc()) {
      if (alive.get(document)) {
        for (int i = 0; i < values.docValueCount(); i++) {
          byOrdinal[(int) values.nextOrd()]++;
        }
      }
    }
    for (int ordinal = 0; ordinal < byOrdinal.length; ordinal++) {
      if (byOrdinal[ordinal] > 0) {
        counts.merge(values.lookupOrd(ordinal).utf8ToString(), byOrdinal[ordinal], Long::sum);
      }
    }
  }

  private static void countNumbers(
      LeafReader leaf, String field, FixedBitSet alive, Map<String, Long> counts)
      throws IOException {
    var values = DocValues.getSortedNumeric(leaf, field);
    for (int document = values.nextDoc(); document < leaf.maxDoc(); document = values.nextDoc()) {
      if (!alive.get(document)) {
        continue;
      }
      long before = 0;
      for (int i = 0; i < values.docValueCount(); i++) {
        long value = values.nextValue();
        if (i == 0 || value != before) { // sorted; a value that is there twice counts once
          counts.merge(Long.toString(value), 1L, Long::sum);
        }
        before = value;
      }
    }
  }
}
