package dev.kith.db.filter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.core.metric.Metric;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Random payloads and filters that fit a schema of any field types. Values come from small pools,
 * so that filters hold for some points and not for others, and from the edges of their types.
 */
public final class RandomFilters {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final List<String> KEYWORDS =
      List.of(
          "",
          "a",
          "b",
          "en",
          "EN",
          "draft",
          "a'b\\c",
          "grün",
          "\uD83D\uDE00",
          "two words",
          "long ".repeat(80));
  private static final List<String> WORDS =
      List.of("the", "Parthenon", "on", "a", "hill", "42", "don't", "grün", "lentils", "LAW");
  private static final List<Long> LONGS =
      List.of(
          0L,
          1L,
          2L,
          -1L,
          2020L,
          9007199254740992L,
          9007199254740993L,
          Long.MAX_VALUE,
          Long.MAX_VALUE - 1,
          Long.MIN_VALUE,
          Long.MIN_VALUE + 1);
  private static final List<Double> DOUBLES =
      List.of(
          0.0,
          -0.0,
          1.0,
          2.5,
          2020.0,
          2020.5,
          -1.0,
          9007199254740992.0,
          9007199254740994.0,
          Double.MIN_VALUE,
          -Double.MIN_VALUE,
          Double.MAX_VALUE,
          -Double.MAX_VALUE,
          0x1p63,
          -0x1p63,
          1e300);
  private static final List<String> TIMES =
      List.of(
          "2024-05-01",
          "2024-05-01T00:00:00Z",
          "2024-05-01T02:00+02:00",
          "2024-05-01T10:00:00",
          "2024-05-01T10:00:00.001Z",
          "2024-05-01T10:00:00.0015Z",
          "2024-05-01T10:00:00.002Z",
          "1969-12-31T23:59:59.9995Z",
          "1969-12-31T23:59:59.999Z",
          "+12024-01-01",
          "-0044-03-15T12:00:00-05:30");
  private static final double[] LATITUDES = {0, 52.5, 52.51, 52.6, -33.9, 90, -90, 89.9999999};
  private static final double[] LONGITUDES = {
    0, 13.4, 13.41, 13.5, 151.2, 180, -180, 179.99, -179.9
  };
  private static final double[] METRES = {0, 0.5, 1200, 2000, 30_000, 1e6, 1.2e7, 2.1e7, 1e9};

  private final SplittableRandom random;
  private final Schema schema;
  private final List<String> paths;

  /** Of that schema, which has a field at least. */
  public RandomFilters(SplittableRandom random, Schema schema) {
    this.random = random;
    this.schema = schema;
    this.paths = List.copyOf(schema.fields().keySet());
  }

  /** One vector, a field of every type, and nested ones. */
  public static Schema schema() {
    return Schema.of(2, Metric.L2)
        .withField("lang", FieldType.KEYWORD)
        .withField("title", FieldType.TEXT)
        .withField("year", FieldType.INTEGER)
        .withField("price", FieldType.FLOAT)
        .withField("ok", FieldType.BOOL)
        .withField("at", FieldType.DATETIME)
        .withField("place", FieldType.GEO)
        .withField("place.name", FieldType.KEYWORD)
        .withField("a.b.year", FieldType.INTEGER)
        .withField("a.b.lang", FieldType.KEYWORD)
        .withField("a.title", FieldType.TEXT);
  }

  /** Some of the same paths, each of any type, strict or not. */
  public static Schema schema(SplittableRandom random) {
    var types = FieldType.values();
    var fields = new LinkedHashMap<String, FieldType>();
    while (fields.isEmpty()) {
      for (var path : schema().fields().keySet()) {
        if (random.nextInt(3) > 0) {
          fields.put(path, types[random.nextInt(types.length)]);
        }
      }
    }
    return new Schema(schema().vectors(), fields, random.nextBoolean());
  }

  /**
   * The same paths, each of a type that values at paths without a name can have too.
   *
   * @param fixed types that are not to be drawn
   */
  public static Schema plainSchema(SplittableRandom random, Schema fixed) {
    var plain =
        List.of(
            FieldType.KEYWORD,
            FieldType.INTEGER,
            FieldType.FLOAT,
            FieldType.BOOL,
            FieldType.DATETIME);
    var fields = new LinkedHashMap<>(fixed.fields());
    for (var path : schema().fields().keySet()) {
      fields.putIfAbsent(path, plain.get(random.nextInt(plain.size())));
    }
    return new Schema(schema().vectors(), fields, false);
  }

  /** An id out of 64 numbers, some strings and UUIDs. */
  public PointId id() {
    return switch (random.nextInt(8)) {
      case 0 -> PointId.of(new UUID(1, random.nextInt(4)));
      case 1 -> PointId.of(new UUID(1, random.nextInt(4)).toString());
      case 2 -> PointId.of(Integer.toString(random.nextInt(4)));
      case 3 -> PointId.of(-1 - random.nextInt(4));
      default -> PointId.of(random.nextInt(64));
    };
  }

  /** Some of the fields, each with a value, an array, nothing but nulls, or null. */
  public Payload payload() {
    var tree = JSON.objectNode();
    for (var path : paths) {
      if (random.nextInt(3) > 0) {
        put(tree, path);
      }
    }
    return Payload.parse(tree.toString());
  }

