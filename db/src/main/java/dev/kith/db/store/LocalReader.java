package dev.kith.db.store;

import dev.kith.db.CollectionReader;
import dev.kith.db.VectorSegment;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Page;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryResult;
import dev.kith.db.run.QueryEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads one {@link Moment}: queries by the engine over its segments, the rest by itself. */
final class LocalReader implements CollectionReader {
  private final Moment moment;
  private final QueryEngine engine;

  /** Takes over the moment. */
  LocalReader(Moment moment) {
    this.moment = moment;
    this.engine = new QueryEngine(new SegmentRanker(moment));
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
      throw Damage.explained(e, moment.reader());
    }
  }

  @Override
  public Schema schema() {
    return moment.schema();
  }

  @Override
  public List<QueryResult> queryBatch(List<Query> queries) {
    var event = new Events.Search();
    event.begin();
    var results = reading(() -> engine.answers(queries));
    event.queries = queries.size();
    for (var result : results) {
      event.backend = result.report().backend();
      event.rows += result.report().work().rowsRead();
    }
    event.commit();
    return results;
  }

  @Override
  public Grouped queryGrouped(Query query, String field, int groups, int size) {
    if (groups < 1 || size < 1) {
      throw new IllegalArgumentException(
          "groups and their size must be at least 1: groups=%d, size=%d".formatted(groups, size));
    }
    return reading(() -> engine.grouped(query, field, groups, size));
  }

  @Override
  public List<Point> get(List<PointId> ids) {
    return reading(() -> Lookup.points(moment.reader(), ids, moment.schema()));
  }

  @Override
  public Page scroll(@Nullable Filter filter, @Nullable PointId after, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1: " + limit);
    }
    return reading(
        () -> {
          var points = new ArrayList<Point>();
          var more = new boolean[1];
          Lookup.inOrder(
              moment.searcher(),
              moment.filters(),
              after,
              moment.compiled(filter),
              at -> {
                more[0] = points.size() == limit;
                if (!more[0]) {
                  points.add(Lookup.point(at, moment.schema()));
                }
                return !more[0];
              });
          return new Page(points, more[0] ? points.getLast().id() : null);
        });
  }

  @Override
  public void forEach(@Nullable Filter filter, Consumer<Point> to) {
    reading(
        () -> {
          visit(filter, at -> give(Lookup.point(at, moment.schema()), to));
          return true;
        });
  }

  @Override
  public void forEachId(@Nullable Filter filter, Consumer<PointId> to) {
    reading(
        () -> {
          visit(filter, at -> give(at.id(), to));
          return true;
        });
  }

  private interface Step {
    void take(SegmentPoint at) throws IOException;
  }

  private void visit(@Nullable Filter filter, Step step) throws IOException {
    Lookup.inOrder(
        moment.searcher(),
        moment.filters(),
        null,
        moment.compiled(filter),
        at -> {
          step.take(at);
          return true;
        });
  }

  @Override
  public long count(@Nullable Filter filter) {
    var query = moment.compiled(filter);
    if (query == null) {
      return moment.reader().numDocs();
    }
    return reading(
        () -> {
          long count = 0;
          for (var leaf : moment.reader().leaves()) {
            count += moment.filters().count(moment.searcher(), leaf, query);
          }
          return count;
        });
  }

  @Override
  public List<Facet> facet(String field, @Nullable Filter filter, int limit) {
    var type = moment.schema().field(field);
    if (type == null && FilterQueries.isUnnamed(field, moment.schema())) {
      return reading(
          () ->
              UnnamedFacets.count(
                  moment.searcher(), moment.filters(), field, moment.compiled(filter), limit));
    }
    if (type == null) {
      throw new IllegalArgumentException(
          "values are counted of an indexed field: %s is not indexed (%s)"
              .formatted(field, moment.collection()));
    }
    return reading(
        () ->
            Facets.count(
                moment.searcher(), moment.filters(), field, type, moment.compiled(filter), limit));
  }

  @Override
  public List<VectorSegment> segments(String vector) {
    moment.schema().vector(vector);
    return reading(
        () -> {
          var found = new ArrayList<VectorSegment>();
          VectorSearch.segments(
              moment,
              vector,
              (index, live, ids) ->
                  found.add(
                      new VectorSegment(
                          index, live, row -> reading(() -> PointId.ofBytes(ids.of(row))))));
          return found;
        });
  }

  @Override
  public void close() {
    moment.close();
  }
}
