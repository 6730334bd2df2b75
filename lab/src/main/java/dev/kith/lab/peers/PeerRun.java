package dev.kith.lab.peers;

import dev.kith.core.search.Effort;
import dev.kith.lab.measure.SampledDimension;
import dev.kith.lab.measure.Turns;
import dev.kith.lab.peers.Contestant.Answer;
import dev.kith.lab.peers.Contestant.Built;
import dev.kith.lab.peers.PeerResult.Measured;
import dev.kith.lab.peers.PeerResult.Missing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Comparison of contestants at equal recall.
 *
 * <p>All are built first, one after the other. Then, in each round, for each piece of the queries
 * and each effort, the contestants answer in turn ({@link Turns}). Of each piece the least time
 * over the rounds counts, which also leaves out what a JVM runs before its compiler has caught up.
 * Recall is judged here, from the rows that came back, by Kith's canonical keys: a row as near as
 * the last true one counts as found.
 */
public final class PeerRun {
  /** Seed of the rows that are asked how hard the data is. */
  private static final long SEED = 1;

  private final PeerData data;
  private final Options options;

  /** Key of the last true row of each query, and how many true rows there are. */
  private final double[] limits;

  private final int[] possible;
  private final Consumer<String> progress;
  private final List<Entrant> entrants = new ArrayList<>();
  private final List<Missing> missing;

  /**
   * How to measure.
   *
   * @param k neighbours, at least 1
   * @param rounds times that each piece is asked, at least 1
   * @param piece queries of one piece, at least 1; the last piece may be shorter
   * @param recalls recalls at which speeds are told
   */
  public record Options(int k, int rounds, int piece, List<Double> recalls) {
    /** Checks the numbers and copies the list. */
    public Options {
      recalls = List.copyOf(recalls);
      if (k < 1 || rounds < 1 || piece < 1) {
        throw new IllegalArgumentException(
            "k, rounds and piece must be at least 1: k=%d, rounds=%d, piece=%d"
                .formatted(k, rounds, piece));
      }
      for (double recall : recalls) {
        if (!(recall > 0 && recall <= 1)) {
          throw new IllegalArgumentException("recall must be above 0 and at most 1: " + recall);
        }
      }
    }
  }

  private PeerRun(
      PeerData data,
      List<long[]> truth,
      Options options,
      List<Missing> missing,
      Consumer<String> progress) {
    this.data = data;
    this.options = options;
    this.missing = new ArrayList<>(missing);
    this.progress = progress;
    int queries = Math.toIntExact(data.queries().size());
    if (truth.size() != queries) {
      throw new IllegalArgumentException(
          "truth must hold one list a query: queries=%d, lists=%d"
              .formatted(queries, truth.size()));
    }
    limits = new double[queries];
    possible = new int[queries];
    for (int q = 0; q < queries; q++) {
      var near = truth.get(q);
      possible[q] = Math.min(near.length, options.k);
      if (possible[q] == 0) {
        throw new IllegalArgumentException("truth of query %d holds no row".formatted(q));
      }
      long last = near[possible[q] - 1];
      limits[q] = data.metric().key(data.queries().row(q), data.rows().row(last));
    }
  }

  /**
   * Runs all contestants and closes them. One that cannot run, or cannot go on, is listed with the
   * reason, and the others go on.
   *
   * @param truth true rows of each query, nearest first, at least {@code min(k, rows)}
   * @param contestants contestants, in the order in which they are shown
   * @param missing contestants that are known not to run
   * @param machine description for the reader, like {@code commit}
   * @param progress receives a line for each contestant before it builds, and for each round
   */
  public static PeerResult run(
      PeerData data,
      List<long[]> truth,
      Options options,
      List<? extends Contestant> contestants,
      List<Missing> missing,
      String machine,
      String commit,
      Consumer<String> progress) {
    try {
      var run = new PeerRun(data, truth, options, missing, progress);
      contestants.forEach(run::build);
      run.rounds();
      return run.result(machine, commit);
    } finally {
      contestants.forEach(Contestant::close);
    }
  }

  /** A contestant that was built, and its times. */
  private static final class Entrant {
    final Contestant contestant;
    final Built built;
    final List<Series> series = new ArrayList<>();
    boolean out;

    Entrant(Contestant contestant, Built built, int pieces, int rounds) {
      this.contestant = contestant;
      this.built = built;
      contestant.efforts().forEach(effort -> series.add(new Series(effort, pieces, rounds)));
    }
  }

  /** Times and hits of one contestant at one effort. */
  private static final class Series {
    final Effort effort;
    final double[] least;
    final double[] rounds;
    long hits;

    Series(Effort effort, int pieces, int rounds) {
      this.effort = effort;
      this.least = new double[pieces];
      this.rounds = new double[rounds];
      Arrays.fill(least, Double.POSITIVE_INFINITY);
    }
  }

