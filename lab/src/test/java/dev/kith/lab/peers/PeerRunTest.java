package dev.kith.lab.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.peers.Contestant.Answer;
import dev.kith.lab.peers.PeerResult.Missing;
import dev.kith.lab.peers.PeerRun.Options;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests with contestants whose rows and times are known: rows on a line, queries beside them. */
class PeerRunTest {
  private static final Effort NARROW = new Effort.Beam(10);
  private static final Effort WIDE = new Effort.Beam(20);
  private static final List<Effort> BOTH = List.of(NARROW, WIDE);

  /** True nearest two of each of three queries; query 2 lies between rows 2 and 3, a tie. */
  private static final List<long[]> TRUTH =
      List.of(new long[] {0, 1}, new long[] {4, 3}, new long[] {2, 1});

  private final List<String> calls = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private VectorSource rows = VectorSource.of(new float[][] {{0}});
  private VectorSource queries = rows;

  @BeforeEach
  void lineOfRows() {
    rows = VectorSource.of(new float[][] {{0}, {1}, {2}, {3}, {4}});
    queries = VectorSource.of(new float[][] {{0}, {4}, {2}});
  }

  @AfterEach
  void close() {
    rows.close();
    queries.close();
  }

  @Test
  void run_twoRounds_contestantsTakeTurnsPieceByPiece() {
    var one = new FakeContestant("a", BOTH, calls, right(1));
    var two = new FakeContestant("b", List.of(NARROW), calls, right(1));
    run(2, one, two);
    assertThat(calls)
        .containsExactly(
            "a built",
            "b built",
            "a beam 10 0-2",
            "b beam 10 0-2",
            "a beam 20 0-2",
            "a beam 10 2-3",
            "b beam 10 2-3",
            "a beam 20 2-3",
            // The second round begins with the next.
            "b beam 10 0-2",
            "a beam 10 0-2",
            "a beam 20 0-2",
            "b beam 10 2-3",
            "a beam 10 2-3",
            "a beam 20 2-3");
    assertThat(told).containsExactly("building a", "building b", "round 1 of 2", "round 2 of 2");
    assertThat(one.closed).isPositive();
    assertThat(two.closed).isPositive();
  }

  @Test
  void run_timesOfRounds_leastOfEachPieceCounts() {
    // Rounds take 4 and 1 s for the first piece, 2 and 6 s for the second: 3 s at least.
    double[][] seconds = {{4, 2}, {1, 6}};
    var one =
        new FakeContestant(
            "a",
            List.of(NARROW),
            calls,
            (round, effort, from, to) ->
                new Answer(TRUTH.subList(from, to), seconds[round][from == 0 ? 0 : 1]));
    var point = run(2, one).contestants().getFirst().curve().getFirst();
    assertThat(point.queriesPerCpuSecond()).isCloseTo(3 / 3.0, within(1e-12));
    assertThat(point.slowestRound()).isCloseTo(7 / 3.0, within(1e-12));
    assertThat(point.effort()).isEqualTo("beam 10");
    assertThat(point.recall()).isEqualTo(1);
  }

  @Test
  void run_rowsThatCameBack_areJudgedByTheTruth() {
    // 0 and a wrong row; nothing; a row as near as the last true one, and a row named twice.
    var found = List.of(new long[] {0, 4}, new long[] {}, new long[] {3, 3});
    var one =
        new FakeContestant(
            "a",
            List.of(NARROW),
            calls,
            (round, effort, from, to) -> new Answer(found.subList(from, to), 1));
    var measured = run(1, one).contestants().getFirst();
    assertThat(measured.curve().getFirst().recall()).isCloseTo(2 / 6.0, within(1e-12));
    assertThat(measured.name()).isEqualTo("a");
    assertThat(measured.version()).isEqualTo("version of a");
    assertThat(measured.buildCpuSeconds()).isEqualTo(3);
    assertThat(measured.bytes()).isEqualTo(4_000_000);
  }

  @Test
  void run_efforts_speedIsToldAtEqualRecall() {
    // Recall 4/6 at 3/2 queries a second, 1 at 3/8: half way between, the root of the product.
    var some = List.of(new long[] {0, 1}, new long[] {4, 3}, new long[] {});
    var one =
        new FakeContestant(
            "a",
            BOTH,
            calls,
            (round, effort, from, to) ->
                effort.equals(NARROW)
                    ? new Answer(some.subList(from, to), 1)
                    : new Answer(TRUTH.subList(from, to), 4));
    var speeds =
        PeerRun.run(
                data(),
                TRUTH,
                new Options(2, 1, 2, List.of(0.5, 5 / 6.0, 1.0)),
                List.of(one),
                List.of(),
                "m",
                "c",
                told::add)
            .contestants()
            .getFirst()
            .speeds();
    assertThat(speeds.get(0)).isEqualTo(new SpeedCurve.Speed(0.5, 1.5, true));
    assertThat(speeds.get(1).queriesPerCpuSecond())
        .isCloseTo(Math.sqrt(1.5 * 0.375), within(1e-12));
    assertThat(speeds.get(1).leastEffort()).isFalse();
    assertThat(speeds.get(2)).isEqualTo(new SpeedCurve.Speed(1.0, 0.375, false));
  }

