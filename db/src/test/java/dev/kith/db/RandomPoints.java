package dev.kith.db;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.db.filter.RandomFilters;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Random points whose vectors are often equal or equally far, with payloads that fit. */
final class RandomPoints {
  private final SplittableRandom random;
  private final Schema schema;
  final RandomFilters filters;

  RandomPoints(SplittableRandom random, Schema schema) {
    this.random = random;
    this.schema = schema;
    this.filters =
        new RandomFilters(
            random,
            schema.strict()
                ? schema
                : schema // and what no schema names
                    .withField("first.seen", FieldType.KEYWORD)
                    .withField("later", FieldType.INTEGER)
                    .withField("then", FieldType.DATETIME));
  }

  /** Vectors of every type and metric, fields of every type. */
  static Schema schema(SplittableRandom random) {
    var fields = RandomFilters.schema(random);
    return new Schema(
        Map.of(
            Schema.VECTOR,
            VectorField.of(3, Metric.L2),
            "half",
            VectorField.of(5, Metric.COSINE).withType(ElementType.FLOAT16),
            "byte",
            VectorField.of(17, Metric.DOT).withType(ElementType.INT8).withIndex("flat")),
        fields.fields(),
        fields.strict());
  }

  Point point() {
    return point(filters.id());
  }

  Point point(PointId id) {
    var vectors = new HashMap<String, float[]>();
    for (var name : schema.vectors().keySet()) {
      if (random.nextInt(8) > 0) {
        vectors.put(name, vector(name));
      }
    }
    return new Point(id, vectors, filters.payload());
  }

  List<Point> points(int most) {
    var points = new ArrayList<Point>();
    for (int i = random.nextInt(most) + 1; i > 0; i--) {
      points.add(point());
    }
    return points;
  }

  /** Small integers, so that distances are often equal; now and then something else. */
  float[] vector(String name) {
    var field = schema.vector(name);
    boolean fine = field.type() != ElementType.INT8 && random.nextInt(3) == 0;
    var vector = new float[field.dimension()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = fine ? (float) random.nextDouble(-100, 100) : random.nextInt(-1, 2);
    }
    return vector;
  }

  String vectorName() {
    var names = List.copyOf(schema.vectors().keySet());
    return names.get(random.nextInt(names.size()));
  }
}
