package dev.kith.db.transfer;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Schemas and points of all kinds. */
final class RandomPoints {
  private static final String[] TEXTS = {
    "", "a", "Ünïcode", "日本語", "😀 smile", "line\nfeed", "tab\t\"quote\" \\", "\u0000\u001f", "null"
  };
  private static final float[] FLOATS = {
    0, -0.0f, 1, -1, 0.1f, Float.MIN_VALUE, -Float.MIN_NORMAL, Float.MAX_VALUE, 16_777_216, 1e10f
  };

  private final SplittableRandom random;

  RandomPoints(SplittableRandom random) {
    this.random = random;
  }

  Schema schema(int vectors) {
    var schema = new Schema(Map.of(), Map.of(), false);
    for (int i = 0; i < vectors; i++) {
      var type =
          switch (random.nextInt(3)) {
            case 0 -> ElementType.FLOAT32;
            case 1 -> ElementType.FLOAT16;
            default -> ElementType.INT8;
          };
      String name = i == 0 && random.nextBoolean() ? Schema.VECTOR : "v" + i;
      schema =
          schema.withVector(name, VectorField.of(1 + random.nextInt(20), Metric.L2).withType(type));
    }
    return schema;
  }

  /** Points with ids of all kinds, all different. */
  List<Point> points(int count, Schema schema, boolean allVectors) {
    var points = new LinkedHashMap<PointId, Point>();
    while (points.size() < count) {
      var id = id();
      points.put(id, new Point(id, vectors(schema, allVectors), payload()));
    }
    return new ArrayList<>(points.values());
  }

  private PointId id() {
    return switch (random.nextInt(6)) {
      case 0 -> PointId.of((long) random.nextInt(100));
      case 1 -> PointId.of(random.nextLong());
      case 2 -> PointId.of(uuid());
      case 3 -> PointId.of(uuid().toString()); // a string that looks like a UUID
      case 4 -> PointId.of(Integer.toString(random.nextInt(100))); // or like a number
      default -> PointId.of("id " + TEXTS[random.nextInt(TEXTS.length)] + random.nextInt(100));
    };
  }

  private UUID uuid() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  private Map<String, float[]> vectors(Schema schema, boolean all) {
    var vectors = new HashMap<String, float[]>();
    schema
        .vectors()
        .forEach(
            (name, field) -> {
              if (all || random.nextInt(4) > 0) {
                vectors.put(name, vector(field));
              }
            });
    return vectors;
  }

  private float[] vector(VectorField field) {
    var vector = new float[field.dimension()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] =
          switch (field.type()) {
            case INT8 -> random.nextInt(256) - 128;
            case FLOAT16 -> Float.float16ToFloat((short) random.nextInt(0x7c00));
            default ->
                switch (random.nextInt(3)) {
                  case 0 -> FLOATS[random.nextInt(FLOATS.length)];
                  case 1 -> finiteBits();
                  default -> (float) random.nextDouble();
                };
          };
    }
    return vector;
  }

  private float finiteBits() {
    float value = Float.intBitsToFloat(random.nextInt());
    return Float.isFinite(value) ? value : 1;
  }

  private Payload payload() {
    return Payload.of(map(0));
  }

  private Map<String, @Nullable Object> map(int depth) {
    var map = new LinkedHashMap<String, @Nullable Object>();
    for (int i = random.nextInt(4); i > 0; i--) {
      map.put(TEXTS[random.nextInt(TEXTS.length)], value(depth));
    }
    return map;
  }

  private @Nullable Object value(int depth) {
    return switch (random.nextInt(depth < 4 ? 8 : 6)) {
      case 0 -> null;
      case 1 -> random.nextBoolean();
      case 2 -> random.nextLong();
      case 3 -> random.nextInt(100);
      case 4 -> random.nextDouble() * Math.pow(10, random.nextInt(-300, 300));
      case 5 -> TEXTS[random.nextInt(TEXTS.length)];
      case 6 -> map(depth + 1);
      default -> {
        var list = new ArrayList<@Nullable Object>();
        for (int i = random.nextInt(3); i > 0; i--) {
          list.add(value(depth + 1));
        }
        yield list;
      }
    };
  }
}
