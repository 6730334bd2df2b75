package dev.kith.lab.ladder;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.ladder.LadderResult.Skipped;
import dev.kith.lab.ladder.LadderResult.Task;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import dev.kith.lab.measure.Clock;
import dev.kith.lab.measure.Load;
import dev.kith.lab.measure.Oracle;
import dev.kith.lab.measure.Times;
import dev.kith.lab.profile.NamedRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs every rung on the same rows and queries, warm-up apart, and checks each answer against
 * {@link Oracle}. A rung that would take too long a run searches the first rows alone, against the
 * oracle of those rows, and its times are scaled. Whether it would is decided by the work of the
 * CPU where that can be told, so that other work on the machine does not decide it; what other work
 * did to the times stands in a rung's remarks.
 */
public final class Ladder {
  private static final double NANOS = 1e9;
  private static final int PROBE_ROWS = 4096;
  private static final long PROBE_NANOS = 2_000_000_000;

  /** Longest wall-clock time of a probe, however busy the machine is. */
  private static final long LONGEST_PROBE_NANOS = 5 * PROBE_NANOS;

  private static final int FLOOR_TRIES = 3;

  private final VectorSource rows;
  private final VectorSource queries;
  private final int k;
  private final Pace pace;
  private final Clock clock;
  private final Map<Long, long[][]> truths = new HashMap<>();

  /**
   * Rules for how long to measure.
   *
   * @param seconds least time for a rung; half of it again, at least, for the warm-up
   * @param leastRuns least number of runs of a rung
   * @param longestRun seconds of one run from which on a rung is sampled
   */
  public record Pace(double seconds, int leastRuns, double longestRun) {
    /** Two seconds, nine runs; a run of more than two seconds is sampled. */
    public static final Pace DEFAULT = new Pace(2, 9, 2);

    /** Checks the numbers. */
    public Pace {
      if (!(seconds >= 0) || leastRuns < 1 || !(longestRun > 0)) {
        throw new IllegalArgumentException(
            "need seconds >= 0, leastRuns >= 1, longestRun > 0: seconds=%s, leastRuns=%d, longestRun=%s"
                .formatted(seconds, leastRuns, longestRun));
      }
    }
  }

  private Ladder(VectorSource rows, VectorSource queries, int k, Pace pace, Clock clock) {
    this.rows = rows;
    this.queries = queries;
    this.k = k;
    this.pace = pace;
    this.clock = clock;
  }

  /** Providers of all kinds of device, the CPU first; each says whether it is there. */
  public static List<RungProvider> providers() {
    return List.of(new CpuRungs(), new GpuRungs());
  }

  /**
   * Climbs the ladder.
   *
   * @param data name of where the rows come from, for the reader
   * @param rows float32, finite, at least one; stays the caller's
   * @param queries float32, finite, at least one, of the same dimension; stays the caller's
   * @param machine description for the reader, like {@code commit}
   * @param progress receives the name of each rung before it runs
   * @throws IllegalArgumentException if rows and queries do not fit each other
   */
  public static LadderResult climb(
      String data,
      VectorSource rows,
      VectorSource queries,
      int k,
      List<RungProvider> providers,
      Pace pace,
      String machine,
      String commit,
      Consumer<String> progress) {
    return climb(data, rows, queries, k, providers, pace, machine, commit, progress, Clock.SYSTEM);
  }

  /** Climbs the ladder by a clock of the caller's. */
  static LadderResult climb(
      String data,
      VectorSource rows,
      VectorSource queries,
      int k,
      List<RungProvider> providers,
      Pace pace,
      String machine,
      String commit,
      Consumer<String> progress,
      Clock clock) {
    require(rows, queries, k);
    var ladder = new Ladder(rows, queries, k, pace, clock);
    var results = new ArrayList<RungResult>();
    var skipped = new ArrayList<Skipped>();
    for (var provider : providers) {
      var device = provider.device();
      var missing = provider.unavailable();
      if (missing == null && k > provider.mostNeighbours()) {
        missing =
            "its rungs find at most %d neighbours: k=%d".formatted(provider.mostNeighbours(), k);
      }
      if (missing != null) {
        skipped.add(new Skipped(device, device, missing));
        continue;
      }
      var floors = provider.floors(rows);
      for (var rung : provider.rungs()) {
        var reason = rung.unavailable();
        if (reason == null) {
          progress.accept(rung.name());
          try (var _ = NamedRange.open("rung " + rung.name(), "lab")) {
            results.add(ladder.run(rung, provider, floors));
          } catch (BackendUnavailableException e) {
            reason = e.getMessage();
          }
        }
        if (reason != null) {
          skipped.add(new Skipped(rung.name(), device, reason));
        }
      }
    }
    var task =
        new Task(
            data,
            rows.size(),
            rows.dimension(),
            Math.toIntExact(queries.size()),
            k,
            Metric.L2.toString());
    return new LadderResult(task, machine, commit, results, skipped);
  }

