package dev.kith.db.query;

import dev.kith.core.search.Effort;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A question to a collection. Made by one of the static methods, refined by the others:
 *
 * <pre>{@code
 * Query.nearest(vector).where("year >= 2020").limit(20).withVectors("vector")
 * }</pre>
 *
 * <p>Immutable; two queries are equal if all that they ask is. More may be asked in later versions.
 */
public final class Query {
  private final Source source;
  private final int limit;
  private final int offset;
  private final @Nullable Double threshold;
  private final @Nullable Filter filter;
  private final boolean withPayload;
  private final Set<String> payloadPaths;
  private final Set<String> withVectors;
  private final @Nullable Duration deadline;
  private final @Nullable String backend;
  private final int threads;
  private final @Nullable Effort effort;

  /** What ranks points. */
  public sealed interface Source {}

  /** Nearness to a vector, {@code [d]}. */
  @SuppressWarnings("ArrayRecordComponent") // the same array is the same question
  public record Nearest(String vector, float[] query) implements Source {}

  /** Nearness to a point that the collection has; the point itself is no hit. */
  public record NearestTo(String vector, PointId id) implements Source {}

  /**
   * Nearness to the mean of some points' vectors, pushed away from the mean of others: {@code
   * mean(like) + (mean(like) - mean(unlike))}. None of these points is a hit.
   */
  public record Recommend(String vector, List<PointId> like, List<PointId> unlike)
      implements Source {
    /** Copies the lists. */
    public Recommend {
      like = List.copyOf(like);
      unlike = List.copyOf(unlike);
      if (like.isEmpty()) {
        throw new IllegalArgumentException("a recommendation needs a point to be like");
      }
    }
  }

  /**
   * BM25 (k1 = 1.2, b = 0.75) of words in text fields, summed over the fields; a point with none of
   * the words is no hit. Its statistics count deleted points until their segment is merged.
   */
  public record Words(List<String> fields, String words) implements Source {
    /** Copies the list. */
    public Words {
      fields = List.copyOf(fields);
      if (fields.isEmpty()) {
        throw new IllegalArgumentException("words need a text field to be looked for in");
      }
    }
  }

  /**
   * The values of an integer, float or datetime field, smallest first or largest first, ties by
   * smaller id; of several values the one that comes first counts, and a point without any is no
   * hit. A hit's score is the value as a float64, of a datetime the milliseconds since 1970.
   */
  public record Ordered(String field, boolean descending) implements Source {}

  /** The hits of several queries in one order. */
  public record Fused(List<Query> queries, Fusion fusion) implements Source {
    /** Copies the list. */
    public Fused {
      queries = List.copyOf(queries);
      if (queries.isEmpty()) {
        throw new IllegalArgumentException("a fusion needs a query");
      }
    }
  }

  /**
   * The hits of a query, the {@code first}, ranked anew by nearness to another vector; those
   * without it are left.
   */
  @SuppressWarnings("ArrayRecordComponent") // the same array is the same question
  public record Rescored(Query first, String vector, float[] query) implements Source {}

  /** Hits of a query unless it says otherwise. */
  public static final int DEFAULT_LIMIT = 10;

  /** The most queries inside each other, as fusions and re-scorings hold them. */
  public static final int MAX_DEPTH = 16;

  /** The most hits of a query, those that its offset leaves out included. */
  public static final int MAX_LIMIT = Integer.MAX_VALUE - 1;