  /** Where the path leads, through arrays or not, or at the key that is the whole path. */
  private void put(ObjectNode tree, String path) {
    var type = type(path);
    if (path.indexOf('.') > 0 && random.nextInt(12) == 0) {
      tree.set(path, value(type));
      return;
    }
    var keys = path.split("\\.", -1);
    var objects = List.of(tree);
    for (int i = 0; i < keys.length - 1; i++) {
      var below = new ArrayList<ObjectNode>();
      for (var object : objects) {
        below.addAll(inside(object, keys[i]));
      }
      objects = below;
    }
    for (var object : objects) {
      object.set(keys[keys.length - 1], value(type));
    }
  }

  private FieldType type(String path) {
    return Objects.requireNonNull(schema.field(path));
  }

  private List<ObjectNode> inside(ObjectNode object, String key) {
    var there = object.get(key);
    if (there instanceof ObjectNode one) {
      return List.of(one);
    }
    if (there == null && random.nextBoolean()) {
      return schema.field(key) == null ? List.of(object.putObject(key)) : List.of();
    }
    if (there == null && schema.field(key) == null) {
      var array = object.putArray(key);
      array.addNull();
      return List.of(array.addObject(), array.addArray().addObject());
    }
    var objects = new ArrayList<ObjectNode>();
    if (there != null) {
      there.forEach(
          element -> {
            if (element instanceof ObjectNode one) {
              objects.add(one);
            }
          });
    }
    return objects;
  }

  private JsonNode value(FieldType type) {
    return switch (random.nextInt(8)) {
      case 0 -> JSON.nullNode();
      case 1, 2, 3 -> {
        var array = JSON.arrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(random.nextInt(6) == 0 ? JSON.nullNode() : one(type));
        }
        yield random.nextInt(6) == 0 ? JSON.arrayNode().add(array) : array;
      }
      default -> one(type);
    };
  }

  private JsonNode one(FieldType type) {
    return switch (type) {
      case KEYWORD -> JSON.textNode(pick(KEYWORDS));
      case TEXT -> JSON.textNode(random.nextInt(8) == 0 ? "!!!" : words(5));
      case INTEGER ->
          random.nextInt(8) == 0
              ? JSON.numberNode(new BigDecimal("2020.0"))
              : JSON.numberNode(pick(LONGS));
      case FLOAT ->
          random.nextInt(4) == 0 ? JSON.numberNode(pick(LONGS)) : JSON.numberNode(pick(DOUBLES));
      case BOOL -> JSON.booleanNode(random.nextBoolean());
      case DATETIME -> JSON.textNode(pick(TIMES));
      case GEO -> JSON.objectNode().put("lat", pick(LATITUDES)).put("lon", pick(LONGITUDES));
    };
  }

  /** A filter that fits the schema, with at most so many levels of and, or and not. */
  public Filter filter(int depth) {
    if (depth > 0 && random.nextInt(4) > 0) {
      return switch (random.nextInt(5)) {
        case 0, 1 -> Filter.all(parts(depth));
        case 2, 3 -> Filter.any(parts(depth));
        default -> Filter.not(filter(depth - 1));
      };
    }
    return random.nextInt(10) == 0 ? Filter.ids(many(this::id)) : test(pick(paths));
  }

  private List<Filter> parts(int depth) {
    return many(() -> filter(depth - 1));
  }

  private Filter test(String path) {
    var field = Filter.field(path);
    if (random.nextInt(8) == 0) {
      return random.nextBoolean() ? field.isNull() : field.exists();
    }
    var type = type(path);
    return switch (type) {
      case KEYWORD, BOOL ->
          random.nextBoolean() ? field.in(many(() -> wanted(type))) : field.isNot(wanted(type));
      case INTEGER, FLOAT, DATETIME ->
          switch (random.nextInt(7)) {
            case 0 -> field.in(many(() -> wanted(type)));
            case 1 -> field.notIn(many(() -> wanted(type)));
            case 2 -> field.between(wanted(type), wanted(type));
            case 3 -> field.above(wanted(type));
            case 4 -> field.atLeast(wanted(type));
            case 5 -> field.below(wanted(type));
            default -> field.atMost(wanted(type));
          };
      case TEXT -> field.matches(words(3));
      case GEO ->
          random.nextBoolean()
              ? field.withinRadius(pick(LATITUDES), pick(LONGITUDES), pick(METRES))
              : box(field);
    };
  }

  private Filter box(Field field) {
    double one = pick(LATITUDES);
    double other = pick(LATITUDES);
    return field.withinBox(
        Math.max(one, other), pick(LONGITUDES), Math.min(one, other), pick(LONGITUDES));
  }

  private Value wanted(FieldType type) {
    return switch (type) {
      case KEYWORD -> Value.of(pick(KEYWORDS));
      case BOOL -> Value.of(random.nextBoolean());
      case DATETIME -> Value.of(pick(TIMES));
      default -> random.nextBoolean() ? Value.of(pick(LONGS)) : Value.of(pick(DOUBLES));
    };
  }

  private String words(int most) {
    var words = new StringBuilder(pick(WORDS));
    for (int i = random.nextInt(most); i > 0; i--) {
      words.append(random.nextBoolean() ? " " : ", ").append(pick(WORDS));
    }
    return words.toString();
  }

  private <T> List<T> many(Supplier<T> one) {
    var many = new ArrayList<T>();
    for (int i = random.nextInt(4); i > 0; i--) {
      many.add(one.get());
    }
    return many;
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private double pick(double[] values) {
    return values[random.nextInt(values.length)];
  }
}
