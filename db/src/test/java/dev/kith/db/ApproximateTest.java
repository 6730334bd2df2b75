package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Collections whose large segments have an approximate index. */
@ExtendWith(Seeded.class)
class ApproximateTest {
  private static final int D = 12;
  private static final int ROWS = 12_000;
  private static final int K = 10;
  private static final int QUERIES = 60;

  private static Schema schema(String index) {
    return Schema.of(VectorField.of(D, Metric.L2).withIndex(index))
        .withField("odd", FieldType.BOOL)
        .withField("part", FieldType.INTEGER);
  }

  private static ClusteredVectors data(long seed) {
    return new ClusteredVectors(D, 6, 40, 0.6, seed);
  }

  private static List<Point> points(long seed, int first, int count) {
    try (var rows = data(seed).generate(first, count)) {
      return IntStream.range(0, count)
          .mapToObj(
              i -> {
                int id = first + i;
                var payload = Payload.of(Map.of("odd", id % 2 == 1, "part", id % 7));
                return Point.of(PointId.of(id), rows.row(i), payload);
              })
          .toList();
    }
  }

  private static List<float[]> queries(long seed) {
    try (var rows = data(seed).generate(1_000_000, QUERIES)) {
      return IntStream.range(0, QUERIES).mapToObj(rows::row).toList();
    }
  }

  private static long indexedRows(Collection collection) {
    return collection.stats().indexes().getFirst().indexedRows();
  }

  private static float[] vector(@Nullable Point point) {
    return requireNonNull(requireNonNull(point).vectors().get(Schema.VECTOR));
  }

  private static List<PointId> ids(QueryResult result) {
    return result.hits().stream().map(Hit::id).toList();
  }

  /** Share of the exact answers' points that were found; scores are those of the exact answers. */
  private static double recall(Collection collection, List<Query> asked) {
    long found = 0;
    long wanted = 0;
    for (var query : asked) {
      var exact = collection.query(query.exact());
      assertThat(exact.report().proved()).isTrue();
      assertThat(exact.report().expectedRecall()).isEqualTo(ExpectedRecall.EXACT);
      var result = collection.query(query);
      var nearest = new HashSet<>(ids(exact));
      found += ids(result).stream().filter(nearest::contains).count();
      wanted += nearest.size();
      assertThat(result.hits()).hasSameSizeAs(exact.hits());
      double last = Double.NEGATIVE_INFINITY;
      for (var hit : result.hits()) {
        var vector = vector(collection.get(hit.id()));
        var target = ((Query.Nearest) query.source()).query();
        assertThat(hit.score()).isEqualTo(Metric.L2.score(Metric.L2.key(target, vector)));
        assertThat(hit.score()).isGreaterThanOrEqualTo(last);
        last = hit.score();
      }
    }
    return (double) found / wanted;
  }

