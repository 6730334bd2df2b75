package dev.kith.db;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.db.durability.Durability;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.NaiveFilter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.testing.SimulatedDisk;
import dev.kith.db.testing.Trees;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Random operations on collections, compared with a map and the definition after each. */
@ExtendWith(Seeded.class)
class CollectionModelTest {
  private static final String NAME = "points";

  /** A collection and what it must be. */
  private static final class Run {
    final SplittableRandom random;
    final Model model;
    final RandomPoints points;
    CollectionOptions options = CollectionOptions.DEFAULT;
    Kith kith;
    Collection collection;

    Run(SplittableRandom random, Kith kith) {
      this.random = random;
      this.kith = kith;
      this.model = new Model(RandomPoints.schema(random));
      this.points = new RandomPoints(random, model.schema);
      this.collection = kith.create(NAME, model.schema);
    }

    void steps(int count) {
      for (int i = 0; i < count; i++) {
        step();
      }
      model.check(collection);
      assertThat(collection.verify()).isEmpty();
    }

    private void step() {
      switch (random.nextInt(21)) {
        case 0, 1, 2, 3 -> upsert();
        case 4 -> delete();
        case 5 -> deleteByFilter();
        case 6 -> replacePayload();
        case 7, 8, 9 -> nearest();
        case 10 -> nearestTo();
        case 11 -> batch();
        case 12 -> readPoints();
        case 13 -> counts();
        case 14 -> grouped();
        case 15 -> insertIfAbsent();
        case 16 -> mergePayload();
        case 17 -> removeKeys();
        case 18 -> updateVectors();
        case 19 -> ordered();
        default -> {
          switch (random.nextInt(6)) {
            case 0 -> collection.optimize();
            case 1, 2 -> collection.checkpoint();
            case 3 -> model.check(collection);
            default -> recommend();
          }
        }
      }
    }

    private void upsert() {
      var batch = points.points(12);
      collection.upsert(batch);
      batch.forEach(model::upsert);
    }

    private List<PointId> ids() {
      return IntStream.range(0, random.nextInt(5)).mapToObj(_ -> points.filters.id()).toList();
    }

    private void delete() {
      var ids = ids();
      collection.delete(ids);
      ids.forEach(model.points::remove);
    }

    private void deleteByFilter() {
      var filter = points.filters.filter(2).and(points.filters.filter(2));
      var matching = model.matching(filter);
      assertThat(collection.delete(filter)).as("%s", filter).isEqualTo(matching.size());
      matching.forEach(model.points::remove);
    }

    private void replacePayload() {
      var payload = points.filters.payload();
      change(
          ids -> collection.replacePayload(ids, payload),
          filter -> collection.replacePayload(filter, payload),
          ids -> model.replacePayload(ids, payload));
    }

    /** Runs a change by ids, or by a filter, and tells the model of the points that it is for. */
    private void change(
        ToIntFunction<List<PointId>> byIds,
        ToLongFunction<Filter> byFilter,
        Consumer<List<PointId>> expected) {
      if (random.nextBoolean()) {
        var ids = ids(); // of which some may be there twice
        long there = new HashSet<>(ids).stream().filter(model.points::containsKey).count();
        assertThat(byIds.applyAsInt(ids)).isEqualTo((int) there);
        expected.accept(ids);
      } else {
        var filter = points.filters.filter(2);
        var matching = model.matching(filter);
        assertThat(byFilter.applyAsLong(filter)).as("%s", filter).isEqualTo(matching.size());
        expected.accept(matching);
      }
    }

    private void insertIfAbsent() {
      var batch = points.points(12);
      int before = model.points.size();
      int inserted = collection.insertIfAbsent(batch);
      batch.forEach(model::insertIfAbsent);
      assertThat(inserted).isEqualTo(model.points.size() - before);
    }

    private void mergePayload() {
      var values = points.filters.payload();
      change(
          ids -> collection.mergePayload(ids, values),
          filter -> collection.mergePayload(filter, values),
          ids -> model.mergePayload(ids, values));
    }

