package dev.kith.db.store;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Query;
import org.jspecify.annotations.Nullable;

/**
 * Search for vectors in all segments of a moment: exact, or as far as an effort goes in those that
 * have an approximate index. The order is that of the canonical key, then of the id, whatever the
 * segments are: an index breaks ties by row, so where the last key that it gave has more rows, it
 * is asked for more.
 *
 * <p>Approximate indexes are asked first, then segments are scanned from the largest to the
 * smallest, and all share one limit: what one of them found excludes rows of the others. Where a
 * segment alone would not keep all threads busy, segments are searched side by side. Each is asked
 * for the recall of the whole: a segment's nearest points are its easiest ones, and only from them
 * come points of the answer. Used once.
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

  /** What was asked for. */
  private final Effort asked;

  /** How hard approximate indexes try: as asked, or harder, if audits found less than that. */
  private final Effort effort;

  /** What the searches of segments are expected to have found. */
  private final Map<LeafReaderContext, Optional<ExpectedRecall>> expected = new HashMap<>();

  /** A segment that has such vectors. */
  private record Part(LeafReaderContext leaf, SegmentVectors vectors) {}

  /**
   * Of the vectors of one name.
   *
   * @param scope whose filter points must pass
   */
  VectorSearch(Moment moment, String name, Scope scope) throws IOException {
    this.moment = moment;
    this.name = name;
    this.scope = scope;
    this.filter = moment.compiled(scope.filter());
    this.report = QueryReport.ofVectors(moment.schema().vector(name).metric().scoreKind());
    this.report.stale(moment.stale());
    this.report.scanned(moment.scanned(scope.filter()));
    var said = scope.effort();
    this.asked = said == null ? moment.schema().vector(name).effort() : said;
    this.effort = moment.audits().effort(name, asked);
  }

  private boolean isExact() {
    return effort instanceof Effort.Exact || effort.equals(new Effort.Recall(1));
  }

  /** What served the search, after it. */
  synchronized QueryReport report() {
    return report.build();
  }

  private synchronized void count(SearchReport search) {
    report.add(search);
  }

  private synchronized void expect(Part part, SearchReport search) {
    expected.put(part.leaf, Optional.ofNullable(search.expectedRecall()));
  }

  /**
   * Weighs what segments were expected to find by what they gave: at least as one point, for one
   * that gave nothing may have missed some.
   */
  private synchronized void expect(List<List<SegmentPoint>> best) {
    var points = new HashMap<LeafReaderContext, Integer>();
    for (var one : best) {
      for (var point : one) {
        points.merge(point.leaf(), 1, Integer::sum);
      }
    }
    expected.forEach(
        (leaf, recall) -> report.expect(recall.orElse(null), points.getOrDefault(leaf, 1)));
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
    if (isExact()) {
      return search(queries, k);
    }
    List<List<SegmentPoint>> best;
    long begun = moment.audits().begun();
    try {
      best = search(queries, k);
    } finally {
      moment.audits().ended(begun);
    }
    if (asked instanceof Effort.Recall(double target) && !report().proved()) {
      for (int q = 0; q < best.size(); q++) {
        if (moment.audits().isDue()) {
          moment
              .audits()
              .take(
                  new AuditedAnswer(
                      moment.again(), name, target, queries.row(q), k, scope, best.get(q)));
        }
      }
    }
    return best;
  }

  private List<List<SegmentPoint>> search(VectorSource queries, int k) throws IOException {
    var parts = parts(moment, name);
    parts.sort(Comparator.comparingInt((Part part) -> part.vectors.size()).reversed());
    var nearest = new NearestSoFar(Math.toIntExact(queries.size()), k, parts.size());
    var options =
        SearchOptions.nearest(k)
            .withThreads(scope.threads())
            .withCancel(scope.deadline()::hasPassed)
            .withEffort(effort)
            .onBackend(scope.backend());
    long small = SIDE_BY_SIDE / (queries.size() * queries.dimension());
    var walked = new ArrayList<Part>();
    var rest = new ArrayList<Part>();
    var large = new ArrayList<Part>();
    for (var part : parts) {
      boolean walks = !isExact() && part.vectors.hasIndex();
      (walks ? walked : part.vectors.size() > small ? large : rest).add(part);
    }
    sideBySide(walked, queries, options, nearest);
    for (var part : large) {
      search(part, queries, options, nearest);
    }
    sideBySide(rest, queries, options, nearest);
    var best = nearest.best();
    expect(best);
    return best;
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
          vectors.scan(),
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
      var index = isExact() ? part.vectors.scan() : part.vectors.index();
      var result = index.search(queries, here.withLimit(nearest.limit()));
      count(result.report());
      expect(part, result.report());
      for (int q = 0; q < queries.size(); q++) {
        var found = result.neighbors().get(q);
        for (int more = asked; more < allowed && cutsTies(found, k, allowed, nearest.limit(q)); ) {
          more = (int) Math.min(2L * more, allowed);
          var again = index.search(queries.slice(q, 1), here.withK(more));
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
