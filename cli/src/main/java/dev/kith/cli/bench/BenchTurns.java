package dev.kith.cli.bench;

import dev.kith.cli.console.Shutdown;
import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.measure.Clock;
import dev.kith.lab.measure.Turns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures several indexes, or one with several efforts, at the same time: they take turns, piece
 * of the queries by piece ({@link Turns}), and of each piece the least time of all rounds counts.
 * So other work on the machine meets all alike, and what a JVM runs before its compiler has caught
 * up counts for none.
 */
final class BenchTurns {
  /** Queries of a piece, if batches are no larger. */
  private static final int PIECE = 500;

  private final VectorSource queries;
  private final double seconds;
  private final Clock clock;

  /**
   * Creates a measurement.
   *
   * @param seconds seconds for each index and setting; 0 for a single round
   */
  BenchTurns(VectorSource queries, double seconds, Clock clock) {
    this.queries = queries;
    this.seconds = seconds;
    this.clock = clock;
  }

  /** An index with a setting. */
  static final class Lane {
    private final VectorIndex index;
    private final SearchOptions options;
    private final int batch;

    /** Whether the calling thread does all the work, so that its own clock counts it. */
    private final boolean alone;

    private final Answers answers = new Answers();
    private final List<Long> nanos = new ArrayList<>();
    private double[] leastWall = new double[0];
    private double[] leastCpu = new double[0];
    private double[] rounds = new double[0];
    private double cpuSum;
    private long served;

    Lane(VectorIndex index, SearchOptions options, int batch) {
      this.index = index;
      this.options = options;
      this.batch = batch;
      this.alone =
          options.threads() == 1
              && Backends.choose(options.backend(), index.data()).backend().device().equals("cpu");
    }
  }

  /**
   * Result of a lane.
   *
   * @param slowestRound time of the slowest round after the first, as a multiple of the least times
   *     together: how much other work on the machine disturbed
   */
  record Turned(Timing timing, double slowestRound) {}

  /**
   * Measures all lanes.
   *
   * @param lanes settings of each index
   * @return results in the same order
   */
  List<List<Turned>> time(List<List<Lane>> lanes) {
    int settings = lanes.stream().mapToInt(List::size).max().orElse(0);
    int most = lanes.stream().flatMap(List::stream).mapToInt(lane -> lane.batch).max().orElse(1);
    int piece = (PIECE + most - 1) / most * most;
    int count = Math.toIntExact(queries.size());
    int pieces = (count + piece - 1) / piece;
    long all = lanes.stream().mapToLong(List::size).sum();
    for (var lane : lanes.stream().flatMap(List::stream).toList()) {
      lane.leastWall = filled(pieces);
      lane.leastCpu = filled(pieces);
    }
    long end = clock.wallNanos() + (long) (seconds * all * BenchCommand.NANOS);
    // A second round at least, for in the first the compiler is at work.
    int least = seconds == 0 ? 1 : 2;
    for (int round = 0; round < least || clock.wallNanos() < end; round++) {
      int now = round;
      Turns.round(
          round,
          pieces,
          settings,
          lanes.size(),
          (part, setting, place) -> {
            if (setting < lanes.get(place).size()) {
              int from = part * piece;
              ask(lanes.get(place).get(setting), part, from, Math.min(from + piece, count), now);
            }
          });
    }
    return lanes.stream().map(of -> of.stream().map(this::turned).toList()).toList();
  }

  private static double[] filled(int pieces) {
    var least = new double[pieces];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    return least;
  }

  private void ask(Lane lane, int part, int from, int to, int round) {
    if (part == 0) {
      lane.rounds = Arrays.copyOf(lane.rounds, round + 1);
      if (round == 1) {
        lane.nanos.clear();
      }
    }
    long wall = 0;
    long cpu = cpu(lane);
    for (int first = from; first < to; first += lane.batch) {
      Shutdown.requireNotStopped();
      long began = clock.wallNanos();
      var result =
          lane.index.search(queries.slice(first, Math.min(lane.batch, to - first)), lane.options);
      long took = clock.wallNanos() - began;
      wall += took;
      lane.nanos.add(took);
      if (round == 0) {
        lane.answers.add(result);
      }
    }
    double cpuSeconds = (cpu(lane) - cpu) / BenchCommand.NANOS;
    double wallSeconds = wall / BenchCommand.NANOS;
    lane.cpuSum += cpuSeconds;
    lane.served += to - from;
    lane.leastWall[part] = Math.min(lane.leastWall[part], wallSeconds);
    lane.leastCpu[part] = Math.min(lane.leastCpu[part], cpuSeconds);
    lane.rounds[round] += wallSeconds;
  }

  private long cpu(Lane lane) {
    return lane.alone ? clock.threadNanos() : clock.processNanos();
  }

  private Turned turned(Lane lane) {
    double wall = Math.max(Arrays.stream(lane.leastWall).sum(), 1e-9);
    // The clock of a process moves in coarse steps: a piece may seem to cost nothing, all do not.
    double cpu =
        lane.alone
            ? Arrays.stream(lane.leastCpu).sum()
            : lane.cpuSum / lane.served * queries.size();
    double slowest =
        Arrays.stream(lane.rounds).skip(Math.min(1, lane.rounds.length - 1)).max().orElse(wall);
    lane.nanos.sort(null);
    double calls = (double) lane.nanos.size() / Math.max(lane.rounds.length - 1, 1);
    var timing =
        new Timing(lane.answers, queries.size(), calls, wall, Math.max(cpu, 1e-9), lane.nanos);
    return new Turned(timing, slowest / wall);
  }
}