  private static void require(VectorSource rows, VectorSource queries, int k) {
    if (rows.elementType() != ElementType.FLOAT32 || queries.elementType() != ElementType.FLOAT32) {
      throw new IllegalArgumentException(
          "the ladder searches float32 rows: rows=%s (%s), queries=%s (%s)"
              .formatted(rows.elementType(), rows.name(), queries.elementType(), queries.name()));
    }
    if (rows.size() == 0 || queries.size() == 0 || k < 1) {
      throw new IllegalArgumentException(
          "the ladder needs at least one row, one query and k: rows=%d, queries=%d, k=%d"
              .formatted(rows.size(), queries.size(), k));
    }
    if (rows.dimension() != queries.dimension()) {
      throw new IllegalArgumentException(
          "queries must have the dimension of the data: queries=%d (%s), data=%d (%s)"
              .formatted(queries.dimension(), queries.name(), rows.dimension(), rows.name()));
    }
  }

  private RungResult run(Rung rung, RungProvider provider, RungProvider.Floors floors) {
    long start = clock.wallNanos();
    long searched = affordable(rung, provider.onCpu());
    long probed = clock.wallNanos() - start;
    boolean sampled = searched < rows.size();
    var part = rows.slice(0, searched);
    var truth =
        truths.computeIfAbsent(searched, n -> Oracle.nearest(part, queries, Metric.L2, k, null));
    start = clock.wallNanos();
    try (var prepared = rung.prepare(part, queries, k)) {
      var climb = new Climb(rung, prepared, truth, clock);
      var first = climb.next();
      repeat(pace.seconds / 2, 0, climb::next);
      double warmUpMillis = (probed + clock.wallNanos() - start) / 1e6;
      climb.forget();
      long begin = clock.wallNanos();
      long worked = clock.processNanos();
      repeat(pace.seconds, pace.leastRuns, climb::next);
      double wallSeconds = (clock.wallNanos() - begin) / NANOS;
      double cpuSeconds = provider.onCpu() ? (clock.processNanos() - worked) / NANOS : Double.NaN;
      int answered = climb.answered;

      double scale = (double) rows.size() / searched;
      int count = first.rows().length;
      var remarks = new ArrayList<String>();
      var busy = Load.remark(wallSeconds, cpuSeconds, new Times(climb.millis));
      if (busy != null) {
        remarks.add(busy);
      }
      double floor = floor(rung, floors, first, climb, scale, remarks);
      var times = new Times(climb.millis).times(scale);
      var code = rung.code();
      return new RungResult(
          rung.name(),
          provider.device(),
          times.median(),
          times.spread(),
          sampled ? List.of() : Arrays.stream(first.rows()[0]).boxed().toList(),
          climb.same,
          Math.round(scale * first.bytes() / count),
          scale * floor / count,
          sampled,
          count,
          rung.threads(),
          searched,
          first.servedBy(),
          warmUpMillis,
          times.each(),
          deviceTime(climb, scale, times.median()),
          rung.explanation(),
          code.text(),
          code.file(),
          Double.isNaN(cpuSeconds) ? null : scale * cpuSeconds * 1e3 / answered,
          remarks);
    }
  }

  /**
   * Floor of one search, in milliseconds. A time below it shows that other work slowed the floor's
   * measurement, so that is measured again, in turn with the rung.
   */
  private double floor(
      Rung rung,
      RungProvider.Floors floors,
      Rung.Answer first,
      Climb climb,
      double scale,
      List<String> remarks) {
    int count = first.rows().length;
    double before = floors.millis(first.bytes(), first.multiplyAdds(), rung.threads());
    double floor = before;
    for (int i = 0; i < FLOOR_TRIES && climb.median() < floor / count; i++) {
      floor = floors.again(first.bytes(), first.multiplyAdds(), rung.threads());
      repeat(0, pace.leastRuns, climb::next);
    }
    if (climb.median() < floor / count) {
      remarks.add(
          String.format(
              Locale.ROOT,
              "below its floor of %.4f ms, which other work slowed %d times; run again when the"
                  + " machine is idle",
              scale * floor / count,
              FLOOR_TRIES + 1));
    } else if (floor < before) {
      remarks.add(
          String.format(
              Locale.ROOT,
              "machine busy: its floor was measured again, as it was above the time: before=%.4f"
                  + " ms, now=%.4f ms",
              scale * before / count,
              scale * floor / count));
    }
    return floor;
  }

