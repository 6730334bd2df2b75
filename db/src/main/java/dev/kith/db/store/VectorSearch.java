package dev.kith.db.store;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Progress;
import dev.kith.core.work.Workers;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.query.QueryReport;
import dev.kith.db.run.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Query;
import org.jspecify.annotations.Nullable;

/**
 * Exact search for vectors in all segments of a moment. The order is that of the canonical key,
 * then of the id, whatever the segments are: an index breaks ties by row, so where the last key
 * that it gave has more rows, it is asked for more.
 *
 * <p>Segments are searched from the largest to the smallest, and all share one limit: what one of
 * them found excludes rows of the others. Where a segment alone would not keep all threads busy,
 * segments are searched side by side. Used once.
 */
final class VectorSearch {
  /**
   * Products of elements, for all queries together, up to which a segment is searched beside
   * others: some hundreds of microseconds of one core, whose threads would wait for each other.
   */
  private static final long SIDE_BY_SIDE = 1 << 23;

  private final Moment moment;
  private final String name;
  private final Scope scope;
  private final @Nullable Query filter;
  private final QueryReport.Builder report;

  /** A segment that has such vectors. */
  private record Part(LeafReaderContext leaf, SegmentVectors vectors) {}

  /**
   * Of the vectors of one name.
   *
   * @param scope whose filter points must pass
   */
  VectorSearch(Moment moment, String name, Scope scope) {
    this.moment = moment;
    this.name = name;
    this.scope = scope;
    this.filter = moment.compiled(scope.filter());
    this.report = QueryReport.ofVectors(moment.schema().vector(name).metric().scoreKind());
    this.report.stale(moment.stale());
  }

  /** What served the search, after it. */
  synchronized QueryReport report() {
    return report.build();
  }

  private synchronized void count(SearchReport search) {
    report.add(search);
  }

  private synchronized void countSegment(long allowed) {
    report.segment(allowed);
  }

  /**
   * The {@code k} nearest points of each query, nearest first, ties by smaller id.
   *
   * @param queries {@code [q][d]}, of the field's dimension
   */
  List<List<SegmentPoint>> nearest(VectorSource queries, int k) throws IOException {
    var parts = parts(moment, name);
    parts.sort(Comparator.comparingInt((Part part) -> part.vectors.size()).reversed());
    var nearest = new NearestSoFar(Math.toIntExact(queries.size()), k, parts.size());
    var options =
        SearchOptions.nearest(k)
            .withThreads(scope.threads())
            .withCancel(scope.deadline()::hasPassed)
            .onBackend(scope.backend());
    long small = SIDE_BY_SIDE / (queries.size() * queries.dimension());
    int next = 0;
    while (next < parts.size() && parts.get(next).vectors.size() > small) {
      search(parts.get(next++), queries, options, nearest);
    }
    sideBySide(parts.subList(next, parts.size()), queries, options, nearest);
    return nearest.best();
  }

  /** Searches small segments, each with its share of the threads. */
  private void sideBySide(
      List<Part> parts, VectorSource queries, SearchOptions options, NearestSoFar nearest)
      throws IOException {
    int threads = Workers.count(options.threads());
    var each = options.withThreads(Math.max(threads / Math.max(parts.size(), 1), 1));
    try {
      Workers.forEach(
          parts.size(),
          threads,
          Progress.NONE,
          part -> {
            try {
              search(parts.get((int) part), queries, each, nearest);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static List<Part> parts(Moment moment, String name) throws IOException {
    var parts = new ArrayList<Part>();
    for (var leaf : moment.reader().leaves()) {
      var vectors = SegmentVectors.of(leaf.reader(), Documents.vectorField(name));
      if (vectors != null && vectors.size() > 0) {
        parts.add(new Part(leaf, vectors));
      }
    }
    return parts;
  }

  /** Takes what a segment has of vectors. */
  @FunctionalInterface
  interface SegmentVisitor {
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
  interface IdBytes {
    /** Of row {@code row} of the segment. */
    byte[] of(long row) throws IOException;
  }

  /** Visits each segment that has vectors of that name. */
  static void segments(Moment moment, String name, SegmentVisitor visitor) throws IOException {
    for (var part : parts(moment, name)) {
      var vectors = part.vectors;
      visitor.visit(
          vectors.index(),
          rows(moment, part, name, null),
          row -> Documents.idBytes(part.leaf.reader(), vectors.document(Math.toIntExact(row))));
    }
  }

  private static @Nullable RowFilter rows(
      Moment moment, Part part, String name, @Nullable Query filter) throws IOException {
    return moment
        .filters()
        .of(moment.searcher(), part.leaf, Documents.vectorField(name), part.vectors, filter);
  }

  private void search(Part part, VectorSource queries, SearchOptions options, NearestSoFar nearest)
      throws IOException {
    var rows = rows(moment, part, name, filter);
    long allowed = rows == null ? part.vectors.size() : rows.count();
    countSegment(allowed);
    if (allowed == 0) {
      return;
    }
    scope.deadline().check();
    int k = options.k();
    // One more than wanted shows whether the last key has others.
    int asked = (int) Math.min(k + 1L, Integer.MAX_VALUE);
    var here = options.among(rows).withK(asked);
    try {
      var result = part.vectors.index().search(queries, here.withLimit(nearest.limit()));
      count(result.report());
      for (int q = 0; q < queries.size(); q++) {
        var found = result.neighbors().get(q);
        for (int more = asked; cutsTies(found, k, allowed, nearest.limit(q)); ) {
          more = (int) Math.min(2L * more, allowed);
          var again = part.vectors.index().search(queries.slice(q, 1), here.withK(more));
          count(again.report());
          found = again.neighbors().getFirst();
        }
        nearest.add(q, points(part, found, k));
      }
    } catch (SearchStoppedException e) {
      scope.deadline().check();
      throw e;
    }
  }

  /** The first {@code k} and those that have the key of the last of them. */
  private static List<SegmentPoint> points(Part part, Neighbors found, int k) {
    var points = new ArrayList<SegmentPoint>();
    for (int rank = 0; rank < found.size(); rank++) {
      if (rank >= k && found.key(rank) != found.key(k - 1)) {
        break;
      }
      int document = part.vectors.document((int) found.row(rank));
      points.add(new SegmentPoint(found.key(rank), part.leaf, document));
    }
    return points;
  }

  /** Whether rows that were not given may have the key of the k-th, and be in the answer. */
  private static boolean cutsTies(Neighbors found, int k, long allowed, double limit) {
    int size = found.size();
    return size > k
        && size < allowed
        && found.key(size - 1) == found.key(k - 1)
        && found.key(k - 1) <= limit;
  }
}