  /** Checks the numbers. */
  private Query(Parts parts) {
    source = parts.source;
    limit = parts.limit;
    offset = parts.offset;
    threshold = parts.threshold;
    filter = parts.filter;
    withPayload = parts.withPayload;
    payloadPaths = Set.copyOf(parts.payloadPaths);
    withVectors = Set.copyOf(parts.withVectors);
    deadline = parts.deadline;
    backend = parts.backend;
    threads = parts.threads;
    effort = parts.effort;
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1: " + limit);
    }
    if (limit > MAX_LIMIT) {
      throw new IllegalArgumentException(
          "limit must be at most %d: %d".formatted(MAX_LIMIT, limit));
    }
    if (offset < 0 || offset > MAX_LIMIT - limit) {
      throw new IllegalArgumentException(
          "offset must be 0 or more, and offset + limit at most %d: offset=%d, limit=%d"
              .formatted(MAX_LIMIT, offset, limit));
    }
    if (depth(source) > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "queries may be nested at most %d deep; fuse them in one step".formatted(MAX_DEPTH));
    }
    if (threshold != null && threshold.isNaN()) {
      throw new IllegalArgumentException("a threshold must be a number: NaN");
    }
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 (all cores) or more: " + threads);
    }
  }

  /** Queries inside each other, this one included; those inside were checked as they were made. */
  private static int depth(Source source) {
    return switch (source) {
      case Fused(var queries, _) ->
          1 + queries.stream().mapToInt(query -> depth(query.source)).max().orElse(0);
      case Rescored(var first, _, _) -> 1 + depth(first.source);
      case Nearest _, NearestTo _, Recommend _, Words _, Ordered _ -> 1;
    };
  }

  /** Ranked by that. */
  public static Query by(Source source) {
    return new Query(new Parts(source));
  }

  /** The points whose {@link Schema#VECTOR} is nearest. */
  public static Query nearest(float[] vector) {
    return nearest(Schema.VECTOR, vector);
  }

  /** The points whose vector of that name is nearest. */
  public static Query nearest(String name, float[] vector) {
    return by(new Nearest(name, vector));
  }

  /** The points nearest to one of them. */
  public static Query nearestTo(PointId id) {
    return by(new NearestTo(Schema.VECTOR, id));
  }

  /** More like these points. */
  public static Query like(PointId... ids) {
    return by(new Recommend(Schema.VECTOR, List.of(ids), List.of()));
  }

  /** The points with these words in a text field, by BM25. */
  public static Query words(String field, String words) {
    return by(new Words(List.of(field), words));
  }

  /** The points that have that field, smallest value first; see {@link Ordered}. */
  public static Query ascending(String field) {
    return by(new Ordered(field, false));
  }

  /** The points that have that field, largest value first; see {@link Ordered}. */
  public static Query descending(String field) {
    return by(new Ordered(field, true));
  }

  /** The hits of several queries, each with its own limit, fused. */
  public static Query fuse(Fusion fusion, Query... queries) {
    return by(new Fused(List.of(queries), fusion));
  }

  /** This query's hits ranked anew by another vector. */
  public Query rescoredBy(String name, float[] vector) {
    var parts = new Parts(this);
    parts.source = new Rescored(this, name, vector);
    parts.offset = 0;
    parts.threshold = null;
    parts.filter = null;
    return new Query(parts);
  }

  /** The same, ranked by something else. */
  public Query withSource(Source newSource) {
    var parts = new Parts(this);
    parts.source = newSource;
    return new Query(parts);
  }

  /** With at most {@code count} hits. */
  public Query limit(int count) {
    var parts = new Parts(this);
    parts.limit = count;
    return new Query(parts);
  }

  /** Skips the best {@code count} points. */
  public Query offset(int count) {
    var parts = new Parts(this);
    parts.offset = count;
    return new Query(parts);
  }

  /** With hits no worse than that. */
  public Query threshold(double score) {
    var parts = new Parts(this);
    parts.threshold = score;
    return new Query(parts);
  }

  /** Among points that also pass this filter. */
  public Query where(Filter condition) {
    var parts = new Parts(this);
    parts.filter = filter == null ? condition : filter.and(condition);
    return new Query(parts);
  }

  /** Among points that also pass this filter, in its text form. */
  public Query where(String condition) {
    return where(Filter.parse(condition));
  }

  /** Ids and scores alone. */
  public Query withoutPayload() {
    var parts = new Parts(this);
    parts.withPayload = false;
    parts.payloadPaths = Set.of();
    return new Query(parts);
  }

  /**
   * With nothing of each hit's payload but what some paths lead to, such as {@code
   * withPayload("title", "author.name")}; see {@link dev.kith.db.point.Payload#only}.
   */
  public Query withPayload(String... paths) {
    if (paths.length == 0) {
      throw new IllegalArgumentException(
          "name the keys of the payload that hits bring, or ask for none by withoutPayload()");
    }
    var parts = new Parts(this);
    parts.withPayload = true;
    parts.payloadPaths = Set.of(paths);
    return new Query(parts);
  }

  /** With these vectors of each hit. */
  public Query withVectors(String... names) {
    var parts = new Parts(this);
    parts.withVectors = Set.of(names);
    return new Query(parts);
  }

  /** Within that time, or {@link dev.kith.core.search.SearchStoppedException}. */
  public Query deadline(Duration time) {
    var parts = new Parts(this);
    parts.deadline = time;
    return new Query(parts);
  }

  /** On that backend or not at all. */
  public Query onBackend(String name) {
    var parts = new Parts(this);
    parts.backend = name;
    return new Query(parts);
  }

  /** With at most {@code count} threads. */
  public Query threads(int count) {
    var parts = new Parts(this);
    parts.threads = count;
    return new Query(parts);
  }

  /**
   * By a search that finds, of the points of the exact answer, that share on average, such as 0.95;
   * see {@link Effort.Recall}. 1 is {@link #exact}.
   */
  public Query recall(double share) {
    return effort(new Effort.Recall(share));
  }

  /** By an exact search, whose answer is proved, whatever the index. */
  public Query exact() {
    return effort(new Effort.Exact());
  }

  /**
   * By a search that tries that hard. Without, a field whose index is a scan is searched exactly,
   * one that is indexed by {@code auto} with the recall that it names, and another one with a
   * recall of {@link VectorField#DEFAULT_RECALL}. A width of a beam or a number of probes is each
   * segment's: it tells nothing about the answer, and is for tuning.
   */
  public Query effort(Effort asked) {
    var parts = new Parts(this);
    parts.effort = asked;
    return new Query(parts);
  }

  /** What points are ranked by. */
  public Source source() {
    return source;
  }

  /** How many hits, at least 1. */
  public int limit() {
    return limit;
  }

  /** How many of the best points are left out first. */
  public int offset() {
    return offset;
  }

  /**
   * The worst score a hit may have: the largest distance for L2, the smallest similarity otherwise;
   * null for any.
   */
  public @Nullable Double threshold() {
    return threshold;
  }

  /** Which points may be hits, or null for all. */
  public @Nullable Filter filter() {
    return filter;
  }

  /** Whether hits bring their payload, or some of it. */
  public boolean withPayload() {
    return withPayload;
  }

  /** The paths to what hits bring of their payload; none where they bring all or nothing of it. */
  public Set<String> payloadPaths() {
    return payloadPaths;
  }

  /** The names of the vectors that hits bring. */
  public Set<String> withVectors() {
    return withVectors;
  }

  /** How long the search may take, or null for as long as it needs. */
  public @Nullable Duration deadline() {
    return deadline;
  }

  /**
   * The backend that must search vectors, also for the parts of a fusion that name none, or null
   * for the best one usable.
   */
  public @Nullable String backend() {
    return backend;
  }

  /** The most threads to use, also for the parts that name none, 0 for all cores. */
  public int threads() {
    return threads;
  }

  /** How hard searches for vectors try, also for the parts that say nothing; null if unsaid. */
  public @Nullable Effort effort() {
    return effort;
  }

  private List<@Nullable Object> all() {
    return Arrays.asList(
        source,
        limit,
        offset,
        threshold,
        filter,
        withPayload,
        payloadPaths,
        withVectors,
        deadline,
        backend,
        threads,
        effort);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Query query && all().equals(query.all());
  }

  @Override
  public int hashCode() {
    return all().hashCode();
  }

  @Override
  public String toString() {
    return ("Query[source=%s, limit=%s, offset=%s, threshold=%s, filter=%s, withPayload=%s,"
            + " payloadPaths=%s, withVectors=%s, deadline=%s, backend=%s, threads=%s, effort=%s]")
        .formatted(all().toArray());
  }

  /** A query while it is made. */
  private static final class Parts {
    private Source source;
    private int limit = DEFAULT_LIMIT;
    private int offset;
    private @Nullable Double threshold;
    private @Nullable Filter filter;
    private boolean withPayload = true;
    private Set<String> payloadPaths = Set.of();
    private Set<String> withVectors = Set.of();
    private @Nullable Duration deadline;
    private @Nullable String backend;
    private int threads;
    private @Nullable Effort effort;

    Parts(Source source) {
      this.source = source;
    }

    Parts(Query from) {
      source = from.source;
      limit = from.limit;
      offset = from.offset;
      threshold = from.threshold;
      filter = from.filter;
      withPayload = from.withPayload;
      payloadPaths = from.payloadPaths;
      withVectors = from.withVectors;
      deadline = from.deadline;
      backend = from.backend;
      threads = from.threads;
      effort = from.effort;
    }
  }
}