    private void removeKeys() {
      var paths = new ArrayList<>(List.of("a", "a.b", "place", "gone", "gone.deeper"));
      paths.addAll(model.schema.fields().keySet());
      var some = paths.stream().filter(_ -> random.nextInt(3) == 0).toList();
      change(
          ids -> collection.removeKeys(ids, some),
          filter -> collection.removeKeys(filter, some),
          ids -> model.removeKeys(ids, some));
    }

    private void updateVectors() {
      String name = points.vectorName();
      var rows = new HashMap<PointId, float[]>();
      if (random.nextBoolean()) {
        ids().forEach(id -> rows.put(id, points.vector(name)));
        long there = rows.keySet().stream().filter(model.points::containsKey).count();
        assertThat(collection.updateVectors(name, rows)).isEqualTo((int) there);
      } else {
        var filter = points.filters.filter(2);
        model.matching(filter).stream()
            .filter(_ -> random.nextInt(4) > 0) // the others are left as they are
            .forEach(id -> rows.put(id, points.vector(name)));
        assertThat(collection.updateVectors(name, filter, point -> rows.get(point.id())))
            .isEqualTo(rows.size());
      }
      model.updateVectors(name, rows);
    }

    private Query refined(Query query) {
      var refined = query.limit(random.nextInt(12) + 1);
      if (random.nextInt(3) == 0) {
        refined = refined.offset(random.nextInt(5));
      }
      return random.nextBoolean() ? refined.where(points.filters.filter(2)) : refined;
    }

    private void nearest() {
      String name = points.vectorName();
      var vector = points.vector(name);
      var query = refined(Query.nearest(name, vector));
      var result = collection.query(query);
      Model.sameHits(result.hits(), model.nearest(query, name, vector, List.of()));
      assertThat(result.report().proved()).isTrue();
      for (var hit : result.hits()) {
        assertThat(hit.payload()).isEqualTo(point(hit.id()).payload());
      }
      threshold(query, result.hits());
    }

    /** The score of some hit as the threshold leaves it and all better ones. */
    private void threshold(Query query, List<Hit> hits) {
      if (!hits.isEmpty()) {
        double score = hits.get(random.nextInt(hits.size())).score();
        var expected = hits.stream().filter(hit -> noWorse(query, hit.score(), score)).toList();
        Model.sameHits(collection.query(query.threshold(score)).hits(), expected);
      }
    }

    private boolean noWorse(Query query, double score, double threshold) {
      var metric = model.schema.vector(((Query.Nearest) query.source()).vector()).metric();
      return metric == Metric.L2 ? score <= threshold : score >= threshold;
    }

    private Point point(PointId id) {
      var point = model.points.get(id);
      assertThat(point).isNotNull();
      return requireNonNull(point);
    }

    private @Nullable PointId withVector(String name) {
      var ids =
          model.points.values().stream()
              .filter(point -> point.vector(name) != null)
              .map(Point::id)
              .toList();
      return ids.isEmpty() ? null : ids.get(random.nextInt(ids.size()));
    }

    private void nearestTo() {
      var id = withVector(Schema.VECTOR);
      if (id != null) {
        var query = refined(Query.nearestTo(id));
        var vector = requireNonNull(point(id).vector(Schema.VECTOR));
        Model.sameHits(
            collection.query(query).hits(),
            model.nearest(query, Schema.VECTOR, vector, List.of(id)));
      }
    }

    private void recommend() {
      var like = withVector(Schema.VECTOR);
      var unlike = withVector(Schema.VECTOR);
      if (like == null || unlike == null) {
        return;
      }
      var query =
          refined(Query.by(new Query.Recommend(Schema.VECTOR, List.of(like), List.of(unlike))));
      var near = requireNonNull(point(like).vector(Schema.VECTOR));
      var far = requireNonNull(point(unlike).vector(Schema.VECTOR));
      var target = new float[near.length];
      for (int i = 0; i < target.length; i++) {
        target[i] = (float) (near[i] + ((double) near[i] - far[i]));
      }
      Model.sameHits(
          collection.query(query).hits(),
          model.nearest(query, Schema.VECTOR, target, List.of(like, unlike)));
    }

