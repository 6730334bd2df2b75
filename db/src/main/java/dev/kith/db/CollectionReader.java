package dev.kith.db;

import static dev.kith.core.metric.Metric.ScoreKind.DISTANCE;
import static dev.kith.core.metric.Metric.ScoreKind.SIMILARITY;

import dev.kith.core.metric.Metric;
import dev.kith.core.metric.Metric.ScoreKind;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Page;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import dev.kith.db.query.QueryResult;
import dev.kith.db.store.Candidate;
import dev.kith.db.store.Damage;
import dev.kith.db.store.Deadline;
import dev.kith.db.store.Description;
import dev.kith.db.store.Events;
import dev.kith.db.store.Facets;
import dev.kith.db.store.FilterQueries;
import dev.kith.db.store.Hydration;
import dev.kith.db.store.Lookup;
import dev.kith.db.store.RowFilters;
import dev.kith.db.store.VectorSearch;
import dev.kith.db.store.VectorTotals;
import dev.kith.db.store.WordSearch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.search.IndexSearcher;
import org.jspecify.annotations.Nullable;

/**
 * A collection as it was at one moment: all that is read through it fits together, whatever is
 * written meanwhile. Must be closed, since it holds files; safe for many threads until then.
 */
public final class CollectionReader implements AutoCloseable {
  private static final int MAX_DEPTH = 1 << 30;

  private final String name;
  private final Schema schema;
  private final DirectoryReader reader;
  private final boolean stale;
  private final IndexSearcher searcher;
  private final RowFilters filters;
  private boolean closed;

  /** Takes over the caller's reference to the reader. */
  CollectionReader(
      String name,
      Description description,
      DirectoryReader reader,
      boolean stale,
      RowFilters filters) {
    this.name = name;
    // Fields by which older points are not indexed yet are not there for filters.
    this.schema = description.schema().withoutFields(description.pending());
    this.reader = reader;
    this.stale = stale;
    this.searcher = new IndexSearcher(reader);
    this.searcher.setQueryCache(null); // RowFilters keeps what is worth it
    this.filters = filters;
  }

  /**
   * What a source ranked, best first.
   *
   * @param byWords whether words had a part in what was found
   */
  private record Ranking(
      List<Candidate> candidates, Scale scale, List<VectorTotals> totals, boolean byWords) {}

  /** Turns keys into the scores that users see. */
  private record Scale(@Nullable Metric metric) {
    static final Scale NEGATED = new Scale(null);

    ScoreKind kind() {
      return metric == null ? SIMILARITY : metric.scoreKind();
    }

    double score(double key) {
      return metric == null ? 0.0 - key : metric.score(key);
    }

    /** Whether a score is worse than the threshold. */
    boolean isWorse(double score, @Nullable Double threshold) {
      return threshold != null && (kind() == DISTANCE ? score > threshold : score < threshold);
    }
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  /** What a caller's own code threw while it was given points: nothing to explain. */
  private static final class CallersException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final RuntimeException cause;

    CallersException(RuntimeException cause) {
      super(cause);
      this.cause = cause;
    }
  }

  private static <T> void give(T value, Consumer<T> to) {
    try {
      to.accept(value);
    } catch (RuntimeException e) {
      throw new CallersException(e);
    }
  }

  private <T> T reading(Reading<T> work) {
    try {
      return work.read();
    } catch (CallersException e) {
      throw e.cause;
    } catch (IOException | RuntimeException | InternalError e) {
      throw Damage.explained(e, reader);
    }
  }

  /** The schema of that moment. */
  public Schema schema() {
    return schema;
  }

  /**
   * Answers a query.
   *
   * @throws IllegalArgumentException if it does not fit the collection
   * @throws dev.kith.core.search.SearchStoppedException at its deadline
   * @throws dev.kith.core.backend.BackendUnavailableException if a forced backend cannot serve
   */
  public QueryResult query(Query query) {
    return queryBatch(List.of(query)).getFirst();
  }

  /**
   * Answers several queries; those next to each other that differ in their vectors alone are
   * searched together, which costs less than one after the other.
   */
  public List<QueryResult> queryBatch(List<Query> queries) {
    var event = new Events.Search();
    event.begin();
    var results = reading(() -> answers(queries));
    event.queries = queries.size();
    for (var result : results) {
      event.backend = result.report().backend();
      event.rows += result.report().rowsScanned();
    }
    event.commit();
    return results;
  }

