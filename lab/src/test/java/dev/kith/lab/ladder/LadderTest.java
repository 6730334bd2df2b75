package dev.kith.lab.ladder;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.ladder.GpuLadder;
import dev.kith.lab.ladder.Ladder.Pace;
import dev.kith.lab.ladder.LadderResult.Skipped;
import dev.kith.lab.ladder.Rung.DeviceWork;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import dev.kith.lab.measure.Clock;
import dev.kith.lab.measure.Oracle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class LadderTest {
  private static final List<RungProvider> CPU = List.of(Ladder.providers().getFirst());
  private static final Pace QUICK = new Pace(0, 3, 60);

  @ParameterizedTest
  @CsvSource({"3000, 48, 5, 10", "257, 7, 3, 1", "5, 1, 2, 10", "1, 3, 1, 4"})
  void climb_cpu_everyRungFindsTheRowsOfTheDefinition(
      int n, int d, int asked, int k, SplittableRandom random) {
    var vectors = new ClusteredVectors(d, Math.min(d, 8), 4, 0.5, random.nextLong());
    try (var rows = vectors.generate(0, n);
        var queries = vectors.generate(n, asked)) {
      var result = climb(rows, queries, k, CPU, QUICK);
      var truth = Oracle.nearest(rows, queries, Metric.L2, k, null)[0];
      assertThat(result.rungs())
          .allSatisfy(
              rung -> {
                assertThat(rung.sameRows()).as(rung.name()).isTrue();
                assertThat(rung.rows()).as(rung.name()).isEqualTo(asList(truth));
                assertThat(rung.sampled()).isFalse();
                assertThat(rung.rowsSearched()).isEqualTo(n);
                assertThat(rung.runs()).hasSizeGreaterThanOrEqualTo(3);
                assertThat(rung.millis()).isPositive();
                assertThat(rung.warmUpMillis()).isPositive();
                assertThat(rung.deviceTime()).isNull();
              });
    }
  }

  @Test
  void climb_cpu_hasTheRungsInTheirOrderAndSaysWhatIsMissing() {
    try (var rows = VectorSource.of(new float[][] {{1}, {2}})) {
      var result = climb(rows, rows, 1, CPU, QUICK);
      var names = result.rungs().stream().map(RungResult::name).toList();
      var nativeStatus =
          Backends.statuses().stream().filter(s -> s.name().equals("native")).findFirst();
      if (nativeStatus.orElseThrow().usable()) {
        assertThat(names)
            .containsExactly(
                "scalar",
                "auto-vectorised",
                "vector-api",
                "blocked",
                "native-int8",
                "native-int8-blocked",
                "all-cores");
        assertThat(result.skipped()).isEmpty();
      } else {
        assertThat(names)
            .containsExactly("scalar", "auto-vectorised", "vector-api", "blocked", "all-cores");
        var reason = nativeStatus.get().reason();
        assertThat(result.skipped())
            .containsExactly(
                new Skipped("native-int8", "cpu", reason),
                new Skipped("native-int8-blocked", "cpu", reason));
      }
      assertThat(result.rungs()).extracting(RungResult::device).containsOnly("cpu");
      assertThat(result.rungs())
          .allSatisfy(rung -> assertThat(rung.explanation()).hasSizeGreaterThan(100));
    }
  }

  @Test
  void climb_bytes_shrinkAsTheRungsPromise() {
    var vectors = new ClusteredVectors(64, 8, 4, 0.5, 1);
    try (var rows = vectors.generate(0, 4000);
        var queries = vectors.generate(4000, 16)) {
      var result = climb(rows, queries, 10, CPU, QUICK);
      long all = 4000 * 64 * 4;
      for (var rung : result.rungs()) {
        switch (rung.name()) {
          case "scalar", "auto-vectorised", "vector-api" -> assertThat(rung.bytes()).isEqualTo(all);
          case "blocked" -> assertThat(rung.bytes()).isEqualTo(all / 16);
          case "native-int8" -> assertThat(rung.bytes()).isBetween(all / 4, all * 3 / 4);
          default -> assertThat(rung.bytes()).isBetween(all / 64, all * 3 / 16);
        }
      }
    }
  }

  @Test
  void climb_aRungTooSlow_isSampledScaledAndCheckedAgainstItsSample() {
    var vectors = new ClusteredVectors(4, 4, 4, 0.5, 1);
    try (var rows = vectors.generate(0, 50_000);
        var queries = vectors.generate(50_000, 1)) {
      var slow = new Fake("slow", 1e-6, null); // 50 ms for all rows
      var rung = only(climb(rows, queries, 3, List.of(slow), new Pace(0, 5, 0.02)));
      assertThat(rung.sampled()).isTrue();
      assertThat(rung.rowsSearched()).isBetween(4096L, 25_000L);
      assertThat(rung.sameRows()).isTrue();
      assertThat(rung.rows()).as("rows of a sample beside rows of all").isEmpty();
      assertThat(rung.millis()).isGreaterThanOrEqualTo(50 * 0.99);
      assertThat(rung.bytes()).isBetween(50_000L * 16 - 16, 50_000L * 16 + 16);
      assertThat(rung.floorMillis()).isBetween(50_000 * 0.99, 50_000 * 1.01);
    }
  }

  @Test
  void climb_aRungThatErrs_isToldFromOthers() {
    try (var rows = VectorSource.of(new float[][] {{1}, {2}, {3}})) {
      var wrong =
          new Fake("wrong", 0, null) {
            @Override
            long[][] answer(VectorSource part, VectorSource queries, int k) {
              var rows = super.answer(part, queries, k);
              rows[2][0] = 0; // the last query's nearest row
              return rows;
            }
          };
      var result = climb(rows, rows, 1, List.of(wrong, new Fake("right", 0, null)), QUICK);
      assertThat(result.rungs()).extracting(RungResult::sameRows).containsExactly(false, true);
      assertThat(result.allSameRows()).isFalse();
    }
  }

  /** Clock that a test sets: work goes on at a share of the wall's pace. */
  private static final class FakeClock implements Clock {
    private final double load;
    private double wall;
    private double cpu;

    FakeClock(double load) {
      this.load = load;
    }

    void work(double nanos) {
      cpu += nanos;
      wall += nanos * load;
    }

    @Override
    public long wallNanos() {
      return (long) wall;
    }

    @Override
    public long threadNanos() {
      return (long) cpu;
    }

    @Override
    public long processNanos() {
      return (long) cpu;
    }
  }

  /**
   * Rung that works a microsecond a row by {@link FakeClock}; its floor is found lower each time.
   */
  private static final class Worker extends Fake {
    private final FakeClock clock;
    private final Deque<Double> floors;

    Worker(FakeClock clock, Double... floors) {
      super("worker", 0, null);
      this.clock = clock;
      this.floors = new ArrayDeque<>(List.of(floors));
    }

    @Override
    public boolean onCpu() {
      return true;
    }

    @Override
    public Floors floors(VectorSource rows) {
      return new Floors() {
        @Override
        public double millis(long bytes, double multiplyAdds, int threads) {
          return floors.getFirst();
        }

        @Override
        public double again(long bytes, double multiplyAdds, int threads) {
          if (floors.size() > 1) {
            floors.removeFirst();
          }
          return floors.getFirst();
        }
      };
    }

    @Override
    void search(VectorSource rows) {
      clock.work(1e3 * rows.size());
    }

    static RungResult climb(Pace pace, FakeClock clock, Double... floors) {
      var vectors = new ClusteredVectors(4, 4, 4, 0.5, 1);
      try (var rows = vectors.generate(0, 50_000);
          var queries = vectors.generate(50_000, 1)) {
        return only(
            Ladder.climb(
                "test",
                rows,
                queries,
                3,
                List.of(new Worker(clock, floors)),
                pace,
                "a machine",
                "c0",
                _ -> {},
                clock));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 0.1, false", "10, 0.1, false", "1, 0.02, true", "10, 0.02, true"})
  void climb_anyLoad_samplesByTheWorkAndNotByTheWall(
      double load, double longestRun, boolean sampled) {
    var rung = Worker.climb(new Pace(0, 9, longestRun), new FakeClock(load), 0.0);
    assertThat(rung.sampled()).isEqualTo(sampled);
    assertThat(rung.rowsSearched()).isEqualTo(sampled ? 20_000 : 50_000);
    assertThat(rung.cpuMillis()).isEqualTo(50, within(1e-3));
    assertThat(rung.millis()).isEqualTo(50 * load, within(1e-3));
    assertThat(rung.rows()).hasSize(sampled ? 0 : 3);
    assertThat(rung.sameRows()).isTrue();
    if (load == 1) {
      assertThat(rung.remarks()).isEmpty();
    } else {
      assertThat(rung.remarks())
          .containsExactly(
              sampled
                  ? "machine busy: 0.18 s of work took 1.80 s; run again when it is idle"
                  : "machine busy: 0.45 s of work took 4.50 s; run again when it is idle");
    }
  }

  @Test
  void climb_belowItsFloor_measuresTheFloorAgainAndSaysSo() {
    var rung = Worker.climb(new Pace(0, 9, 1), new FakeClock(1), 80.0, 60.0, 40.0);
    assertThat(rung.floorMillis()).isEqualTo(40);
    assertThat(rung.millis()).isEqualTo(50, within(1e-3));
    assertThat(rung.remarks())
        .containsExactly(
            "machine busy: its floor was measured again, as it was above the time: before=80.0000"
                + " ms, now=40.0000 ms");
  }

  @Test
  void climb_stillBelowItsFloor_saysSo() {
    var rung = Worker.climb(new Pace(0, 9, 1), new FakeClock(1), 80.0);
    assertThat(rung.remarks())
        .containsExactly(
            "below its floor of 80.0000 ms, which other work slowed 4 times; run again when the"
                + " machine is idle");
  }

  /** The first timed runs are slow, as such runs are; the others differ, and one is the median. */
  @Test
  void climb_deviceTimes_areMediansOfWarmRunsAndAddUpToTheTimeOfAQuery() {
    try (var rows = VectorSource.of(new float[][] {{1}, {2}, {3}})) {
      var fake = new Fake("fake", 1e-3, null) { // three milliseconds a run of three queries
            private int runs;

            @Override
            DeviceWork timed() {
              return runs++ == 0 ? new DeviceWork(900, 900) : new DeviceWork(0.6 * (runs % 3), 0.3);
            }
          };
      var rung = only(climb(rows, rows, 1, List.of(fake), QUICK));
      var time = requireNonNull(rung.deviceTime());
      assertThat(time.kernels()).isEqualTo(0.2, within(1e-12));
      assertThat(time.copies()).isEqualTo(0.1, within(1e-12));
      assertThat(time.waiting()).isEqualTo(rung.millis() - 0.3, within(1e-12));
      assertThat(rung.millis()).isGreaterThanOrEqualTo(1);
      assertThat(rung.device()).isEqualTo("fake");
      assertThat(rung.queriesAtOnce()).isEqualTo(3);
    }
  }

  @Test
  void climb_deviceTimesOfASample_areScaledAsTheTimeIs() {
    var vectors = new ClusteredVectors(4, 4, 4, 0.5, 1);
    try (var rows = vectors.generate(0, 50_000);
        var queries = vectors.generate(50_000, 1)) {
      var slow = new Fake("slow", 1e-6, new DeviceWork(2, 1));
      var rung = only(climb(rows, queries, 3, List.of(slow), new Pace(0, 5, 0.02)));
      double scale = 50_000.0 / rung.rowsSearched();
      assertThat(scale).isGreaterThan(1);
      var time = requireNonNull(rung.deviceTime());
      assertThat(time.kernels()).isEqualTo(2 * scale, within(1e-9));
      assertThat(time.copies()).isEqualTo(scale, within(1e-9));
      assertThat(time.waiting()).isEqualTo(rung.millis() - 3 * scale, within(1e-9));
    }
  }

  @ParameterizedTest
  @CsvSource({"10, 3, 2, 3, 2, 5", "10, 10, 0, 10, 0, 0", "10, 15, 5, 7.5, 2.5, 0", "1,0,0,0,0,1"})
  void within_piecesOfAQuery_addUpToItsTime(
      double millis, double kernels, double copies, double k, double c, double waiting) {
    assertThat(DeviceTime.within(millis, kernels, copies)).isEqualTo(new DeviceTime(k, c, waiting));
  }

  @Test
  void climb_noSuchDevice_isSkippedWithTheReason() {
    try (var rows = VectorSource.of(new float[][] {{1}})) {
      var missing =
          new Fake("gpu", 0, null) {
            @Override
            public String unavailable() {
              return "no driver";
            }
          };
      var result = climb(rows, rows, 1, List.of(missing), QUICK);
      assertThat(result.rungs()).isEmpty();
      assertThat(result.skipped()).containsExactly(new Skipped("gpu", "gpu", "no driver"));
    }
  }

  @Test
  void climb_moreNeighboursThanARungFinds_isSkippedWithTheReason() {
    try (var rows = VectorSource.of(new float[][] {{1}})) {
      var few =
          new Fake("gpu", 0, null) {
            @Override
            public int mostNeighbours() {
              return 2;
            }
          };
      assertThat(climb(rows, rows, 2, List.of(few), QUICK).skipped()).isEmpty();
      assertThat(climb(rows, rows, 3, List.of(few), QUICK).skipped())
          .containsExactly(new Skipped("gpu", "gpu", "its rungs find at most 2 neighbours: k=3"));
    }
  }

  @Test
  void climb_aRungThatCannot_isSkippedAndTheOthersRun() {
    try (var rows = VectorSource.of(new float[][] {{1}})) {
      var full =
          new Fake("full", 0, null) {
            @Override
            public Prepared prepare(VectorSource rows, VectorSource queries, int k) {
              throw new BackendUnavailableException("no room");
            }
          };
      var told = new ArrayList<String>();
      var result =
          Ladder.climb(
              "test",
              rows,
              rows,
              1,
              List.of(full, new Fake("right", 0, null)),
              QUICK,
              "a machine",
              "c0",
              told::add);
      assertThat(told).containsExactly("full", "right");
      assertThat(result.rungs()).extracting(RungResult::name).containsExactly("right");
      assertThat(result.skipped()).containsExactly(new Skipped("full", "full", "no room"));
    }
  }

  @Test
  void providers_gpu_isTheSecondAndSaysWhyItCannotRun() {
    var gpu = Ladder.providers().get(1);
    assertThat(Ladder.providers()).hasSize(2);
    assertThat(gpu.device()).isEqualTo("gpu");
    assertThat(gpu.mostNeighbours()).isEqualTo(1008);
    assertThat(gpu.unavailable()).isEqualTo(GpuLadder.unavailable());
    assertThat(gpu.rungs())
        .extracting(Rung::name)
        .startsWith("row-by-row")
        .endsWith("tensor-cores");
    var cpu = Ladder.providers().getFirst().rungs().stream().map(Rung::name).toList();
    assertThat(gpu.rungs())
        .allSatisfy(
            rung -> {
              assertThat(cpu).doesNotContain(rung.name());
              assertThat(rung.explanation()).hasSizeGreaterThan(100);
              assertThat(rung.code().text()).contains("\n}\n");
              assertThat(rung.code().file()).startsWith("cuda/src/main/cuda/");
            });
  }

  @Tag("gpu")
  @ParameterizedTest
  @CsvSource({"3000, 48, 100, 10", "257, 7, 3, 1", "5, 1, 2, 10", "1, 3, 1, 4"})
  void climb_gpu_everyRungFindsTheRowsOfTheDefinition(
      int n, int d, int asked, int k, SplittableRandom random) {
    var gpu = Ladder.providers().get(1);
    boolean required = "required".equals(System.getProperty("kith.gpu"));
    assumeTrue(required || gpu.unavailable() == null, "no GPU: " + gpu.unavailable());
    var vectors = new ClusteredVectors(d, Math.min(d, 8), 4, 0.5, random.nextLong());
    try (var rows = vectors.generate(0, n);
        var queries = vectors.generate(n, asked)) {
      var result = climb(rows, queries, k, List.of(gpu), QUICK);
      assertThat(result.skipped()).isEmpty();
      assertThat(result.rungs()).hasSize(10);
      for (var rung : result.rungs()) {
        assertThat(rung.sameRows()).as(rung.name()).isTrue();
        assertThat(rung.floorMillis()).as(rung.name()).isGreaterThanOrEqualTo(0);
        var time = requireNonNull(rung.deviceTime(), rung.name());
        assertThat(time.kernels() + time.copies() + time.waiting())
            .as(rung.name())
            .isEqualTo(rung.millis(), within(1e-9 * rung.millis()));
      }
    }
  }

  @Test
  void climb_inputThatDoesNotFit_isRefused() {
    try (var rows = VectorSource.of(new float[][] {{1, 2}});
        var other = VectorSource.of(new float[][] {{1}});
        var bytes = VectorSource.of(new byte[] {1, 2}, 2, ElementType.INT8)) {
      assertRefused(
          rows, other, "queries must have the dimension of the data: queries=1 (memory), data=2");
      assertRefused(bytes, rows, "the ladder searches float32 rows: rows=INT8 (memory), queries=");
      assertRefused(
          rows.slice(0, 0),
          rows,
          "the ladder needs at least one row, one query and k: rows=0, queries=1, k=1");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Pace(-1, 1, 1))
        .withMessageStartingWith("need seconds >= 0, leastRuns >= 1, longestRun > 0: seconds=-1.0");
  }

  private static void assertRefused(VectorSource rows, VectorSource queries, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> climb(rows, queries, 1, CPU, QUICK))
        .withMessageStartingWith(message);
  }

  private static LadderResult climb(
      VectorSource rows,
      VectorSource queries,
      int k,
      List<? extends RungProvider> providers,
      Pace pace) {
    var told = new ArrayList<String>();
    var result =
        Ladder.climb(
            "test", rows, queries, k, List.copyOf(providers), pace, "a machine", "c0", told::add);
    assertThat(told).isEqualTo(result.rungs().stream().map(RungResult::name).toList());
    return result;
  }

  private static RungResult only(LadderResult result) {
    assertThat(result.rungs()).hasSize(1);
    return result.rungs().getFirst();
  }

  private static List<Long> asList(long[] rows) {
    return Arrays.stream(rows).boxed().toList();
  }

  /** Device with one rung, which knows the answers and takes its time. */
  private static class Fake implements RungProvider, Rung {
    private final String name;
    private final double secondsARow;
    private final @Nullable DeviceWork work;

    Fake(String name, double secondsARow, @Nullable DeviceWork work) {
      this.name = name;
      this.secondsARow = secondsARow;
      this.work = work;
    }

    long[][] answer(VectorSource part, VectorSource queries, int k) {
      return Oracle.nearest(part, queries, Metric.L2, k, null);
    }

    @Nullable DeviceWork timed() {
      return work;
    }

    /** Takes the time of a search. */
    void search(VectorSource rows) {
      long end = System.nanoTime() + (long) (secondsARow * rows.size() * 1e9);
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
    }

    @Override
    public String device() {
      return name;
    }

    @Override
    public @Nullable String unavailable() {
      return null;
    }

    @Override
    public List<Rung> rungs() {
      return List.of(this);
    }

    /** Floor of a millisecond a row of 16 bytes. */
    @Override
    public Floors floors(VectorSource rows) {
      return (bytes, multiplyAdds, threads) -> bytes / 16.0;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String explanation() {
      return "It sleeps.";
    }

    @Override
    public SourceCode code() {
      return new SourceCode("none", "");
    }

    @Override
    public int queriesAtOnce(int queries) {
      return queries;
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public Prepared prepare(VectorSource rows, VectorSource queries, int k) {
      var answer = answer(rows, queries, k);
      return new Prepared() {
        @Override
        public Answer search(int first, int count) {
          Fake.this.search(rows);
          var rowsFound = Arrays.copyOfRange(answer, first, first + count);
          return new Answer(rowsFound, 16 * rows.size(), 0, "nobody");
        }

        @Override
        public @Nullable DeviceWork timed(int first, int count) {
          return Fake.this.timed();
        }

        @Override
        public void close() {}
      };
    }
  }
}