    private void batch() {
      String name = points.vectorName();
      var queries = new ArrayList<Query>();
      var shape = refined(Query.nearest(name, points.vector(name)));
      for (int i = 0; i < 3; i++) {
        queries.add(shape.withSource(new Query.Nearest(name, points.vector(name))));
      }
      queries.add(refined(Query.nearest("half", points.vector("half"))));
      var results = collection.queryBatch(queries);
      for (int i = 0; i < queries.size(); i++) {
        var source = (Query.Nearest) queries.get(i).source();
        Model.sameHits(
            results.get(i).hits(),
            model.nearest(queries.get(i), source.vector(), source.query(), List.of()));
      }
    }

    private void readPoints() {
      var ids = ids();
      for (var id : ids) {
        Model.same(collection.get(id), model.points.get(id));
      }
      var filter = random.nextBoolean() ? null : points.filters.filter(2);
      var expected = model.matching(filter);
      var read = new ArrayList<PointId>();
      try (var stream = collection.stream(filter)) {
        assertThat(stream.map(Point::id)).isEqualTo(expected);
      }
      PointId after = null;
      int size = random.nextInt(20) + 1;
      do {
        var page = collection.scroll(filter, after, size);
        page.points().forEach(point -> read.add(point.id()));
        after = page.next();
      } while (after != null);
      assertThat(read).isEqualTo(expected);
    }

    private void counts() {
      var filter = random.nextInt(4) == 0 ? null : points.filters.filter(2);
      var matching = model.matching(filter);
      assertThat(collection.count(filter)).as("%s", filter).isEqualTo(matching.size());
      for (var field : model.schema.fields().entrySet()) {
        if (field.getValue() == FieldType.KEYWORD || field.getValue() == FieldType.INTEGER) {
          assertThat(collection.facet(field.getKey(), filter, 5))
              .isEqualTo(facets(field.getKey(), field.getValue(), matching));
        }
      }
    }

    /** The values of a point, found by asking the naive filter for each value that any has. */
    private Set<String> values(Point point, String path, FieldType type) {
      var found = new LinkedHashSet<String>();
      for (var value : possibleValues(type)) {
        var filter =
            type == FieldType.INTEGER
                ? Filter.field(path).is(Long.parseLong(value))
                : Filter.field(path).is(value);
        if (NaiveFilter.matches(filter, point.id(), point.payload(), model.schema)) {
          found.add(value);
        }
      }
      return found;
    }

    /** Every string, or every integer, that stands in some payload. */
    private Set<String> possibleValues(FieldType type) {
      var found = new LinkedHashSet<String>();
      for (var point : model.points.values()) {
        leaves(Trees.of(point.payload()), type, found);
      }
      return found;
    }

    private static void leaves(JsonNode node, FieldType type, Set<String> found) {
      node.forEach(child -> leaves(child, type, found));
      if (type == FieldType.KEYWORD && node.isTextual()) {
        found.add(node.textValue());
      } else if (type == FieldType.INTEGER && node.isNumber()) {
        var number = node.decimalValue();
        if (number.stripTrailingZeros().scale() <= 0
            && number.abs().compareTo(BigDecimal.TWO.pow(64)) < 0) {
          var integer = number.toBigIntegerExact();
          if (integer.bitLength() < 64) {
            found.add(integer.toString());
          }
        }
      }
    }

    private List<Facet> facets(String path, FieldType type, List<PointId> matching) {
      var counts = new TreeMap<String, Long>();
      for (var id : matching) {
        values(point(id), path, type).forEach(value -> counts.merge(value, 1L, Long::sum));
      }
      Comparator<Facet> smaller =
          type == FieldType.INTEGER
              ? Comparator.comparingLong(facet -> Long.parseLong(facet.value()))
              : Comparator.comparing(Facet::value);
      return counts.entrySet().stream()
          .map(entry -> new Facet(entry.getKey(), entry.getValue()))
          .sorted(Comparator.comparingLong(Facet::points).reversed().thenComparing(smaller))
          .limit(5)
          .toList();
    }

