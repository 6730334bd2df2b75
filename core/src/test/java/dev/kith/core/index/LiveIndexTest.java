package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.Limit;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class LiveIndexTest {
  private static final int K = 10;

  @TempDir Path folder;

  private static List<Long> numbers(Neighbors found) {
    return Arrays.stream(found.rows()).boxed().toList();
  }

  private static SearchOptions recall(double target) {
    return SearchOptions.nearest(K).withEffort(new Effort.Recall(target));
  }

  /** Numbers of the nearest of {@code rows}, equal keys by the slots of their numbers. */
  private static List<Long> nearest(Metric metric, Map<Long, float[]> rows, float[] query, int k) {
    return rows.keySet().stream()
        .sorted(
            Comparator.<Long>comparingDouble(
                    number ->
                        TestVectors.key(metric, query, Objects.requireNonNull(rows.get(number))))
                .thenComparingInt(Long::intValue))
        .limit(k)
        .toList();
  }

  private static void assertSame(
      Metric metric, LiveIndex index, Map<Long, float[]> rows, SplittableRandom random) {
    assertThat(index.size()).isEqualTo(rows.size());
    rows.forEach((number, row) -> assertThat(index.row(number)).isEqualTo(row));
    for (int q = 0; q < 5; q++) {
      var query = TestVectors.gaussian(random, index.dimension());
      assertThat(numbers(index.search(query, K))).isEqualTo(nearest(metric, rows, query, K));
    }
  }

  @ParameterizedTest
  @EnumSource
  void saveAndOpen_anyHistory_keepsRowsAndNumbers(Metric metric, SplittableRandom random)
      throws IOException {
    var specs = List.of("graph(r=8)", "graph(r=10,codes=int8)", "hnsw(m=4)", "vamana(degree=8)");
    for (var spec : specs) {
      int d = 1 + random.nextInt(12);
      var rows = new TreeMap<Long, float[]>();
      var all = new ArrayList<Long>();
      var index = LiveIndex.create(d, metric, spec);
      var path = folder.resolve("live.kith");
      for (int round = 0; round < 4; round++) {
        for (int step = 0; step < 150; step++) {
          if (random.nextInt(100) < 60) {
            var row = TestVectors.gaussian(random, d);
            long number = index.insert(row);
            assertThat(all).as("numbers are given once").doesNotContain(number);
            all.add(number);
            rows.put(number, row);
          } else if (!all.isEmpty()) {
            long number = all.get(random.nextInt(all.size()));
            assertThat(index.delete(number)).isEqualTo(rows.remove(number) != null);
            assertThat(index.contains(number)).isFalse();
          }
        }
        index.save(path);
        assertSame(metric, index, rows, random);
        index = LiveIndex.open(path);
        assertThat(index.spec()).hasToString(spec);
        assertThat(index.metric()).isEqualTo(metric);
        assertSame(metric, index, rows, random);

        // The same file is an index that does not change.
        var still = VectorIndex.open(path);
        still.verify();
        var inOrder =
            rows.keySet().stream().sorted(Comparator.comparingInt(Long::intValue)).toList();
        var query = TestVectors.gaussian(random, d);
        var found = still.search(query, K);
        assertThat(numbers(found).stream().map(row -> inOrder.get(row.intValue())).toList())
            .isEqualTo(numbers(index.search(query, K)));
      }
    }
  }

  @Test
  void saveAndOpen_noRows_takesRowsAfterwards() throws IOException {
    var path = folder.resolve("live.kith");
    LiveIndex.create(3, Metric.L2, "graph").save(path);
    var index = LiveIndex.open(path);
    assertThat(index.size()).isZero();
    assertThat(index.search(new float[3], 2)).isEmpty();
    long number = index.insert(new float[] {1, 2, 3});
    assertThat(numbers(index.search(new float[3], 2))).containsExactly(number);
    VectorIndex.open(path).verify();
  }

  @Test
  void over_anIndex_keepsItsRowsAndItsCurve(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 3000, 12);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(TestVectors.gaussians(random, 60, 12))) {
      var index = VectorIndex.over(source, Metric.L2, "graph(r=16)");
      var live = LiveIndex.over(index);
      var asked = recall(0.9);
      var expected = index.search(queries, asked);
      var found = live.search(queries, asked);
      assertThat(found.neighbors()).isEqualTo(expected.neighbors());
      assertThat(found.report().expectedRecall()).isEqualTo(expected.report().expectedRecall());
      assertThat(found.report().width()).isEqualTo(expected.report().width());
      assertThat(found.report().proved()).isFalse();
    }
  }

  /** Share of exact answers that are found; ties count. */
  private static double share(SearchResult exact, SearchResult found) {
    int hits = 0;
    int wanted = 0;
    for (int q = 0; q < exact.neighbors().size(); q++) {
      var best = exact.neighbors().get(q);
      var some = found.neighbors().get(q);
      for (int rank = 0; rank < best.size(); rank++) {
        hits += rank < some.size() && some.key(rank) <= best.key(best.size() - 1) ? 1 : 0;
        wanted++;
      }
    }
    return hits / (double) wanted;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.9, 0.97})
  void search_recallWhileRowsChange_isKeptAndExpectedLessUntilItIsMeasured(
      double target, @Fixed SplittableRandom random) {
    int n = 2400;
    int d = 14;
    var rows = TestVectors.gaussians(random, 2 * n, d);
    try (var source = VectorSource.of(rows);
        var queries = VectorSource.of(TestVectors.gaussians(random, 150, d))) {
      var index = LiveIndex.over(source.slice(0, n), Metric.L2, "graph(r=16)");
      var fresh = index.search(queries, recall(target)).report();
      assertThat(fresh.expectedRecall()).isNotNull();
      var own = new ArrayList<Long>();
      for (long row = 0; row < n; row++) {
        own.add(row);
      }
      double last = Objects.requireNonNull(fresh.expectedRecall()).mean();
      boolean fell = false;
      boolean rose = false;
      for (int step = 0; step < 10; step++) {
        for (int i = 0; i < n / 20; i++) {
          index.delete(own.remove(random.nextInt(own.size())));
          own.add(index.insert(rows[n + step * (n / 20) + i]));
        }
        var exact = index.search(queries, SearchOptions.nearest(K));
        assertThat(exact.report().proved()).isTrue();
        var found = index.search(queries, recall(target));
        assertThat(share(exact, found)).as("step %d", step).isGreaterThan(target - 0.01);
        var wide = index.search(queries, SearchOptions.nearest(K).withEffort(new Effort.Beam(40)));
        double mean = Objects.requireNonNull(wide.report().expectedRecall()).mean();
        // Ten rows for each of 150 queries: what is expected lies below what is measured, or near.
        assertThat(mean).as("step %d", step).isLessThan(share(exact, wide) + 0.02);
        fell |= mean < last;
        rose |= mean > last;
        last = mean;
      }
      assertThat(fell).isTrue();
      assertThat(rose).as("measured again after a share of the rows").isTrue();
    }
  }

  @Test
  void search_recallOfFewRowsOrUnlikeOnes_isExactAndSaysSo(@Fixed SplittableRandom random) {
    var index = LiveIndex.create(6, Metric.L2, "graph(r=8)");
    for (int i = 0; i < 40; i++) {
      index.insert(TestVectors.gaussian(random, 6));
    }
    var query = VectorSource.single(TestVectors.gaussian(random, 6));
    assertThat(index.search(query, recall(0.5)).report().proved()).isTrue();
    try (var source = VectorSource.of(TestVectors.gaussians(random, 1500, 6))) {
      var grown = LiveIndex.over(source, Metric.L2, "graph(r=8)");
      assertThat(grown.search(query, recall(0.9)).report().proved()).isFalse();
      for (int i = 0; i < 200; i++) { // one row in nine, which the codes do not tell apart
        var far = TestVectors.gaussian(random, 6);
        far[0] += 1000;
        grown.insert(far);
      }
      assertThat(grown.search(query, recall(0.9)).report().proved()).isTrue();
      grown.optimize();
      assertThat(grown.size()).isEqualTo(1700);
      assertThat(grown.search(query, recall(0.9)).report().expectedRecall()).isNotNull();
    }
  }

  @Test
  void calibrate_queriesElsewhere_areWhatIsExpectedFrom(@Fixed SplittableRandom random)
      throws IOException {
    int d = 16;
    var elsewhere = TestVectors.gaussians(random, 300, d);
    for (var query : elsewhere) {
      query[0] += 6;
    }
    try (var source = VectorSource.of(TestVectors.gaussians(random, 2500, d));
        var asked = VectorSource.of(elsewhere)) {
      var index = LiveIndex.over(source, Metric.L2, "graph(r=12)");
      var beam = SearchOptions.nearest(K).withEffort(new Effort.Beam(15));
      var exact = index.search(asked, SearchOptions.nearest(K));
      index.calibrate(asked);
      double measured = share(exact, index.search(asked, beam));
      var after = index.search(asked, beam).report().expectedRecall();
      assertThat(Objects.requireNonNull(after).mean()).isBetween(measured - 0.02, measured + 0.02);
      index.optimize(BuildOptions.defaults());
      var path = folder.resolve("live.kith");
      index.save(path);
      var opened = LiveIndex.open(path);
      double again = share(exact, opened.search(asked, beam));
      var kept = opened.search(asked, beam).report().expectedRecall();
      assertThat(Objects.requireNonNull(kept).mean()).isBetween(again - 0.03, again + 0.03);
      assertThatThrownBy(() -> index.calibrate(asked.slice(0, 19)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a calibration takes at least 20 queries: 19");
    }
  }

  /**
   * One thread inserts and deletes in turn, so that every moment is a window of its rows; others
   * search, save and optimize.
   */
  @Test
  void saveAndOptimize_whileOthersWriteAndSearch_holdOneMoment(@Fixed SplittableRandom random)
      throws IOException {
    int d = 8;
    int window = 400;
    var index = LiveIndex.create(d, Metric.L2, "graph(r=8)");
    var rows = new ArrayList<float[]>();
    var given = new HashMap<Long, Integer>();
    for (int i = 0; i < window; i++) {
      rows.add(TestVectors.gaussian(random, d));
      given.put(index.insert(rows.getLast()), i);
    }
    var order = Collections.synchronizedMap(given);
    var done = new AtomicBoolean();
    var searches = new AtomicLong();
    var writer = random.split();
    var reader = random.split();
    var saved = new ArrayList<Path>();
    Workers.run(
        3,
        worker -> {
          switch (worker) {
            case 0 -> {
              var live = new ArrayList<Long>(window);
              order.forEach((number, _) -> live.add(number));
              live.sort(Comparator.comparingInt(order::get));
              while (!done.get()) {
                var row = TestVectors.gaussian(writer, d);
                synchronized (rows) {
                  rows.add(row);
                }
                long number = index.insert(row);
                order.put(number, rows.size() - 1);
                live.add(number);
                assertThat(index.delete(live.removeFirst())).isTrue();
              }
            }
            case 1 -> {
              while (!done.get()) {
                var query = TestVectors.gaussian(reader, d);
                assertThat(index.search(query, K)).hasSize(K);
                var walked =
                    index.search(
                        VectorSource.single(query),
                        SearchOptions.nearest(K).withEffort(new Effort.Beam(20)));
                assertThat(walked.neighbors().getFirst()).hasSize(K);
                searches.incrementAndGet();
              }
            }
            default -> {
              try {
                for (int i = 0; i < 8; i++) {
                  var path = folder.resolve("moment" + i);
                  index.save(path);
                  saved.add(path);
                  if (i % 3 == 1) {
                    index.optimize(BuildOptions.defaults().withThreads(1));
                  }
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              } finally {
                done.set(true);
              }
            }
          }
        },
        () -> done.set(true));
    assertThat(searches).hasPositiveValue();
    for (var path : saved) {
      VectorIndex.open(path).verify();
      var opened = LiveIndex.open(path);
      assertThat(opened.size()).isIn(window, window + 1);
      var places = new ArrayList<Integer>();
      order.forEach(
          (number, place) -> {
            var row = opened.row(number);
            if (row != null) {
              assertThat(row).isEqualTo(rows.get(place));
              places.add(place);
            }
          });
      assertThat(places).hasSize(opened.size());
      int first = Collections.min(places);
      assertThat(Collections.max(places)).isEqualTo(first + opened.size() - 1);
    }
  }

  /** Saves states of a known row until it is killed. */
  static final class Saver {
    private Saver() {}

    /** Saves to {@code args[0]}; state {@code i} holds {@code 50 + i % 50} rows of the value i. */
    public static void main(String[] args) throws IOException {
      var path = Path.of(args[0]);
      for (int i = 0; ; i++) {
        var rows = new float[50 + i % 50][64];
        for (var row : rows) {
          Arrays.fill(row, i);
        }
        try (var source = VectorSource.of(rows)) {
          LiveIndex.over(source, Metric.L2, "graph(r=8)").save(path);
        }
        System.out.println(i);
      }
    }
  }

  /** Whole lines of a file that is being written. */
  private static List<String> lines(Path file) throws IOException {
    var text = Files.readString(file);
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
  }

  @Test
  @Timeout(600)
  void save_killedAnywhere_leavesAWholeState(SplittableRandom random) throws Exception {
    var path = folder.resolve("live.kith");
    var told = folder.resolve("told.txt");
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    for (int round = 0; round < Seeded.effort(); round++) {
      var process =
          new ProcessBuilder(
                  java,
                  "--add-modules=jdk.incubator.vector",
                  "--enable-native-access=ALL-UNNAMED",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Saver.class.getName(),
                  path.toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectOutput(told.toFile())
              .start();
      try {
        while (lines(told).size() < 2) {
          assertThat(process.isAlive()).isTrue();
          TimeUnit.MILLISECONDS.sleep(5);
        }
        TimeUnit.MILLISECONDS.sleep(random.nextInt(200));
      } finally {
        process.destroyForcibly().waitFor();
      }
      int last = Integer.parseInt(lines(told).getLast());
      var opened = LiveIndex.open(path);
      var row = Objects.requireNonNull(opened.row(0));
      assertThat((int) row[0]).isBetween(last, last + 1); // renamed, and not yet told
      assertThat(opened.size()).isEqualTo(50 + (int) row[0] % 50);
      for (long number = 0; number < opened.size(); number++) {
        assertThat(opened.row(number)).containsOnly(row[0]);
      }
      VectorIndex.open(path).verify();
    }
  }

  @Test
  void save_whereNobodyMayWrite_leavesWhatWasThere(SplittableRandom random) throws IOException {
    var index = LiveIndex.create(2, Metric.L2, "graph(r=8)");
    index.insert(new float[] {1, 2});
    var path = folder.resolve("live.kith");
    index.save(path);
    var before = Files.readAllBytes(path);
    assertThatThrownBy(() -> index.save(path.resolve("below"))).isInstanceOf(IOException.class);
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
    index.insert(TestVectors.gaussian(random, 2)); // the image that failed holds nothing back
    index.save(path);
    assertThat(LiveIndex.open(path).size()).isEqualTo(2);
  }

  @Test
  void open_anyByteFlipped_isNamed(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 60, 5))) {
      var path = folder.resolve("live.kith");
      var index = LiveIndex.over(source, Metric.COSINE, "graph(r=8)");
      index.delete(7);
      index.save(path);
      var whole = Files.readAllBytes(path);
      for (int i = 0; i < 400; i++) {
        var damaged = whole.clone();
        int at = random.nextInt(whole.length);
        damaged[at] ^= (byte) (1 + random.nextInt(255));
        Files.write(path, damaged);
        assertThatThrownBy(
                () -> {
                  LiveIndex.open(path);
                  VectorIndex.open(path).verify(); // zeros between parts say nothing of rows
                })
            .as("byte %d", at)
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("file=" + path);
      }
      for (int length : new int[] {0, 63, 200, whole.length - 1}) {
        Files.write(path, Arrays.copyOf(whole, length));
        assertThatThrownBy(() -> LiveIndex.open(path))
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("file=" + path + ", offset=");
      }
    }
  }

  @Test
  void open_otherFiles_saysWhatIsMissing(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 60, 5))) {
      var path = folder.resolve("index.kith");
      VectorIndex.over(source, Metric.L2, "graph(r=8)").save(path);
      assertThatThrownBy(() -> LiveIndex.open(path))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("an index that is opened without rows must hold them: file=" + path)
          .hasMessageContaining("open it with the rows that it was built over");
    }
    assertThatThrownBy(() -> LiveIndex.create(3, Metric.L2, "flat"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rows come and go in graphs alone: index=flat; name one, such as graph(r=64)");
    try (var source = VectorSource.of(TestVectors.gaussians(random, 30, 5))) {
      var flat = VectorIndex.over(source, Metric.L2, "flat");
      assertThatThrownBy(() -> LiveIndex.over(flat))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessageContaining(
              "no backend can insert into an index flat, or delete from it: graphs can, such as"
                  + " graph(r=64)");
    }
  }

  @Test
  void search_options_areHeardAsElsewhere(@Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 1500, 6));
        var queries = VectorSource.of(TestVectors.gaussians(random, 12, 6))) {
      var index = LiveIndex.over(source, Metric.L2, "graph(r=8)");
      var own = index.search(queries, SearchOptions.nearest(3)).report().backend();
      assertThat(index.search(queries, SearchOptions.nearest(3).onBackend(own)).report().backend())
          .isEqualTo(own);
      assertThatThrownBy(() -> index.search(queries, SearchOptions.nearest(3).onBackend("cuda")))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage(
              "backend cuda cannot serve: a live index stays on the backend that it began on, which"
                  + " is %s; name that or none",
              own);
      for (var effort : List.of(new Effort.Exact(), new Effort.Beam(20), new Effort.Recall(0.9))) {
        var options = SearchOptions.nearest(5).withEffort(effort);
        assertThatThrownBy(
                () -> index.search(queries, options.among(RowFilter.of(1500, new long[24]))))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("give a predicate of their numbers instead");
        assertThatThrownBy(() -> index.search(queries, options.withDeadline(Duration.ZERO)))
            .isInstanceOf(SearchStoppedException.class);
        assertThatThrownBy(() -> index.search(queries, options.withCancel(() -> true)))
            .isInstanceOf(SearchStoppedException.class);
        var even = index.search(queries, options, number -> number % 2 == 0);
        for (var found : even.neighbors()) {
          assertThat(found).hasSize(5);
          assertThat(numbers(found)).allMatch(number -> number % 2 == 0);
        }
        var limit = new Limit(12);
        var found = index.search(queries, options.withLimit(limit));
        for (int q = 0; q < 12; q++) {
          assertThat(limit.key(q)).isEqualTo(found.neighbors().get(q).key(4));
        }
        assertThat(found.report().batched()).isEqualTo(12);
        assertThat(found.report().index()).isEqualTo("graph(r=8)");
      }
    }
  }
}