  private int pieces() {
    return (limits.length + options.piece - 1) / options.piece;
  }

  private void build(Contestant contestant) {
    progress.accept("building " + contestant.name());
    try {
      var built = contestant.build();
      entrants.add(new Entrant(contestant, built, pieces(), options.rounds));
    } catch (ContestantException e) {
      drop(contestant, e);
    }
  }

  private void drop(Contestant contestant, ContestantException why) {
    missing.add(new Missing(contestant.name(), why.reason()));
    contestant.close();
  }

  private void rounds() {
    int efforts = entrants.stream().mapToInt(one -> one.series.size()).max().orElse(0);
    for (int round = 0; round < options.rounds; round++) {
      progress.accept("round %d of %d".formatted(round + 1, options.rounds));
      int now = round;
      Turns.round(
          round,
          pieces(),
          efforts,
          entrants.size(),
          (piece, effort, place) -> {
            var entrant = entrants.get(place);
            if (!entrant.out && effort < entrant.series.size()) {
              ask(entrant, entrant.series.get(effort), piece, now);
            }
          });
    }
  }

  private void ask(Entrant entrant, Series series, int piece, int round) {
    int from = piece * options.piece;
    int to = Math.min(from + options.piece, limits.length);
    try {
      var answer = entrant.contestant.search(series.effort, from, to);
      require(answer, to - from);
      series.least[piece] = Math.min(series.least[piece], answer.cpuSeconds());
      series.rounds[round] += answer.cpuSeconds();
      if (round == 0) {
        series.hits += hits(answer.rows(), from);
      }
    } catch (ContestantException e) {
      entrant.out = true;
      drop(entrant.contestant, e);
    }
  }

  private void require(Answer answer, int queries) throws ContestantException {
    if (answer.rows().size() != queries) {
      throw new ContestantException(
          "it answered %d queries, expected %d".formatted(answer.rows().size(), queries));
    }
    if (!(answer.cpuSeconds() > 0 && answer.cpuSeconds() < Double.POSITIVE_INFINITY)) {
      throw new ContestantException(
          "it reported %s s of work for %d queries; ask larger pieces"
              .formatted(answer.cpuSeconds(), queries));
    }
    for (var rows : answer.rows()) {
      if (rows.length > options.k) {
        throw new ContestantException(
            "it answered %d rows for one query, expected at most %d"
                .formatted(rows.length, options.k));
      }
      for (long row : rows) {
        if (row < 0 || row >= data.rows().size()) {
          throw new ContestantException(
              "it answered row %d of %d rows".formatted(row, data.rows().size()));
        }
      }
    }
  }

  private long hits(List<long[]> found, int from) {
    long hits = 0;
    for (int at = 0; at < found.size(); at++) {
      int q = from + at;
      var query = data.queries().row(q);
      long near =
          Arrays.stream(found.get(at))
              .distinct()
              .filter(row -> data.metric().key(query, data.rows().row(row)) <= limits[q])
              .count();
      hits += Math.min(near, possible[q]);
    }
    return hits;
  }

  private PeerResult result(String machine, String commit) {
    var measured = entrants.stream().filter(one -> !one.out).map(this::measured).toList();
    return new PeerResult(
        data.name(),
        data.rows().size(),
        data.rows().dimension(),
        limits.length,
        options.k,
        data.metric().toString(),
        SampledDimension.of(data.rows(), data.metric(), SEED),
        options.rounds,
        options.piece,
        machine,
        commit,
        measured,
        missing);
  }

  private Measured measured(Entrant entrant) {
    double all = Arrays.stream(possible).asLongStream().sum();
    var points =
        entrant.series.stream()
            .map(
                series -> {
                  double least = Arrays.stream(series.least).sum();
                  double slowest = Arrays.stream(series.rounds).max().orElse(least);
                  return new SpeedCurve.Point(
                      text(series.effort),
                      series.hits / all,
                      limits.length / least,
                      slowest / least);
                })
            .toList();
    var curve = new SpeedCurve(points);
    return new Measured(
        entrant.contestant.name(),
        entrant.built.version(),
        entrant.built.cpuSeconds(),
        entrant.built.bytes(),
        points,
        options.recalls.stream().map(curve::at).toList());
  }

  /** An effort in a few characters: {@code beam 40}, {@code recall 0.95}, {@code exact}. */
  static String text(Effort effort) {
    return switch (effort) {
      case Effort.Exact() -> "exact";
      case Effort.Recall(double target) -> "recall " + target;
      case Effort.Beam(int width) -> "beam " + width;
      case Effort.Probes(int lists) -> "probes " + lists;
    };
  }
}