  @Test
  void run_aContestantThatStops_isMissingAndTheOthersGoOn() {
    var one =
        new FakeContestant(
            "a",
            BOTH,
            calls,
            (round, effort, from, to) -> {
              if (round == 1 && effort.equals(WIDE)) {
                throw new ContestantException("it ended with status 9: out of memory");
              }
              return new Answer(TRUTH.subList(from, to), 1);
            });
    var two = new FakeContestant("b", List.of(NARROW), calls, right(1));
    var result = run(3, one, two);
    assertThat(result.contestants()).extracting(PeerResult.Measured::name).containsExactly("b");
    assertThat(result.missing())
        .containsExactly(
            new Missing("known before", "not here"),
            new Missing("a", "it ended with status 9: out of memory"));
    assertThat(calls.stream().filter("a beam 20 0-2"::equals).count()).isEqualTo(2);
    assertThat(calls.stream().filter("b beam 10 2-3"::equals).count()).isEqualTo(3);
    assertThat(one.closed).isPositive();
  }

  @Test
  void run_answersThatCannotBe_areRefusedInOneLine() {
    assertThat(reasonOf(new Answer(List.of(new long[] {5}, new long[] {0}), 1)))
        .isEqualTo("it answered row 5 of 5 rows");
    assertThat(reasonOf(new Answer(List.of(new long[] {-1}, new long[] {0}), 1)))
        .isEqualTo("it answered row -1 of 5 rows");
    assertThat(reasonOf(new Answer(List.of(new long[] {0, 1, 2}, new long[] {0}), 1)))
        .isEqualTo("it answered 3 rows for one query, expected at most 2");
    assertThat(reasonOf(new Answer(List.of(new long[] {0}), 1)))
        .isEqualTo("it answered 1 queries, expected 2");
    assertThat(reasonOf(new Answer(List.of(new long[] {0}, new long[] {0}), 0)))
        .isEqualTo("it reported 0.0 s of work for 2 queries; ask larger pieces");
    assertThat(reasonOf(new Answer(List.of(new long[] {0}, new long[] {0}), Double.NaN)))
        .isEqualTo("it reported NaN s of work for 2 queries; ask larger pieces");
  }

  @Test
  void run_truthOfOtherQueries_isRefusedAndAllAreClosed() {
    var one = new FakeContestant("a", BOTH, calls, right(1));
    assertThatThrownBy(
            () ->
                PeerRun.run(
                    data(),
                    TRUTH.subList(0, 2),
                    new Options(2, 1, 2, List.of()),
                    List.of(one),
                    List.of(),
                    "m",
                    "c",
                    told::add))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("truth must hold one list a query: queries=3, lists=2");
    assertThat(one.closed).isPositive();
    assertThat(calls).isEmpty();
  }

  @Test
  void options_outOfRange_areRefused() {
    assertThatThrownBy(() -> new Options(10, 0, 500, List.of()))
        .hasMessage("k, rounds and piece must be at least 1: k=10, rounds=0, piece=500");
    assertThatThrownBy(() -> new Options(10, 1, 500, List.of(0.9, 1.5)))
        .hasMessage("recall must be above 0 and at most 1: 1.5");
  }

  @Test
  void lines_ofAResult_areATableAndWhatIsMissing() {
    var some = List.of(new long[] {0, 1}, new long[] {4, 3}, new long[] {2});
    var one = new FakeContestant("first", List.of(NARROW), calls, right(0.001));
    var two =
        new FakeContestant(
            "b",
            List.of(NARROW),
            calls,
            (round, effort, from, to) -> new Answer(some.subList(from, to), 0.5));
    assertThat(run(1, one, two).lines())
        .containsExactly(
            "line: 5 x 1 (intrinsic dimension 1.3), l2, k=2, 3 queries one at a time on one thread;"
                + " least of 1 rounds over pieces of 2",
            "queries per CPU-second at recall@2",
            "            0.5       1.0  build CPU-s        MB  slowest round",
            "first    >1,500     1,500          3.0       4.0          1.00x",
            "b            >3         -          3.0       4.0          1.00x",
            "known before: not here");
  }

  @Test
  void result_asJson_namesWhatWasMeasured() throws IOException {
    var one = new FakeContestant("a", List.of(NARROW), calls, right(1));
    var document = new JsonMapper().valueToTree(run(1, one));
    assertThat(document.at("/contestants/0/curve/0/queriesPerCpuSecond").doubleValue())
        .isEqualTo(1.5);
    assertThat(document.at("/contestants/0/speeds/1/recall").doubleValue()).isEqualTo(1);
    assertThat(document.at("/missing/0/reason").textValue()).isEqualTo("not here");
    assertThat(document.at("/metric").textValue()).isEqualTo("l2");
  }

  private String reasonOf(Answer answer) {
    var bad = new FakeContestant("a", List.of(NARROW), calls, (round, effort, from, to) -> answer);
    var result = run(1, bad);
    assertThat(result.contestants()).isEmpty();
    return result.missing().getLast().reason();
  }

  private static FakeContestant.Answers right(double seconds) {
    return (round, effort, from, to) -> new Answer(TRUTH.subList(from, to), seconds);
  }

  private PeerResult run(int rounds, Contestant... contestants) {
    return PeerRun.run(
        data(),
        TRUTH,
        new Options(2, rounds, 2, List.of(0.5, 1.0)),
        List.of(contestants),
        List.of(new Missing("known before", "not here")),
        "a machine",
        "c0",
        told::add);
  }

  private PeerData data() {
    return new PeerData("line", rows, queries, Metric.L2, Path.of("X.npy"), Path.of("Q.npy"));
  }
}
