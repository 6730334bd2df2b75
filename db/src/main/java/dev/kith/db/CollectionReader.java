package dev.kith.db;

import dev.kith.db.filter.Filter;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Page;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryResult;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A collection as it was at one moment: all that is read through it fits together, whatever is
 * written meanwhile. Must be closed, since it holds files; safe for many threads until then.
 */
public interface CollectionReader extends AutoCloseable {

  /** The schema of that moment. */
  Schema schema();

  /**
   * Answers a query.
   *
   * @throws IllegalArgumentException if it does not fit the collection
   * @throws dev.kith.core.search.SearchStoppedException at its deadline
   * @throws dev.kith.core.backend.BackendUnavailableException if a forced backend cannot serve
   */
  default QueryResult query(Query query) {
    return queryBatch(List.of(query)).getFirst();
  }

  /**
   * Answers several queries; those next to each other that differ in their vectors alone are
   * searched together, which costs less than one after the other.
   */
  List<QueryResult> queryBatch(List<Query> queries);

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
  Grouped queryGrouped(Query query, String field, int groups, int size);

  /** The point of that id, or null if there is none. */
  default @Nullable Point get(PointId id) {
    return get(List.of(id)).stream().findFirst().orElse(null);
  }

  /** Those points that there are, in the order of the ids. */
  List<Point> get(List<PointId> ids);

  /**
   * Points in the order of their ids, a page at a time.
   *
   * @param filter that they must pass, or null for all
   * @param after the page before's {@link Page#next}, or null for the first page
   * @param limit of points a page, at least 1
   */
  Page scroll(@Nullable Filter filter, @Nullable PointId after, int limit);

  /**
   * Every point that passes, in the order of their ids, read some hundred at a time as they are
   * asked for; to be used while this reader is open.
   *
   * @param filter that they must pass, or null for all
   */
  default Stream<Point> stream(@Nullable Filter filter) {
    return PointStream.of(this, filter);
  }

  /** Gives every point that passes, in the order of their ids. */
  void forEach(@Nullable Filter filter, Consumer<Point> to);

  /** Gives the id of every point that passes, in their order. */
  void forEachId(@Nullable Filter filter, Consumer<PointId> to);

  /** How many points pass; null for all. */
  long count(@Nullable Filter filter);

  /**
   * The most frequent values of a keyword, bool or integer field, ties by the smaller value.
   *
   * @param filter that points must match, or null for all
   */
  List<Facet> facet(String field, @Nullable Filter filter, int limit);

  /**
   * Each segment that has such vectors, for callers that search or load rows themselves. To be used
   * while this reader is open.
   */
  List<VectorSegment> segments(String vector);

  /** Lets the files go. */
  @Override
  void close();
}
