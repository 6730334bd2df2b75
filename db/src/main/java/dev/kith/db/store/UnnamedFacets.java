package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.db.query.Facet;
import dev.kith.db.store.UnnamedFields.Numeral;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.FixedBitSet;
import org.apache.lucene.util.StringHelper;
import org.jspecify.annotations.Nullable;

/** Counts values at a path that no schema names: strings, numbers and bools, as text. */
final class UnnamedFacets {
  private final String path;
  private final Map<String, Long> counts = new HashMap<>();

  private UnnamedFacets(String path) {
    this.path = path;
  }

  /**
   * The most frequent values, ties by the smaller text.
   *
   * @param query that points must match, or null for all
   */
  static List<Facet> count(
      IndexSearcher searcher, RowFilters filters, String path, @Nullable Query query, int limit)
      throws IOException {
    var facets = new UnnamedFacets(path);
    for (var leaf : searcher.getIndexReader().leaves()) {
      facets.add(leaf.reader(), filters.alive(searcher, leaf, query));
    }
    return Facets.mostFrequent(facets.counts, Comparator.naturalOrder(), limit);
  }

  private void add(LeafReader leaf, FixedBitSet alive) throws IOException {
    var read = UnnamedQuery.unindexed(leaf);
    each(leaf, 'h', (_, documents) -> read.or(documents));
    read.and(alive);
    var indexed = alive.clone();
    indexed.andNot(read);
    each(leaf, 's', (value, documents) -> add(text(value), documents, indexed));
    each(
        leaf,
        'n',
        (value, documents) ->
            add(UnnamedFields.number(bytes(value)).toString(), documents, indexed));
    each(
        leaf,
        'b',
        (value, documents) ->
            add(Boolean.toString(value.bytes[value.offset] == '1'), documents, indexed));
    read(leaf, read);
  }

  private interface Values {
    void take(BytesRef value, DocIdSetIterator documents) throws IOException;
  }

  /** Gives each value of a kind and the documents that have it. */
  private void each(LeafReader leaf, char kind, Values values) throws IOException {
    var terms = leaf.terms(UnnamedFields.FIELD);
    if (terms == null) {
      return;
    }
    var prefix = UnnamedFields.term(path, kind, new byte[0]);
    var term = terms.iterator();
    if (term.seekCeil(prefix) == TermsEnum.SeekStatus.END) {
      return;
    }
    for (var at = term.term();
        at != null && StringHelper.startsWith(at, prefix);
        at = term.next()) {
      var value = new BytesRef(at.bytes, at.offset + prefix.length, at.length - prefix.length);
      values.take(value, term.postings(null, PostingsEnum.NONE));
    }
  }

  private void add(String value, DocIdSetIterator documents, FixedBitSet among) throws IOException {
    long found = 0;
    for (int document = documents.nextDoc();
        document != DocIdSetIterator.NO_MORE_DOCS;
        document = documents.nextDoc()) {
      found += among.get(document) ? 1 : 0;
    }
    if (found > 0) {
      counts.merge(value, found, Long::sum);
    }
  }

  private static String text(BytesRef value) {
    return new String(value.bytes, value.offset, value.length, UTF_8);
  }

  private static byte[] bytes(BytesRef value) {
    return Arrays.copyOfRange(value.bytes, value.offset, value.offset + value.length);
  }

  /** Counts the values of payloads. */
  private void read(LeafReader leaf, FixedBitSet documents) throws IOException {
    var stored = leaf.storedFields();
    var keys = PayloadFields.keys(path);
    var each = new BitSetIterator(documents, documents.cardinality());
    for (int document = each.nextDoc();
        document != DocIdSetIterator.NO_MORE_DOCS;
        document = each.nextDoc()) {
      var distinct = new HashSet<Object>();
      for (var value : UnnamedQuery.values(Documents.payload(stored, document), path, keys)) {
        switch (value) {
          case String text -> distinct.add(text);
          case Boolean truth -> distinct.add(truth);
          case Number _ -> distinct.add(Numeral.of(value));
          default -> {} // an object
        }
      }
      distinct.forEach(value -> counts.merge(value.toString(), 1L, Long::sum));
    }
  }
}
