package dev.kith.db.run;

import static java.util.Objects.requireNonNull;

import dev.kith.db.point.FieldType;
import dev.kith.db.point.PointId;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import dev.kith.db.query.QueryResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Answers queries over a {@link Ranker}. Everything that is ranked goes by key, then by id, so that
 * an answer is the same whatever the points are spread over. Safe for many threads if the ranker
 * is.
 */
public final class QueryEngine {
  private final Ranker ranker;

  /** Over what that ranker ranks. */
  public QueryEngine(Ranker ranker) {
    this.ranker = ranker;
  }

  /**
   * Answers queries, in their order; those next to each other that differ in their vectors alone
   * are searched together.
   */
  public List<QueryResult> answers(List<Query> queries) throws IOException {
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
              : nearest(group.getFirst(), vectors(group), deadline);
      for (int i = 0; i < group.size(); i++) {
        var ranking = rankings.get(i);
        var hits = hits(group.get(i), ranking.scale(), ranking.cut(group.get(i)));
        results.add(new QueryResult(hits, ranking.finalReport()));
      }
      first = end;
    }
    return results;
  }

  /** The best groups of points that share a value of a field. */
  public Grouped grouped(Query query, String field, int groups, int size) throws IOException {
    return new Grouping(this, query, field, type(field)).best(groups, size);
  }

  private FieldType type(String field) {
    var type = ranker.schema().field(field);
    if (type != FieldType.KEYWORD && type != FieldType.BOOL && type != FieldType.INTEGER) {
      throw new IllegalArgumentException(
          "points are grouped by a keyword, bool or integer field: %s is %s (%s)"
              .formatted(
                  field, type == null ? "not indexed" : "of type " + type, ranker.collection()));
    }
    return type;
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

  List<Hit> hits(Query query, Scale scale, List<Ranked> best) throws IOException {
    return ranker.hydrate(best, scale, Contents.of(query));
  }

  List<String> valuesOf(Ranked point, String field, FieldType type) throws IOException {
    return ranker.valuesOf(point, field, type);
  }

  private static int depth(Query query) {
    return query.offset() + query.limit();
  }

  private static Scope scope(Query query, Deadline deadline) {
    return new Scope(query.filter(), deadline, query.backend(), query.threads(), query.effort());
  }

  /** What a query's source ranks, as deep as its offset and limit need. */
  Ranking rank(Query query, Deadline deadline) throws IOException {
    query.withVectors().forEach(ranker.schema()::vector);
    return switch (query.source()) {
      case Query.Nearest(var _, float[] vector) ->
          nearest(query, List.of(vector), deadline).getFirst();
      case Query.NearestTo(var vector, var id) ->
          nearestBut(query, vector, requireVector(vector, id), Set.of(id), deadline);
      case Query.Recommend recommend -> recommend(query, recommend, deadline);
      case Query.Words words -> words(query, words, deadline);
      case Query.Ordered ordered -> ordered(query, ordered, deadline);
      case Query.Fused(var queries, var fusion) -> fused(query, queries, fusion, deadline);
      case Query.Rescored(var first, var vector, float[] by) ->
          rescored(query, first, vector, by, deadline);
    };
  }

  private List<Ranking> nearest(Query alike, List<float[]> vectors, Deadline deadline)
      throws IOException {
    alike.withVectors().forEach(ranker.schema()::vector);
    var name = ((Query.Nearest) alike.source()).vector();
    return nearest(alike, name, vectors, depth(alike), deadline);
  }

  private List<Ranking> nearest(
      Query query, String vector, List<float[]> vectors, int k, Deadline deadline)
      throws IOException {
    for (var one : vectors) {
      requireFits(vector, one);
    }
    var scale = scale(vector);
    return ranker.nearest(vector, vectors, k, scope(query, deadline)).stream()
        .map(found -> Ranking.of(found, scale))
        .toList();
  }

  private Scale scale(String vector) {
    return new Scale(ranker.schema().vector(vector).metric());
  }

  private void requireFits(String vector, float[] query) {
    int dimension = ranker.schema().vector(vector).dimension();
    if (query.length != dimension) {
      throw new IllegalArgumentException(
          "query dimension must match the collection: query=%d, collection=%d (%s, vector %s)"
              .formatted(query.length, dimension, ranker.collection(), vector));
    }
    for (int i = 0; i < dimension; i++) {
      if (!Float.isFinite(query[i])) {
        throw new IllegalArgumentException(
            "a query's elements must be finite: element=%d, found=%s (%s, vector %s)"
                .formatted(i, query[i], ranker.collection(), vector));
      }
    }
  }

  private float[] requireVector(String vector, PointId id) throws IOException {
    ranker.schema().vector(vector);
    var point = ranker.find(id);
    if (point == null) {
      throw new IllegalArgumentException(
          "no such point: id=%s (%s)".formatted(id, ranker.collection()));
    }
    var found = ranker.vectorOf(point, vector);
    if (found == null) {
      throw new IllegalArgumentException(
          "the point has no such vector: id=%s, vector=%s (%s)"
              .formatted(id, vector, ranker.collection()));
    }
    return found;
  }

  /** Nearest to a vector, without some points. */
  private Ranking nearestBut(
      Query query, String vector, float[] target, Set<PointId> left, Deadline deadline)
      throws IOException {
    int k = (int) Math.min((long) depth(query) + left.size(), Query.MAX_LIMIT);
    return nearest(query, vector, List.of(target), k, deadline).getFirst().without(left);
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
    var sum = new double[ranker.schema().vector(vector).dimension()];
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
      var type = ranker.schema().field(path);
      if (type != FieldType.TEXT) {
        throw new IllegalArgumentException(
            "words are looked for in text fields: %s is %s (%s)"
                .formatted(
                    path, type == null ? "not indexed" : "of type " + type, ranker.collection()));
      }
    }
    var found = ranker.words(words.fields(), words.words(), depth(query), scope(query, deadline));
    return Ranking.of(found, Scale.NEGATED);
  }

  private Ranking ordered(Query query, Query.Ordered ordered, Deadline deadline)
      throws IOException {
    var type = ranker.schema().field(ordered.field());
    if (type != FieldType.INTEGER && type != FieldType.FLOAT && type != FieldType.DATETIME) {
      throw new IllegalArgumentException(
          "points are ordered by an integer, float or datetime field: %s is %s (%s)"
              .formatted(
                  ordered.field(),
                  type == null ? "not indexed" : "of type " + type,
                  ranker.collection()));
    }
    var found =
        ranker.ordered(
            ordered.field(), type, ordered.descending(), depth(query), scope(query, deadline));
    return Ranking.of(found, ordered.descending() ? Scale.NEGATED : Scale.PLAIN);
  }

  /** The part of a query, within its filter; by its backend, threads and effort if it has none. */
  private static Query within(Query whole, Query part) {
    var within = whole.filter() == null ? part : part.where(whole.filter());
    var backend = whole.backend();
    if (part.backend() == null && backend != null) {
      within = within.onBackend(backend);
    }
    var effort = whole.effort();
    if (part.effort() == null && effort != null) {
      within = within.effort(effort);
    }
    return part.threads() == 0 ? within.threads(whole.threads()) : within;
  }

  private Ranking fused(Query query, List<Query> queries, Fusion fusion, Deadline deadline)
      throws IOException {
    var byId = new HashMap<PointId, Ranked>();
    var lists = new ArrayList<Fusion.Ranking>();
    QueryReport report = null;
    for (var part : queries) {
      var ranking = rank(within(query, part), deadline.orSooner(part.deadline()));
      report = report == null ? ranking.report() : report.plus(ranking.report());
      var hits = new ArrayList<Fusion.Ranked>();
      for (var ranked : ranking.cut(part)) {
        byId.put(ranked.id(), ranked);
        hits.add(new Fusion.Ranked(ranked.id(), ranking.scale().score(ranked.key())));
      }
      lists.add(new Fusion.Ranking(ranking.scale().kind(), hits));
    }
    var found = new ArrayList<Ranked>();
    fusion
        .fuse(lists)
        .forEach(
            (id, score) -> {
              var ranked = byId.get(id);
              if (ranked == null || !Double.isFinite(score)) {
                throw new IllegalArgumentException(
                    "a fusion gives finite scores to points of its lists alone: id=%s, score=%s"
                        .formatted(id, score));
              }
              found.add(ranked.withKey(0.0 - score));
            });
    found.sort(null);
    return new Ranking(found, Scale.NEGATED, requireNonNull(report)); // a fusion has a part
  }

  private Ranking rescored(Query query, Query first, String vector, float[] by, Deadline deadline)
      throws IOException {
    requireFits(vector, by);
    var found = rank(within(query, first), deadline.orSooner(first.deadline()));
    var again = ranker.rescore(found.cut(first), vector, by);
    return new Ranking(again.best(), scale(vector), found.report().plus(again.report()));
  }
}