  private List<QueryResult> answers(List<Query> queries) throws IOException {
    var results = new ArrayList<QueryResult>();
    for (int first = 0; first < queries.size(); ) {
      int end = first + 1;
      while (end < queries.size() && alike(queries.get(first), queries.get(end))) {
        end++;
      }
      var deadline = new Deadline(queries.get(first).deadline());
      var group = queries.subList(first, end);
      var rankings =
          group.size() == 1
              ? List.of(rank(group.getFirst(), deadline))
              : nearest(group, vectors(group), deadline);
      for (int i = 0; i < group.size(); i++) {
        results.add(result(group.get(i), rankings.get(i)));
      }
      first = end;
    }
    return results;
  }

  /** Whether one search serves both. */
  private static boolean alike(Query one, Query other) {
    return one.source() instanceof Query.Nearest(var vector, float[] _)
        && other.source() instanceof Query.Nearest(var otherVector, float[] _)
        && vector.equals(otherVector)
        && one.withSource(other.source()).equals(other);
  }

  private static List<float[]> vectors(List<Query> group) {
    return group.stream().map(query -> ((Query.Nearest) query.source()).query()).toList();
  }

  private QueryResult result(Query query, Ranking ranking) throws IOException {
    return new QueryResult(hits(query, ranking.scale, cut(query, ranking)), report(ranking));
  }

  private static List<Hit> hits(Query query, Scale scale, List<Candidate> candidates)
      throws IOException {
    return Hydration.hits(
        candidates,
        candidate -> scale.score(candidate.key()),
        query.withPayload(),
        query.withVectors());
  }

  /** What is left of a ranking by threshold, offset and limit. */
  private static List<Candidate> cut(Query query, Ranking ranking) {
    var kept = new ArrayList<Candidate>();
    for (var candidate : ranking.candidates) {
      if (ranking.scale.isWorse(ranking.scale.score(candidate.key()), query.threshold())) {
        break;
      }
      kept.add(candidate);
    }
    int from = Math.min(query.offset(), kept.size());
    return kept.subList(from, Math.min(from + query.limit(), kept.size()));
  }

  private static int depth(Query query) {
    return query.offset() + query.limit();
  }

  private Ranking rank(Query query, Deadline deadline) throws IOException {
    query.withVectors().forEach(schema::vector);
    return switch (query.source()) {
      case Query.Nearest(var _, float[] vector) ->
          nearest(List.of(query), List.of(vector), deadline).getFirst();
      case Query.NearestTo(var vector, var id) ->
          nearestBut(query, vector, requireVector(vector, id), Set.of(id), deadline);
      case Query.Recommend recommend -> recommend(query, recommend, deadline);
      case Query.Words words -> words(query, words, deadline);
      case Query.Fused(var queries, var fusion) -> fused(query, queries, fusion, deadline);
      case Query.Rescored(var candidates, var vector, float[] by) ->
          rescored(query, candidates, vector, by, deadline);
    };
  }

  private List<Ranking> nearest(List<Query> alike, List<float[]> vectors, Deadline deadline)
      throws IOException {
    var query = alike.getFirst();
    query.withVectors().forEach(schema::vector);
    return nearest(
        query, ((Query.Nearest) query.source()).vector(), vectors, depth(query), deadline);
  }

  private List<Ranking> nearest(
      Query query, String vector, List<float[]> vectors, int k, Deadline deadline)
      throws IOException {
    var search = vectorSearch(query, vector, deadline);
    for (var one : vectors) {
      requireFits(vector, one);
    }
    var scale = new Scale(search.field().metric());
    try (var source =
        vectors.size() == 1
            ? VectorSource.single(vectors.getFirst())
            : VectorSource.of(vectors.toArray(float[][]::new))) {
      return search.nearest(source, k).stream()
          .map(found -> new Ranking(found, scale, List.of(search.totals()), false))
          .toList();
    }
  }

  private VectorSearch vectorSearch(Query query, String vector, Deadline deadline) {
    return new VectorSearch(
        searcher,
        filters,
        vector,
        schema.vector(vector),
        compiled(query.filter()),
        deadline,
        query.backend(),
        query.threads());
  }

  private org.apache.lucene.search.@Nullable Query compiled(@Nullable Filter filter) {
    return filter == null ? null : FilterQueries.compile(filter, schema);
  }