    private record Valued(PointId id, long value) {}

    /** By an integer field, of which a point may have several values. */
    private void ordered() {
      var fields =
          model.schema.fields().entrySet().stream()
              .filter(field -> field.getValue() == FieldType.INTEGER)
              .toList();
      if (fields.isEmpty()) {
        return;
      }
      String path = fields.get(random.nextInt(fields.size())).getKey();
      boolean descending = random.nextBoolean();
      var query = refined(descending ? Query.descending(path) : Query.ascending(path));
      var byValue = Comparator.comparingLong(Valued::value);
      var expected = new ArrayList<Valued>();
      for (var id : model.matching(query.filter())) {
        values(point(id), path, FieldType.INTEGER).stream()
            .map(value -> new Valued(id, Long.parseLong(value)))
            .min(descending ? byValue.reversed() : byValue)
            .ifPresent(expected::add);
      }
      expected.sort((descending ? byValue.reversed() : byValue).thenComparing(Valued::id));
      var hits =
          expected.stream()
              .skip(query.offset())
              .limit(query.limit())
              .map(one -> new Hit(one.id, one.value, null, Map.of()))
              .toList();
      Model.sameHits(collection.query(query).hits(), hits);
    }

    private void grouped() {
      var fields =
          model.schema.fields().entrySet().stream()
              .filter(field -> field.getValue() == FieldType.KEYWORD)
              .toList();
      if (fields.isEmpty()) {
        return;
      }
      String path = fields.get(random.nextInt(fields.size())).getKey();
      var vector = points.vector(Schema.VECTOR);
      var query = Query.nearest(vector);
      var all = query.limit(model.points.size() + 1);
      var ranked = model.nearest(all, Schema.VECTOR, vector, List.of());
      var expected = new ArrayList<String>();
      for (var hit : ranked) {
        var values = values(point(hit.id()), path, FieldType.KEYWORD);
        values.stream()
            .sorted((a, b) -> Arrays.compareUnsigned(a.getBytes(UTF_8), b.getBytes(UTF_8)))
            .filter(value -> !expected.contains(value))
            .forEach(expected::add);
      }
      var grouped = collection.queryGrouped(query, path, 3, 2);
      assertThat(grouped.groups()).hasSize(Math.min(3, expected.size()));
      for (int i = 0; i < grouped.groups().size(); i++) {
        var group = grouped.groups().get(i);
        assertThat(group.value()).isEqualTo(expected.get(i));
        Model.sameHits(
            group.hits(),
            ranked.stream()
                .filter(
                    hit -> values(point(hit.id()), path, FieldType.KEYWORD).contains(group.value()))
                .limit(2)
                .toList());
      }
    }

    void open(Kith newKith) {
      kith = newKith;
      collection = kith.collection(NAME, options);
    }
  }

  @Test
  void inMemory_randomOperations_equalTheModel(SplittableRandom random) {
    for (int round = 0; round < 3 * Seeded.effort(); round++) {
      try (var kith = Kith.inMemory()) {
        new Run(random, kith).steps(150);
      }
    }
  }

  @Test
  void inFolder_randomOperationsAndReopening_equalTheModel(
      SplittableRandom random, @TempDir Path folder) {
    for (int round = 0; round < Seeded.effort(); round++) {
      var path = folder.resolve("db" + round);
      var run = new Run(random, Kith.open(path));
      for (int i = 0; i < 6; i++) {
        run.steps(40);
        run.kith.close();
        run.options =
            CollectionOptions.DEFAULT
                .withDurability(List.of(Durability.values()).get(random.nextInt(3)))
                .withRefreshInterval(Duration.ZERO)
                .withCheckpointBytes(random.nextBoolean() ? 1 : 1 << 20);
        run.open(Kith.open(path));
        run.model.check(run.collection);
      }
      run.collection.snapshot(folder.resolve("snapshot" + round));
      run.upsert();
      run.kith.drop(NAME);
      assertThat(run.kith.list()).isEmpty();
      run.kith.close();
    }
  }

