package dev.kith.lab.ladder;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.ladder.LadderResult.Skipped;
import dev.kith.lab.ladder.LadderResult.Task;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import dev.kith.lab.measure.Oracle;
import dev.kith.lab.measure.Times;
import dev.kith.lab.profile.NamedRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs every rung on the same rows and queries, warm-up apart, and checks each answer against
 * {@link Oracle}. A rung that would take too long a run searches the first rows alone, against the
 * oracle of those rows, and its times are scaled.
 */
public final class Ladder {
  private static final double NANOS = 1e9;
  private static final int PROBE_ROWS = 4096;
  private static final long PROBE_NANOS = 2_000_000_000;

  private final VectorSource rows;
  private final VectorSource queries;
  private final int k;
  private final Pace pace;
  private final Map<Long, long[][]> truths = new HashMap<>();

  /**
   * How long to measure.
   *
   * @param seconds at least so long a rung, and at least half of it for the warm-up
   * @param leastRuns at least so many runs a rung
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

  private Ladder(VectorSource rows, VectorSource queries, int k, Pace pace) {
    this.rows = rows;
    this.queries = queries;
    this.k = k;
    this.pace = pace;
  }

  /** All kinds of device, the CPU first; each says whether it is there. */
  public static List<RungProvider> providers() {
    return List.of(new CpuRungs(), new GpuRungs());
  }

  /**
   * Climbs the ladder.
   *
   * @param data where the rows come from, for the reader
   * @param rows float32, finite, at least one; stays the caller's
   * @param queries float32, finite, at least one, of the same dimension; stays the caller's
   * @param machine for the reader, as {@code commit}
   * @param progress told the name of each rung before it runs
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
    require(rows, queries, k);
    var ladder = new Ladder(rows, queries, k, pace);
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
            results.add(ladder.run(rung, device, floors));
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

  private RungResult run(Rung rung, String device, RungProvider.Floors floors) {
    long start = System.nanoTime();
    long searched = affordable(rung);
    long probed = System.nanoTime() - start;
    var part = rows.slice(0, searched);
    var truth =
        truths.computeIfAbsent(searched, n -> Oracle.nearest(part, queries, Metric.L2, k, null));
    start = System.nanoTime();
    try (var prepared = rung.prepare(part, queries, k)) {
      var climb = new Climb(rung, prepared, truth);
      var first = climb.next();
      repeat(pace.seconds / 2, 0, climb::next);
      double warmUpMillis = (probed + System.nanoTime() - start) / 1e6;
      climb.millis.clear();
      repeat(pace.seconds, pace.leastRuns, climb::next);

      double scale = (double) rows.size() / searched;
      var times = new Times(climb.millis).times(scale);
      int count = first.rows().length;
      double floor = floors.millis(first.bytes(), first.multiplyAdds(), rung.threads());
      var code = rung.code();
      return new RungResult(
          rung.name(),
          device,
          times.median(),
          times.spread(),
          Arrays.stream(first.rows()[0]).boxed().toList(),
          climb.same,
          Math.round(scale * first.bytes() / count),
          scale * floor / count,
          searched < rows.size(),
          count,
          rung.threads(),
          searched,
          first.servedBy(),
          warmUpMillis,
          times.each(),
          deviceTime(climb, scale, times.median()),
          rung.explanation(),
          code.text(),
          code.file());
    }
  }

  private static void repeat(double seconds, int least, Runnable run) {
    long end = System.nanoTime() + (long) (seconds * NANOS);
    for (int runs = 0; runs < least || System.nanoTime() < end; runs++) {
      run.run();
    }
  }

  /** By runs after those that counted, so as warm, and warmed up themselves. */
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
   * How many rows a run may search, judged by the time that some thousand take once the JIT
   * compiler had its time.
   */
  private long affordable(Rung rung) {
    long some = Math.min(PROBE_ROWS, rows.size());
    int count = rung.queriesAtOnce(Math.toIntExact(queries.size()));
    double all = Double.POSITIVE_INFINITY;
    try (var prepared = rung.prepare(rows.slice(0, some), queries, k)) {
      for (long end = System.nanoTime() + PROBE_NANOS;
          all == Double.POSITIVE_INFINITY || (all > pace.longestRun && System.nanoTime() < end); ) {
        long start = System.nanoTime();
        prepared.search(0, count);
        double seconds = (System.nanoTime() - start) / NANOS;
        all = Math.min(all, seconds * rows.size() / some);
      }
    }
    return all <= pace.longestRun
        ? rows.size()
        : Math.max(some, (long) (rows.size() * pace.longestRun / all));
  }

  /** The runs of one rung: all queries in turn, each answer compared. */
  private static final class Climb {
    private final Rung.Prepared prepared;
    private final long[][] truth;
    private final int all;
    private final int atOnce;
    private final List<Double> millis = new ArrayList<>();
    private final List<Double> kernels = new ArrayList<>();
    private final List<Double> copies = new ArrayList<>();
    private boolean same = true;
    private int next;

    Climb(Rung rung, Rung.Prepared prepared, long[][] truth) {
      this.prepared = prepared;
      this.truth = truth;
      this.all = truth.length;
      this.atOnce = rung.queriesAtOnce(all);
    }

    Rung.Answer next() {
      int count = Math.min(atOnce, all - next);
      long start = System.nanoTime();
      var answer = prepared.search(next, count);
      millis.add((System.nanoTime() - start) / 1e6 / count);
      same &= Arrays.deepEquals(answer.rows(), Arrays.copyOfRange(truth, next, next + count));
      advance(count);
      return answer;
    }

    /** Notes how long a device worked, a query; false if there is none. */
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
