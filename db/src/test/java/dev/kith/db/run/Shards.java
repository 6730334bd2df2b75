package dev.kith.db.run;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Work;
import dev.kith.db.filter.NaiveFilter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Hit;
import dev.kith.db.query.QueryReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Ranks points that lie in several maps, as they would on several machines. */
final class Shards implements Ranker {
  private final Schema schema;
  private final List<Map<PointId, Point>> shards = new ArrayList<>();

  private record Shard(int number) implements Ranked.Place {}

  Shards(Schema schema, int count) {
    this.schema = schema;
    for (int i = 0; i < count; i++) {
      shards.add(new HashMap<>());
    }
  }

  void put(Point point) {
    shards.get(Math.floorMod(point.id().hashCode(), shards.size())).put(point.id(), point);
  }

  private Point point(Ranked ranked) {
    var point = shards.get(((Shard) ranked.place()).number).get(ranked.id());
    if (point == null) {
      throw new IllegalArgumentException("no such point: " + ranked.id());
    }
    return point;
  }

  @Override
  public String collection() {
    return "shards";
  }

  @Override
  public Schema schema() {
    return schema;
  }

  private Metric metric(String vector) {
    return schema.vector(vector).metric();
  }

  @Override
  public List<Found> nearest(String vector, List<float[]> queries, int k, Scope scope) {
    var found = new ArrayList<Found>();
    for (var query : queries) {
      var ranked = new ArrayList<Ranked>();
      for (int s = 0; s < shards.size(); s++) {
        for (var point : shards.get(s).values()) {
          var row = point.vector(vector);
          var filter = scope.filter();
          if (row != null
              && (filter == null
                  || NaiveFilter.matches(filter, point.id(), point.payload(), schema))) {
            ranked.add(new Ranked(point.id(), metric(vector).key(query, row), new Shard(s)));
          }
        }
      }
      ranked.sort(null);
      found.add(new Found(ranked.subList(0, Math.min(k, ranked.size())), report(vector)));
    }
    return found;
  }

  private QueryReport report(String vector) {
    var report = QueryReport.ofVectors(metric(vector).scoreKind());
    report.add(new Work(1, 1, 0, 0, 0));
    return report.build();
  }

  @Override
  public Found words(List<String> fields, String words, int k, Scope scope) {
    throw new UnsupportedOperationException("these shards know no words");
  }

  @Override
  public Found ordered(String field, FieldType type, boolean descending, int k, Scope scope) {
    throw new UnsupportedOperationException("these shards know no order");
  }

  @Override
  public Found rescore(List<Ranked> ranked, String vector, float[] query) {
    var again = new ArrayList<Ranked>();
    for (var one : ranked) {
      var row = point(one).vector(vector);
      if (row != null) {
        again.add(one.withKey(metric(vector).key(query, row)));
      }
    }
    again.sort(null);
    return new Found(again, report(vector));
  }

  @Override
  public @Nullable Ranked find(PointId id) {
    for (int s = 0; s < shards.size(); s++) {
      if (shards.get(s).containsKey(id)) {
        return new Ranked(id, 0, new Shard(s));
      }
    }
    return null;
  }

  @Override
  public float @Nullable [] vectorOf(Ranked ranked, String vector) {
    return point(ranked).vector(vector);
  }

  @Override
  public List<String> valuesOf(Ranked ranked, String field, FieldType type) {
    var value = point(ranked).payload().get(field);
    return value == null ? List.of() : List.of(value);
  }

  @Override
  public List<Hit> hydrate(List<Ranked> best, Scale scale, Contents contents) {
    return best.stream()
        .map(
            ranked -> {
              Payload brought = contents.payload() ? point(ranked).payload() : null;
              var rows = new HashMap<>(point(ranked).vectors());
              rows.keySet().retainAll(contents.vectors());
              return new Hit(ranked.id(), scale.score(ranked.key()), brought, rows);
            })
        .toList();
  }
}