  @Test
  void snapshot_restored_isWhatItWas(SplittableRandom random, @TempDir Path folder) {
    try (var kith = Kith.open(folder.resolve("db"))) {
      var run = new Run(random, kith);
      run.steps(60);
      run.collection.snapshot(folder.resolve("snapshot"));
      var then = new Model(run.model.schema);
      then.points.putAll(run.model.points);
      run.steps(20);
      then.check(kith.restore("restored", folder.resolve("snapshot")));
      run.model.check(run.collection);
    }
  }

  @Test
  void simulatedDisk_powerCutsBetweenOperations_loseNothing(SplittableRandom random) {
    for (int round = 0; round < 3 * Seeded.effort(); round++) {
      var disk = new SimulatedDisk();
      var run = new Run(random, Kith.open(disk.path("/db")));
      run.options = CollectionOptions.DEFAULT.withCheckpointBytes(20_000);
      for (int i = 0; i < 8; i++) {
        run.steps(20);
        // The machine is gone: nobody closes anything.
        disk = random.nextBoolean() ? disk.crash(random) : disk.kill();
        run.open(Kith.open(disk.path("/db")));
        run.model.check(run.collection);
      }
      run.kith.close();
    }
  }

  @Test
  void addField_ofPointsThatAreThere_isSeenByFilters(SplittableRandom random) {
    try (var kith = Kith.inMemory()) {
      var collection = kith.create(NAME, Schema.of(2, Metric.L2));
      for (int i = 0; i < 1200; i++) {
        collection.upsert(
            Point.of(PointId.of(i), new float[] {i, 0}, Payload.of("year", i % 7, "n", i)));
      }
      collection.addField("year", FieldType.INTEGER);
      var even = Filter.parse("year == " + random.nextInt(7));
      long expected =
          IntStream.range(0, 1200)
              .filter(i -> even.equals(Filter.parse("year == " + i % 7)))
              .count();
      assertThat(collection.count(even)).isEqualTo(expected);
      assertThat(collection.get(PointId.of(8))).isNotNull();
    }
  }

  @Test
  void largeSegments_withShadows_answerExactlyBeforeAndAfterMerges(SplittableRandom random) {
    var schema = Schema.of(6, Metric.COSINE).withField("part", FieldType.INTEGER);
    try (var kith = Kith.inMemory()) {
      var collection = kith.create(NAME, schema);
      var model = new Model(schema);
      for (int batch = 0; batch < 3; batch++) {
        var points = new ArrayList<Point>();
        for (int i = 0; i < 5000; i++) {
          var vector = new float[6];
          for (int j = 0; j < 6; j++) {
            vector[j] = random.nextInt(-4, 5);
          }
          var payload = Payload.of("part", i % 50);
          points.add(Point.of(PointId.of(random.nextInt(20_000)), vector, payload));
        }
        collection.upsert(points);
        points.forEach(model::upsert);
        same(collection, model, random);
      }
      collection.optimize();
      same(collection, model, random);
      assertThat(collection.stats().segments()).isEqualTo(1);
      assertThat(collection.stats().indexes().getFirst().shadowBytes()).isPositive();
      assertThat(collection.verify()).isEmpty();
    }
  }

  private static void same(Collection collection, Model model, SplittableRandom random) {
    for (int i = 0; i < 5; i++) {
      var vector = new float[6];
      for (int j = 0; j < 6; j++) {
        vector[j] = random.nextInt(-4, 5);
      }
      for (var query :
          List.of(
              Query.nearest(vector).limit(20),
              Query.nearest(vector).where("part == 3"),
              Query.nearest(vector).where("part < 25").offset(3))) {
        Model.sameHits(
            collection.query(query).hits(), model.nearest(query, Schema.VECTOR, vector, List.of()));
      }
    }
  }
}
