package dev.kith.db;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.core.vector.ElementType;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.NaiveFilter;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.testing.Trees;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a collection must be: a map of points, searched by looking at each of them. */
final class Model {
  final TreeMap<PointId, Point> points = new TreeMap<>();
  Schema schema;

  Model(Schema schema) {
    this.schema = schema;
  }

  void upsert(Point point) {
    points.put(point.id(), stored(point));
  }

  /** The point as it can be read back: elements are rounded to what their type holds. */
  private Point stored(Point point) {
    var vectors = new HashMap<String, float[]>();
    point
        .vectors()
        .forEach(
            (name, vector) -> {
              var copy = vector.clone();
              if (schema.vector(name).type() == ElementType.FLOAT16) {
                for (int i = 0; i < copy.length; i++) {
                  copy[i] = Float.float16ToFloat(Float.floatToFloat16(copy[i]));
                }
              }
              vectors.put(name, copy);
            });
    return new Point(point.id(), vectors, point.payload());
  }

  List<PointId> matching(@Nullable Filter filter) {
    return points.values().stream().filter(point -> matches(filter, point)).map(Point::id).toList();
  }

  private boolean matches(@Nullable Filter filter, Point point) {
    return filter == null || NaiveFilter.matches(filter, point.id(), point.payload(), schema);
  }

  private record Scored(PointId id, double key) {}

  /** What a query by a vector must answer: ids and scores, in order. */
  List<Hit> nearest(Query query, String name, float[] vector, List<PointId> but) {
    var metric = schema.vector(name).metric();
    var scored = new ArrayList<Scored>();
    for (var point : points.values()) {
      var row = point.vector(name);
      if (row != null && matches(query.filter(), point) && !but.contains(point.id())) {
        scored.add(new Scored(point.id(), metric.key(vector, row)));
      }
    }
    scored.sort(Comparator.comparingDouble(Scored::key).thenComparing(Scored::id));
    return scored.stream()
        .skip(query.offset())
        .limit(query.limit())
        .map(one -> new Hit(one.id, metric.score(one.key), null, Map.of()))
        .toList();
  }

  /** Compares everything that can be read. */
  void check(Collection collection) {
    try (var reader = collection.reader()) {
      var read = new ArrayList<Point>();
      reader.forEach(null, read::add);
      assertThat(read.stream().map(Point::id).toList()).isEqualTo(List.copyOf(points.keySet()));
      for (var point : read) {
        same(point, points.get(point.id()));
      }
      assertThat(reader.count(null)).isEqualTo(points.size());
    }
  }

  static void same(@Nullable Point found, @Nullable Point expected) {
    if (found == null || expected == null) {
      assertThat(found).isEqualTo(expected);
      return;
    }
    assertThat(found.id()).isEqualTo(expected.id());
    assertThat(found.payload()).isEqualTo(expected.payload());
    assertThat(found.vectors().keySet()).isEqualTo(expected.vectors().keySet());
    found.vectors().forEach((name, vector) -> assertThat(vector).isEqualTo(expected.vector(name)));
  }

  /** The same hits, scores bit by bit. */
  static void sameHits(List<Hit> found, List<Hit> expected) {
    assertThat(found.stream().map(Hit::id).toList())
        .isEqualTo(expected.stream().map(Hit::id).toList());
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i).score()).isEqualTo(expected.get(i).score());
    }
  }

  void insertIfAbsent(Point point) {
    points.putIfAbsent(point.id(), stored(point));
  }

  void replacePayload(List<PointId> ids, Payload payload) {
    changePayload(ids, _ -> payload);
  }

  void mergePayload(List<PointId> ids, Payload values) {
    changePayload(ids, payload -> parsed(tree(payload).setAll(tree(values))));
  }

  void removeKeys(List<PointId> ids, List<String> paths) {
    changePayload(
        ids,
        payload -> {
          var tree = tree(payload);
          var whole = paths.stream().filter(tree::has).toList();
          whole.forEach(tree::remove);
          for (var path : paths) {
            int dot = path.lastIndexOf('.');
            if (dot > 0
                && !whole.contains(path)
                && tree.at("/" + path.substring(0, dot).replace('.', '/'))
                    instanceof ObjectNode parent) {
              parent.remove(path.substring(dot + 1));
            }
          }
          return parsed(tree);
        });
  }

  void updateVectors(String name, Map<PointId, float[]> rows) {
    rows.forEach(
        (id, row) ->
            points.computeIfPresent(
                id,
                (_, point) -> {
                  var vectors = new HashMap<>(point.vectors());
                  vectors.put(name, row);
                  return stored(new Point(id, vectors, point.payload()));
                }));
  }

  private static ObjectNode tree(Payload payload) {
    return (ObjectNode) Trees.of(payload);
  }

  private static Payload parsed(JsonNode tree) {
    return Payload.parse(tree.toString());
  }

  private void changePayload(List<PointId> ids, UnaryOperator<Payload> change) {
    for (var id : Set.copyOf(ids)) {
      points.computeIfPresent(
          id, (_, point) -> new Point(id, point.vectors(), change.apply(point.payload())));
    }
  }
}
