package dev.kith.db.store;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.jspecify.annotations.Nullable;

/**
 * Exact search for vectors in all segments of a reader. The order is that of the canonical key,
 * then of the id, whatever the segments are: an index breaks ties by row, so where the last key
 * that it gave has more rows, it is asked for more.
 */
public final class VectorSearch {
  private final IndexSearcher searcher;
  private final RowFilters filters;
  private final String name;
  private final VectorField field;
  private final @Nullable Query filter;
  private final Deadline deadline;
  private final @Nullable String backend;
  private final int threads;

  private int segments;
  private long passed;
  private long rowsScanned;
  private long candidates;
  private boolean proved = true;
  private String served = "none";
  private final TreeSet<String> bounds = new TreeSet<>();
  private final TreeSet<String> indexes = new TreeSet<>();

  /**
   * Of the vectors of one name.
   *
   * @param filter that points must match, or null for all
   */
  public VectorSearch(
      IndexSearcher searcher,
      RowFilters filters,
      String name,
      VectorField field,
      @Nullable Query filter,
      Deadline deadline,
      @Nullable String backend,
      int threads) {
    this.searcher = searcher;
    this.filters = filters;
    this.name = name;
    this.field = field;
    this.filter = filter;
    this.deadline = deadline;
    this.backend = backend;
    this.threads = threads;
  }

  /** What served the search, after it. */
  public VectorTotals totals() {
    return new VectorTotals(
        served,
        String.join(", ", indexes),
        String.join(", ", bounds),
        segments,
        passed,
        rowsScanned,
        candidates,
        proved);
  }

  /**
   * The {@code k} nearest points of each query, nearest first, ties by smaller id.
   *
   * @param queries {@code [q][d]}, of the field's dimension
   */
  public List<List<Candidate>> nearest(VectorSource queries, int k) throws IOException {
    var found = new ArrayList<List<Candidate>>();
    for (int q = 0; q < queries.size(); q++) {
      found.add(new ArrayList<>());
    }
    String luceneField = Documents.vectorField(name);
    for (var leaf : searcher.getIndexReader().leaves()) {
      var vectors = SegmentVectors.of(leaf.reader(), luceneField);
      if (vectors != null && vectors.size() > 0) {
        search(leaf, luceneField, vectors, queries, k, found);
      }
    }
    return found.stream().map(list -> Candidate.best(list, k)).collect(Collectors.toList());
  }

  /** Takes what a segment has of vectors. */
  @FunctionalInterface
  public interface SegmentVisitor {
    /**
     * A segment.
     *
     * @param live the rows whose points are there, or null if all are
     * @param ids the bytes of a row's id
     */
    void visit(VectorIndex index, @Nullable RowFilter live, IdBytes ids);
  }

  /** The bytes of a row's id. */
  @FunctionalInterface
  public interface IdBytes {
    /** Of row {@code row} of the segment. */
    byte[] of(long row) throws IOException;
  }

  /** Visits each segment that has vectors of that name. */
  public static void segments(
      IndexSearcher searcher, RowFilters filters, String name, SegmentVisitor visitor)
      throws IOException {
    String field = Documents.vectorField(name);
    for (var leaf : searcher.getIndexReader().leaves()) {
      var vectors = SegmentVectors.of(leaf.reader(), field);
      if (vectors != null && vectors.size() > 0) {
        visitor.visit(
            vectors.index(),
            filters.of(searcher, leaf, field, vectors, null),
            row -> Documents.idBytes(leaf.reader(), vectors.document(Math.toIntExact(row))));
      }
    }
  }

  private void search(
      LeafReaderContext leaf,
      String luceneField,
      SegmentVectors vectors,
      VectorSource queries,
      int k,
      List<List<Candidate>> found)
      throws IOException {
    var rows = filters.of(searcher, leaf, luceneField, vectors, filter);
    long allowed = rows == null ? vectors.size() : rows.count();
    segments++;
    passed += allowed;
    if (allowed == 0) {
      return;
    }
    deadline.check();
    int asked = (int) Math.min(k + 1L, allowed); // one more shows whether the last key has others
    var options =
        SearchOptions.nearest(asked)
            .withThreads(threads)
            .withCancel(deadline::shouldExit)
            .onBackend(backend)
            .among(rows);
    try {
      var result = vectors.index().search(queries, options);
      count(result.report());
      for (int q = 0; q < queries.size(); q++) {
        var nearest = result.neighbors().get(q);
        for (int wanted = asked; cutsTies(nearest, k, allowed); ) {
          wanted = (int) Math.min(2L * wanted, allowed);
          var again = vectors.index().search(queries.slice(q, 1), options.withK(wanted));
          count(again.report());
          nearest = again.neighbors().getFirst();
        }
        for (int rank = 0; rank < nearest.size(); rank++) {
          if (rank >= k && nearest.key(rank) != nearest.key(k - 1)) {
            break;
          }
          int document = vectors.document((int) nearest.row(rank));
          found.get(q).add(new Candidate(nearest.key(rank), leaf, document));
        }
      }
    } catch (SearchStoppedException e) {
      deadline.check();
      throw e;
    }
  }

  /** Whether rows that were not given may have the key of the k-th. */
  private static boolean cutsTies(Neighbors nearest, int k, long allowed) {
    int size = nearest.size();
    return size > k && size < allowed && nearest.key(size - 1) == nearest.key(k - 1);
  }

  private void count(SearchReport report) {
    served = report.backend();
    indexes.add(report.index());
    bounds.addAll(report.bounds());
    rowsScanned += report.work().rowsRead();
    candidates += report.work().keysComputed();
    proved &= report.proved();
  }

  /** The field that is searched. */
  public VectorField field() {
    return field;
  }

  /**
   * The same candidates, ranked by their vectors of this name; those without one are left out.
   *
   * @param query {@code [d]}
   */
  public List<Candidate> rescore(List<Candidate> ranked, float[] query) throws IOException {
    var again = new ArrayList<Candidate>();
    for (var candidate : ranked) {
      var vector = Hydration.vector(candidate, name);
      if (vector != null) {
        again.add(candidate.withKey(field.metric().key(query, vector)));
        candidates++;
      }
    }
    again.sort(null);
    return again;
  }
}