  private void repeat(double seconds, int least, Runnable run) {
    long end = clock.wallNanos() + (long) (seconds * NANOS);
    for (int runs = 0; runs < least || clock.wallNanos() < end; runs++) {
      run.run();
    }
  }

  /** Times of the device in runs after those that counted: as warm, and warmed up themselves. */
  private @Nullable DeviceTime deviceTime(Climb climb, double scale, double millis) {
    if (!climb.timed()) {
      return null;
    }
    repeat(pace.seconds / 4, 0, climb::timed);
    climb.kernels.clear();
    climb.copies.clear();
    repeat(pace.seconds / 4, pace.leastRuns, climb::timed);
    return DeviceTime.within(
        millis,
        scale * new Times(climb.kernels).median(),
        scale * new Times(climb.copies).median());
  }

  /**
   * Number of rows that a run may search, judged by the time that some thousand take once the JIT
   * compiler is done. A single thread is judged by its own work, several threads or a device by
   * wall-clock time.
   */
  private long affordable(Rung rung, boolean onCpu) {
    boolean byWork = onCpu && rung.threads() == 1;
    long some = Math.min(PROBE_ROWS, rows.size());
    int count = rung.queriesAtOnce(Math.toIntExact(queries.size()));
    double all = Double.POSITIVE_INFINITY;
    try (var prepared = rung.prepare(rows.slice(0, some), queries, k)) {
      long begin = nanos(byWork);
      long end = clock.wallNanos() + (byWork ? LONGEST_PROBE_NANOS : PROBE_NANOS);
      while (all == Double.POSITIVE_INFINITY
          || (all > pace.longestRun
              && nanos(byWork) - begin < PROBE_NANOS
              && clock.wallNanos() < end)) {
        long start = nanos(byWork);
        prepared.search(0, count);
        double seconds = (nanos(byWork) - start) / NANOS;
        all = Math.min(all, seconds * rows.size() / some);
      }
    }
    return all <= pace.longestRun
        ? rows.size()
        : Math.max(some, (long) (rows.size() * pace.longestRun / all));
  }

  private long nanos(boolean byWork) {
    return byWork ? clock.threadNanos() : clock.wallNanos();
  }

  /** Runs of one rung: all queries in turn, each answer compared. */
  private static final class Climb {
    private final Rung.Prepared prepared;
    private final long[][] truth;
    private final int all;
    private final int atOnce;
    private final List<Double> millis = new ArrayList<>();
    private final List<Double> kernels = new ArrayList<>();
    private final List<Double> copies = new ArrayList<>();
    private final Clock clock;
    private boolean same = true;
    private int next;
    private int answered;

    Climb(Rung rung, Rung.Prepared prepared, long[][] truth, Clock clock) {
      this.clock = clock;
      this.prepared = prepared;
      this.truth = truth;
      this.all = truth.length;
      this.atOnce = rung.queriesAtOnce(all);
    }

    Rung.Answer next() {
      int count = Math.min(atOnce, all - next);
      long start = clock.wallNanos();
      var answer = prepared.search(next, count);
      millis.add((clock.wallNanos() - start) / 1e6 / count);
      answered += count;
      same &= Arrays.deepEquals(answer.rows(), Arrays.copyOfRange(truth, next, next + count));
      advance(count);
      return answer;
    }

    /** Forgets what was timed so far. */
    void forget() {
      millis.clear();
      answered = 0;
    }

    double median() {
      return new Times(millis).median();
    }

    /** Notes how long a device worked, a query; returns false if there is none. */
    boolean timed() {
      int count = Math.min(atOnce, all - next);
      var work = prepared.timed(next, count);
      if (work == null) {
        return false;
      }
      kernels.add(work.kernels() / count);
      copies.add(work.copies() / count);
      advance(count);
      return true;
    }

    private void advance(int count) {
      next = next + count == all ? 0 : next + count;
    }
  }
}
