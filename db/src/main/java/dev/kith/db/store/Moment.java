package dev.kith.db.store;

import dev.kith.db.filter.Filter;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.jspecify.annotations.Nullable;

/**
 * The segments of a collection as they were at one moment, the schema of that moment, and the
 * filters that are kept for its segments. Holds files until it is closed; safe for many threads.
 */
final class Moment implements AutoCloseable {
  private final String collection;
  private final Schema schema;
  private final DirectoryReader reader;
  private final boolean stale;
  private final IndexSearcher searcher;
  private final RowFilters filters;
  private final Audits audits;
  private boolean closed;

  /**
   * Takes over the caller's reference to the reader.
   *
   * @param collection its name, for messages
   * @param stale whether acknowledged writes may be missing
   * @param audits of the collection
   */
  Moment(
      String collection,
      Description description,
      DirectoryReader reader,
      boolean stale,
      RowFilters filters,
      Audits audits) {
    // Fields by which older points are not indexed yet are not there for filters.
    this(
        collection,
        description.schema().withoutFields(description.pending()),
        reader,
        stale,
        filters,
        audits);
  }

  private Moment(
      String collection,
      Schema schema,
      DirectoryReader reader,
      boolean stale,
      RowFilters filters,
      Audits audits) {
    this.collection = collection;
    this.schema = schema;
    this.reader = reader;
    this.stale = stale;
    this.searcher = new IndexSearcher(reader);
    this.searcher.setQueryCache(null); // RowFilters keeps what is worth it
    this.filters = filters;
    this.audits = audits;
  }

  /** The same moment, with a reference of its own to the reader; this one must be open. */
  Moment again() {
    reader.incRef();
    return new Moment(collection, schema, reader, stale, filters, audits);
  }

  /** The collection's audits. */
  Audits audits() {
    return audits;
  }

  /** The collection's name. */
  String collection() {
    return collection;
  }

  /** The fields that all points are indexed by, and the vectors. */
  Schema schema() {
    return schema;
  }

  DirectoryReader reader() {
    return reader;
  }

  IndexSearcher searcher() {
    return searcher;
  }

  RowFilters filters() {
    return filters;
  }

  /** Whether acknowledged writes may be missing. */
  boolean stale() {
    return stale;
  }

  /** A filter as Lucene's query, or null for null. */
  @Nullable Query compiled(@Nullable Filter filter) {
    return filter == null ? null : FilterQueries.compile(filter, schema);
  }

  /** The paths of a filter that some points are not indexed by, so that payloads are read. */
  SortedSet<String> scanned(@Nullable Filter filter) throws IOException {
    var paths = filter == null ? new TreeSet<String>() : FilterQueries.unnamed(filter, schema);
    if (!paths.isEmpty()) {
      for (var leaf : reader.leaves()) {
        if (!UnnamedQuery.isIndexed(leaf.reader())) {
          return paths;
        }
      }
    }
    return Collections.emptySortedSet();
  }

  /** Lets the files go. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      try {
        reader.decRef();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