  private void requireFits(String vector, float[] query) {
    int dimension = schema.vector(vector).dimension();
    if (query.length != dimension) {
      throw new IllegalArgumentException(
          "query dimension must match the collection: query=%d, collection=%d (%s, vector %s)"
              .formatted(query.length, dimension, name, vector));
    }
    for (int i = 0; i < dimension; i++) {
      if (!Float.isFinite(query[i])) {
        throw new IllegalArgumentException(
            "a query's elements must be finite: element=%d, found=%s (%s, vector %s)"
                .formatted(i, query[i], name, vector));
      }
    }
  }

  private float[] requireVector(String vector, PointId id) throws IOException {
    schema.vector(vector);
    var at = Lookup.find(reader, id);
    if (at == null) {
      throw new IllegalArgumentException("no such point: id=%s (%s)".formatted(id, name));
    }
    var found = Hydration.vector(at, vector);
    if (found == null) {
      throw new IllegalArgumentException(
          "the point has no such vector: id=%s, vector=%s (%s)".formatted(id, vector, name));
    }
    return found;
  }

  /** Nearest to a vector, without some points. */
  private Ranking nearestBut(
      Query query, String vector, float[] target, Set<PointId> left, Deadline deadline)
      throws IOException {
    int k = (int) Math.min((long) depth(query) + left.size(), Integer.MAX_VALUE - 1);
    var ranking = nearest(query, vector, List.of(target), k, deadline).getFirst();
    return new Ranking(
        ranking.candidates.stream().filter(candidate -> !left.contains(candidate.id())).toList(),
        ranking.scale,
        ranking.totals,
        ranking.byWords);
  }

