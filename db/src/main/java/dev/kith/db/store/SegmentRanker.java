package dev.kith.db.store;

import dev.kith.core.metric.Metric.ScoreKind;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Hit;
import dev.kith.db.query.QueryReport;
import dev.kith.db.run.Contents;
import dev.kith.db.run.Found;
import dev.kith.db.run.Ranked;
import dev.kith.db.run.Ranker;
import dev.kith.db.run.Scale;
import dev.kith.db.run.Scope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ranks the points of a {@link Moment}: each segment by itself, then all of them together. */
final class SegmentRanker implements Ranker {
  private final Moment moment;

  /** Of that moment, to be used while it is open. */
  SegmentRanker(Moment moment) {
    this.moment = moment;
  }

  @Override
  public String collection() {
    return moment.collection();
  }

  @Override
  public Schema schema() {
    return moment.schema();
  }

  @Override
  public List<Found> nearest(String vector, List<float[]> queries, int k, Scope scope)
      throws IOException {
    var search = new VectorSearch(moment, vector, scope);
    try (var source =
        queries.size() == 1
            ? VectorSource.single(queries.getFirst())
            : VectorSource.of(queries.toArray(float[][]::new))) {
      var best = search.nearest(source, k);
      var report = search.report();
      var found = new ArrayList<Found>();
      for (var one : best) {
        found.add(new Found(Hydration.ranked(one), report));
      }
      return found;
    }
  }

  @Override
  public Found words(List<String> fields, String words, int k, Scope scope) throws IOException {
    var best =
        WordSearch.best(
            moment.searcher(), fields, words, moment.compiled(scope.filter()), k, scope.deadline());
    int segments = moment.reader().leaves().size();
    var report = QueryReport.ofWords(segments, moment.stale());
    return new Found(
        Hydration.ranked(best), report.withScannedPaths(moment.scanned(scope.filter())));
  }

  @Override
  public Found ordered(String field, FieldType type, boolean descending, int k, Scope scope)
      throws IOException {
    var best =
        FieldOrder.best(
            moment.searcher(),
            PayloadFields.name(field, type),
            type,
            descending,
            moment.compiled(scope.filter()),
            k,
            scope.deadline());
    var kind = descending ? ScoreKind.SIMILARITY : ScoreKind.DISTANCE;
    int segments = moment.reader().leaves().size();
    var report = QueryReport.ofOrder(kind, segments, moment.stale());
    return new Found(
        Hydration.ranked(best), report.withScannedPaths(moment.scanned(scope.filter())));
  }

  @Override
  public Found rescore(List<Ranked> ranked, String vector, float[] query) throws IOException {
    var metric = schema().vector(vector).metric();
    var again = new ArrayList<Ranked>();
    for (var one : ranked) {
      var found = vectorOf(one, vector);
      if (found != null) {
        again.add(one.withKey(metric.key(query, found)));
      }
    }
    again.sort(null);
    var report = QueryReport.ofVectors(metric.scoreKind());
    report.add(Work.ofScan(again.size(), again.size(), 0));
    report.stale(moment.stale());
    return new Found(again, report.build());
  }

  @Override
  public @Nullable Ranked find(PointId id) throws IOException {
    var at = Lookup.find(moment.reader(), id);
    return at == null ? null : new Ranked(id, at.key(), at);
  }

  @Override
  public float @Nullable [] vectorOf(Ranked point, String vector) throws IOException {
    return Hydration.vector(SegmentPoint.of(point), vector);
  }

  @Override
  public List<String> valuesOf(Ranked point, String field, FieldType type) throws IOException {
    return Facets.valuesOf(SegmentPoint.of(point), field, type);
  }

  @Override
  public List<Hit> hydrate(List<Ranked> best, Scale scale, Contents contents) throws IOException {
    return Hydration.hits(best, scale, contents);
  }
}