  private static List<Query> asked(long seed) {
    return queries(seed).stream().map(Query::nearest).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"graph(r=16)", "hnsw(m=8)", "vamana(degree=16)", "ivf(lists=60)"})
  void query_builtIndex_findsTheRecallAskedForAndSaysSo(String index, @TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("c", schema(index));
      points.upsert(points(1, 0, ROWS));
      assertThat(points.query(asked(1).getFirst()).report().proved()).as("no index yet").isTrue();
      assertThat(points.buildIndexes(_ -> {}, () -> false)).isTrue();
      assertThat(indexedRows(points)).isEqualTo(ROWS);
      assertThat(points.stats().indexes().getFirst().indexBytes()).isPositive();
    }
    try (var kith = Kith.open(folder)) {
      var points = kith.collection("c");
      assertThat(points.verify()).isEmpty();
      var asked = asked(1);
      assertThat(recall(points, asked)).isGreaterThanOrEqualTo(0.93);
      assertThat(recall(points, asked.stream().map(query -> query.recall(0.99)).toList()))
          .isGreaterThanOrEqualTo(0.98);
      var result = points.query(asked.getFirst());
      assertThat(result.report().indexes()).containsExactly(index);
      if (!result.report().proved()) {
        assertThat(requireNonNull(result.report().expectedRecall()).mean()).isBetween(0.5, 1.0);
      }
    }
  }

  /** Small segments are scanned and proved, large ones walked, for the recall that it names. */
  @Test
  void query_autoIndex_isExactWhileSmallAndKeepsItsRecall() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", schema("auto(recall=0.98)"));
      points.upsert(points(11, 0, 9000));
      assertThat(points.buildIndexes(_ -> {}, () -> false)).isTrue();
      var asked = asked(11);
      var small = points.query(asked.getFirst()).report();
      assertThat(small.proved()).isTrue();
      assertThat(small.indexes()).allMatch(index -> index.startsWith("flat"));
      points.upsert(points(11, 9000, ROWS - 9000));
      assertThat(points.optimize(_ -> {}, () -> false)).isTrue();
      assertThat(indexedRows(points)).isEqualTo(ROWS);
      assertThat(points.stats().indexes().getFirst().index()).isEqualTo("auto(recall=0.98)");
      assertThat(recall(points, asked)).isGreaterThanOrEqualTo(0.97);
      var large = points.query(asked.getFirst()).report();
      assertThat(large.indexes()).containsExactly("graph");
      var segments = points.stats().indexes().getFirst();
      points.setIndex("vector", "auto(recall=0.9)"); // the same graph serves
      assertThat(points.buildIndexes(_ -> {}, () -> false)).isTrue();
      assertThat(points.stats().indexes().getFirst().indexBytes()).isEqualTo(segments.indexBytes());
      assertThat(recall(points, asked)).isGreaterThanOrEqualTo(0.88);
    }
  }

  /** Live queries are audited, filters included; exact ones are not. */
  @Test
  void audit_liveQueries_isToldByStats() throws Exception {
    try (var kith = Kith.inMemory()) {
      var options = CollectionOptions.DEFAULT.withAuditEvery(1);
      var points = kith.create("c", schema("graph(r=16)"), options);
      points.upsert(points(12, 0, ROWS));
      points.buildIndexes(_ -> {}, () -> false);
      var asked = asked(12);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (points.stats().indexes().getFirst().audit() == null) {
        for (var query : asked) {
          points.query(query.where("odd == true").recall(0.9));
          points.query(query.exact());
        }
        assertThat(System.nanoTime()).as("no audit after a minute").isLessThan(end);
        TimeUnit.MILLISECONDS.sleep(10);
      }
      var audit = requireNonNull(points.stats().indexes().getFirst().audit());
      assertThat(audit.asked()).isCloseTo(0.9, within(1e-9)); // a mean of thousands
      assertThat(audit.recall()).isBetween(0.3, 1.0);
      assertThat(audit.low()).isLessThanOrEqualTo(audit.recall());
    }
  }

  /** What is fresh is seen at once, what is gone never, and an update only as it is now. */
  @Test
  void query_writesAfterTheBuild_areSeenAtOnce(SplittableRandom random) {
    long seed = random.nextLong();
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", schema("graph(r=16)"));
      points.upsert(points(seed, 0, ROWS));
      points.buildIndexes(_ -> {}, () -> false);
      for (int round = 0; round < 20; round++) {
        var target = points(seed, 50_000 + round, 1).getFirst();
        points.upsert(target);
        var query = Query.nearest(vector(target)).limit(3);
        assertThat(ids(points.query(query)).getFirst()).isEqualTo(target.id());
        points.delete(target.id());
        assertThat(ids(points.query(query))).doesNotContain(target.id());
        var moved = ids(points.query(query)).getFirst();
        points.upsert(Point.of(moved, vector(points(seed, 60_000 + round, 1).getFirst())));
        for (var hit : points.query(query).hits()) {
          var now = vector(points.get(hit.id()));
          assertThat(hit.score()).isEqualTo(Metric.L2.score(Metric.L2.key(vector(target), now)));
        }
      }
    }
  }

  @Test
  void query_filters_keepTheRecallAmongThosePassing() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", schema("graph(r=16)"));
      points.upsert(points(3, 0, ROWS));
      points.buildIndexes(_ -> {}, () -> false);
      points.delete(Filter.parse("part == 3"));
      for (var filter :
          List.of("odd == true", "part == 2", "part == 3", "part < 6 and odd == false")) {
        var asked = asked(3).stream().map(query -> query.where(filter)).toList();
        if (filter.equals("part == 3")) {
          assertThat(points.query(asked.getFirst()).hits()).isEmpty();
        } else {
          assertThat(recall(points, asked)).as(filter).isGreaterThanOrEqualTo(0.93);
        }
      }
    }
  }

  /** Several segments, indexed and scanned ones: one order, one report. */
  @Test
  void query_indexedAndScannedSegments_mergesByKey(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("c", schema("graph(r=16)"));
      points.upsert(points(4, 0, ROWS));
      points.checkpoint();
      points.buildIndexes(_ -> {}, () -> false);
      points.upsert(points(4, ROWS, 3000));
      points.checkpoint();
      assertThat(points.stats().segments()).isGreaterThan(1);
      assertThat(indexedRows(points)).isEqualTo(ROWS);
      var asked = asked(4);
      assertThat(recall(points, asked)).isGreaterThanOrEqualTo(0.94);
      var report = points.query(asked.getFirst().recall(0.9)).report();
      assertThat(report.indexes()).contains("graph(r=16)").hasSizeGreaterThan(1);
      assertThat(report.proved()).isFalse();
      assertThat(report.work().hops()).isPositive();
      assertThat(requireNonNull(report.expectedRecall()).mean()).isBetween(0.8, 1.0);
      // All of a batch at once gives what each gives alone.
      var together = points.queryBatch(asked);
      for (int q = 0; q < asked.size(); q++) {
        assertThat(ids(together.get(q))).isEqualTo(ids(points.query(asked.get(q))));
      }
      var fused = points.query(asked.getFirst().exact().rescoredBy("vector", new float[D]));
      assertThat(fused.report().proved()).isTrue();
      assertThat(points.optimize(_ -> {}, () -> false)).isTrue();
      assertThat(points.stats().segments()).isEqualTo(1);
      assertThat(indexedRows(points)).isEqualTo(ROWS + 3000);
    }
  }

  /** Half of the points go and others come: merges build graphs from what older ones hold. */
  @Test
  void optimize_afterManyWrites_keepsTheRecall() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", schema("graph(r=16)"));
      points.upsert(points(9, 0, ROWS));
      points.buildIndexes(_ -> {}, () -> false);
      for (int part = 0; part < 3; part++) {
        points.delete(Filter.parse("part == " + part));
        points.upsert(points(9, ROWS * (part + 1), ROWS / 6));
      }
      assertThat(points.optimize(_ -> {}, () -> false)).isTrue();
      assertThat(points.stats().segments()).isEqualTo(1);
      assertThat(indexedRows(points)).isEqualTo(points.count());
      assertThat(recall(points, asked(9))).isGreaterThanOrEqualTo(0.93);
      assertThat(points.verify()).isEmpty();
    }
  }

  @Test
  void setIndex_liveCollection_buildsInTheBackgroundWhileQueriesGoOn() throws Exception {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", schema("flat"));
      points.upsert(points(5, 0, ROWS));
      points.checkpoint();
      points.setIndex("vector", "graph(r=16)");
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      long asked = 0;
      while (indexedRows(points) < ROWS) {
        assertThat(points.query(Query.nearest(new float[D])).hits()).hasSize(K);
        asked++;
        assertThat(System.nanoTime()).as("no index after two minutes").isLessThan(end);
        TimeUnit.MILLISECONDS.sleep(20);
      }
      assertThat(asked).isPositive();
      points.setIndex("vector", "flat");
      points.optimize();
      assertThat(indexedRows(points)).isZero();
      assertThat(points.query(Query.nearest(new float[D]).recall(0.5)).report().proved()).isTrue();
    }
  }

  /** A closed collection does not wait for its builds, and a later one does what is missing. */
  @Test
  void close_whileAnIndexIsBuilt_losesNothing(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("c", schema("graph(r=48,efc=200)"));
      points.upsert(points(6, 0, 30_000));
      points.checkpoint(); // a build begins in the background
    }
    try (var kith = Kith.open(folder)) {
      var points = kith.collection("c");
      assertThat(points.count()).isEqualTo(30_000);
      assertThat(points.verify()).isEmpty();
      assertThat(points.buildIndexes(_ -> {}, () -> true)).as("stopped").isFalse();
      assertThat(points.count()).isEqualTo(30_000);
      assertThat(points.query(Query.nearest(new float[D])).hits()).hasSize(K);
    }
  }

  @Test
  void verify_damagedIndex_isNamed(@TempDir Path folder) throws Exception {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("c", schema("graph(r=16)"));
      points.upsert(points(7, 0, ROWS));
      points.buildIndexes(_ -> {}, () -> false);
    }
    var file = new ArrayList<Path>();
    try (var all = Files.walk(folder)) {
      all.filter(path -> path.toString().endsWith(".vei")).forEach(file::add);
    }
    assertThat(file).hasSize(1);
    var bytes = Files.readAllBytes(file.getFirst());
    bytes[bytes.length / 2] ^= 1;
    Files.write(file.getFirst(), bytes);
    var name = file.getFirst().getFileName().toString();
    try (var kith = Kith.open(folder)) {
      assertThat(String.join("\n", kith.collection("c").verify())).contains(name);
    }
    try (var kith = Kith.open(folder)) {
      var points = kith.collection("c");
      assertThatThrownBy(() -> points.query(Query.nearest(new float[D])))
          .hasMessageContaining(name);
    }
  }

  @Test
  void effort_unfitForTheIndex_isRefusedByName() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", schema("graph(r=16)"));
      points.upsert(points(8, 0, ROWS));
      points.buildIndexes(_ -> {}, () -> false);
      var query = Query.nearest(new float[D]);
      assertThatThrownBy(() -> points.query(query.effort(new Effort.Probes(3))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("an index graph(r=16) has no lists to probe: ask for a recall or a beam");
      assertThat(points.query(query.effort(new Effort.Beam(20))).report().work().hops())
          .isPositive();
      assertThatThrownBy(() -> query.recall(0))
          .hasMessage("recall must be above 0 and at most 1: 0.0");
      assertThat(query.recall(0.9)).isNotEqualTo(query).isEqualTo(query.recall(0.9));
    }
  }

  @Test
  void setIndex_unfitForTheDimension_isRefusedAndChangesNothing() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("c", schema("flat"));
      points.upsert(points(10, 0, 20));
      for (var spec : List.of("ivf(lists=20,codes=pq48x4)", "flat(shadow=pq48x4)")) {
        assertThatThrownBy(() -> points.setIndex("vector", spec))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("product codes have at most one part an element: ")
            .hasMessageEndingWith("parts=48, dimension=12; ask for fewer parts");
      }
      assertThatThrownBy(() -> points.setIndex("vector", "graph(dims=13)"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "dims must be at most the 12 elements of a vector: 13; ask for dims=all to code all");
      assertThat(points.schema().vector("vector").index()).hasToString("flat");
      points.upsert(points(10, 20, 20));
      assertThat(points.count()).isEqualTo(40);
    }
  }
}