  private Ranking recommend(Query query, Query.Recommend recommend, Deadline deadline)
      throws IOException {
    var like = mean(recommend.vector(), recommend.like());
    var target = new float[like.length];
    var unlike = recommend.unlike().isEmpty() ? like : mean(recommend.vector(), recommend.unlike());
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) (like[i] + (like[i] - unlike[i]));
    }
    var examples = new HashSet<>(recommend.like());
    examples.addAll(recommend.unlike());
    return nearestBut(query, recommend.vector(), target, examples, deadline);
  }

  private double[] mean(String vector, List<PointId> ids) throws IOException {
    var sum = new double[schema.vector(vector).dimension()];
    for (var id : ids) {
      var one = requireVector(vector, id);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += one[i];
      }
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] /= ids.size();
    }
    return sum;
  }

  private Ranking words(Query query, Query.Words words, Deadline deadline) throws IOException {
    for (var path : words.fields()) {
      if (schema.field(path) != FieldType.TEXT) {
        throw new IllegalArgumentException(
            "words are looked for in text fields: %s is %s (%s)"
                .formatted(
                    path,
                    schema.field(path) == null ? "not indexed" : "of type " + schema.field(path),
                    name));
      }
    }
    var found =
        WordSearch.best(
            searcher,
            words.fields(),
            words.words(),
            compiled(query.filter()),
            depth(query),
            deadline);
    return new Ranking(found, Scale.NEGATED, List.of(), true);
  }

  /** The part of a query, within its filter, and by its backend and threads if it names none. */
  private static Query within(Query whole, Query part) {
    var within = whole.filter() == null ? part : part.where(whole.filter());
    var backend = whole.backend();
    if (part.backend() == null && backend != null) {
      within = within.onBackend(backend);
    }
    return part.threads() == 0 ? within.threads(whole.threads()) : within;
  }

  private Ranking fused(Query query, List<Query> queries, Fusion fusion, Deadline deadline)
      throws IOException {
    var byId = new HashMap<PointId, Candidate>();
    var rankings = new ArrayList<Fusion.Ranking>();
    var totals = new ArrayList<VectorTotals>();
    boolean byWords = false;
    for (var part : queries) {
      var ranking = rank(within(query, part), deadline.orSooner(part.deadline()));
      totals.addAll(ranking.totals);
      byWords |= ranking.byWords;
      var hits = new ArrayList<Fusion.Ranked>();
      for (var candidate : cut(part, ranking)) {
        byId.put(candidate.id(), candidate);
        hits.add(new Fusion.Ranked(candidate.id(), ranking.scale.score(candidate.key())));
      }
      rankings.add(new Fusion.Ranking(ranking.scale.kind(), hits));
    }
    var found = new ArrayList<Candidate>();
    fusion
        .fuse(rankings)
        .forEach(
            (id, score) -> {
              var candidate = byId.get(id);
              if (candidate == null || !Double.isFinite(score)) {
                throw new IllegalArgumentException(
                    "a fusion gives finite scores to points of its lists alone: id=%s, score=%s"
                        .formatted(id, score));
              }
              found.add(candidate.withKey(0.0 - score));
            });
    found.sort(null);
    return new Ranking(found, Scale.NEGATED, totals, byWords);
  }

  private Ranking rescored(
      Query query, Query candidates, String vector, float[] by, Deadline deadline)
      throws IOException {
    requireFits(vector, by);
    var first = rank(within(query, candidates), deadline.orSooner(candidates.deadline()));
    var search = vectorSearch(query, vector, deadline);
    var again = search.rescore(cut(candidates, first), by);
    var totals = new ArrayList<>(first.totals);
    totals.add(search.totals());
    return new Ranking(again, new Scale(search.field().metric()), totals, first.byWords);
  }

  private QueryReport report(Ranking ranking) {
    if (ranking.totals.isEmpty()) {
      return new QueryReport(
          ranking.scale.kind(),
          "lucene",
          "words",
          "",
          reader.leaves().size(),
          0,
          0,
          0,
          false,
          stale);
    }
    var total = VectorTotals.sum(ranking.totals);
    return new QueryReport(
        ranking.scale.kind(),
        total.backend(),
        total.index(),
        total.bound(),
        total.segments(),
        total.passed(),
        total.rowsScanned(),
        total.candidates(),
        total.proved() && !ranking.byWords,
        stale);
  }

  /**
   * The best groups of points that share a value of a keyword, bool or integer field, and the best
   * points of each: those that {@link #query} ranks best, in its order and with its scores, however
   * deep in its ranking they stand. A point without the field is in no group, one with several
   * values in several. Of a fusion or a query that is scored again, only the hits of its parts,
   * each with its own limit, are ranked and grouped.
   *
   * @param query whose limit and offset count for nothing here
   * @param groups how many, at least 1
   * @param size the most hits of a group, at least 1
   */
  public Grouped queryGrouped(Query query, String field, int groups, int size) {
    if (groups < 1 || size < 1) {
      throw new IllegalArgumentException(
          "groups and their size must be at least 1: groups=%d, size=%d".formatted(groups, size));
    }
    return reading(() -> grouped(query, field, groups, size));
  }

  private Grouped grouped(Query query, String field, int groups, int size) throws IOException {
    var type = schema.field(field);
    if (type != FieldType.KEYWORD && type != FieldType.BOOL && type != FieldType.INTEGER) {
      throw new IllegalArgumentException(
          "points are grouped by a keyword, bool or integer field: %s is %s (%s)"
              .formatted(field, type == null ? "not indexed" : "of type " + type, name));
    }
    var whole = query.offset(0);
    var deadline = new Deadline(query.deadline());
    var totals = new ArrayList<VectorTotals>();
    var best = new LinkedHashMap<String, List<Candidate>>();
    boolean byParts = ranksParts(query.source());
    int depth = byParts ? MAX_DEPTH : (int) Math.min(2L * groups * size, MAX_DEPTH);
    Ranking ranking;
    boolean everything;
    while (true) {
      var asked = whole.limit(depth);
      ranking = rank(asked, deadline);
      totals.addAll(ranking.totals);
      var found = cut(asked, ranking);
      best.clear();
      for (var candidate : found) {
        for (var value : Facets.valuesOf(candidate, field, type)) {
          best.computeIfAbsent(value, _ -> new ArrayList<>()).add(candidate);
        }
      }
      everything = byParts || found.size() < depth;
      if (everything || best.size() >= groups || depth == MAX_DEPTH) {
        break;
      }
      depth = (int) Math.min(4L * depth, MAX_DEPTH);
    }
    var found = new ArrayList<Grouped.Group>();
    for (var value : best.keySet().stream().limit(groups).toList()) {
      var hits = best.getOrDefault(value, List.of());
      if (!everything && hits.size() < size) { // the others stand deeper
        var within = whole.limit(size).where(hasValue(field, value, type));
        var deeper = rank(within, deadline);
        totals.addAll(deeper.totals);
        hits = cut(within, deeper);
      }
      var kept = hits.subList(0, Math.min(size, hits.size()));
      found.add(new Grouped.Group(value, hits(query, ranking.scale, kept)));
    }
    return new Grouped(
        found, report(new Ranking(List.of(), ranking.scale, totals, ranking.byWords)));
  }

  /**
   * Whether a source ranks what its parts found, so that a filter, which would change what these
   * find, must not be added to look deeper, and a greater limit finds no more.
   */
  private static boolean ranksParts(Query.Source source) {
    return switch (source) {
      case Query.Fused _, Query.Rescored _ -> true;
      case Query.Nearest _, Query.NearestTo _, Query.Recommend _, Query.Words _ -> false;
    };
  }

  private static Filter hasValue(String field, String value, FieldType type) {
    var values = Filter.field(field);
    return switch (type) {
      case INTEGER -> values.is(Long.parseLong(value));
      case BOOL -> values.is(Boolean.parseBoolean(value));
      case KEYWORD, TEXT, FLOAT, DATETIME, GEO -> values.is(value);
    };
  }

  /** The point of that id, or null if there is none. */
  public @Nullable Point get(PointId id) {
    return get(List.of(id)).stream().findFirst().orElse(null);
  }

  /** Those points that there are, in the order of the ids. */
  public List<Point> get(List<PointId> ids) {
    return reading(() -> Lookup.points(reader, ids, schema));
  }

  /**
   * Points in the order of their ids, a page at a time.
   *
   * @param filter that they must pass, or null for all
   * @param after the page before's {@link Page#next}, or null for the first page
   * @param limit of points a page, at least 1
   */
  public Page scroll(@Nullable Filter filter, @Nullable PointId after, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1: " + limit);
    }
    return reading(
        () -> {
          var points = new ArrayList<Point>();
          var more = new boolean[1];
          Lookup.inOrder(
              searcher,
              filters,
              after,
              compiled(filter),
              candidate -> {
                more[0] = points.size() == limit;
                if (!more[0]) {
                  points.add(Lookup.point(candidate, schema));
                }
                return !more[0];
              });
          return new Page(points, more[0] ? points.getLast().id() : null);
        });
  }

  /** Gives every point that passes, in the order of their ids. */
  public void forEach(@Nullable Filter filter, Consumer<Point> to) {
    reading(
        () -> {
          visit(filter, candidate -> give(Lookup.point(candidate, schema), to));
          return true;
        });
  }

  /** Gives the id of every point that passes, in their order. */
  public void forEachId(@Nullable Filter filter, Consumer<PointId> to) {
    reading(
        () -> {
          visit(filter, candidate -> give(candidate.id(), to));
          return true;
        });
  }

  private interface Step {
    void take(Candidate candidate) throws IOException;
  }

  private void visit(@Nullable Filter filter, Step step) throws IOException {
    Lookup.inOrder(
        searcher,
        filters,
        null,
        compiled(filter),
        candidate -> {
          step.take(candidate);
          return true;
        });
  }

  /** How many points pass; null for all. */
  public long count(@Nullable Filter filter) {
    var query = compiled(filter);
    if (query == null) {
      return reader.numDocs();
    }
    return reading(
        () -> {
          long count = 0;
          for (var leaf : reader.leaves()) {
            count += filters.count(searcher, leaf, query);
          }
          return count;
        });
  }

  /**
   * The most frequent values of a keyword, bool or integer field, ties by the smaller value.
   *
   * @param filter that points must pass, or null for all
   */
  public List<Facet> facet(String field, @Nullable Filter filter, int limit) {
    var type = schema.field(field);
    if (type == null) {
      throw new IllegalArgumentException(
          "values are counted of an indexed field: %s is not indexed (%s)".formatted(field, name));
    }
    return reading(() -> Facets.count(searcher, filters, field, type, compiled(filter), limit));
  }

  /**
   * Each segment that has such vectors, for those who search or load rows themselves. To be used
   * while this reader is open.
   */
  public List<VectorSegment> segments(String vector) {
    schema.vector(vector);
    return reading(
        () -> {
          var found = new ArrayList<VectorSegment>();
          VectorSearch.segments(
              searcher,
              filters,
              vector,
              (index, live, ids) ->
                  found.add(
                      new VectorSegment(
                          index, live, row -> reading(() -> PointId.ofBytes(ids.of(row))))));
          return found;
        });
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
