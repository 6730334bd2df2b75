package dev.kith.lab.compare;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.backend.Backends;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.compare.Comparison.Settings;
import dev.kith.lab.compare.ComparisonResult.Missing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests with stand-ins for all peers but one, for which libraries a Python has differs. */
@DisabledOnOs(OS.WINDOWS)
class ComparisonTest {
  private static final ClusteredVectors VECTORS = new ClusteredVectors(6, 6, 4, 0.5, 1);

  @TempDir Path temp;

  @Test
  void run_noPython_comparesKithsBackendsAndSaysWhatIsMissing() throws IOException {
    var result = run("/nowhere/python", Duration.ofMinutes(1));
    var usable = Backends.statuses().stream().filter(Backends.Status::usable).toList();
    assertThat(result.contenders()).hasSize(2 * usable.size());
    assertThat(result.contenders())
        .extracting(Contender::name)
        .contains("kith scalar flat", "kith scalar flat(shadow=int8)", "kith simd flat");
    assertThat(result.contenders())
        .allSatisfy(
            contender -> {
              assertThat(contender.version()).isEqualTo("9.9");
              assertThat(contender.device())
                  .isEqualTo(contender.name().startsWith("kith cuda ") ? "gpu" : "cpu");
              assertThat(contender.runs()).extracting(Contender.Run::batch).containsExactly(1, 5);
              for (var run : contender.runs()) {
                assertThat(run.sameRows()).isTrue();
                assertThat(run.recall()).isEqualTo(1);
                assertThat(run.millis()).isPositive();
                assertThat(run.timed()).isGreaterThanOrEqualTo(3);
              }
            });
    assertThat(result.kithIsExact()).isTrue();
    assertThat(result.python()).isNull();
    assertThat(peersMissing(result)).hasSize(PythonPeers.NAMES.size());
    assertThat(peersMissing(result).getFirst().reason())
        .startsWith("no Python at /nowhere/python; name one by --python (");
  }

  /** Runs a Python that gives every peer's answer alike: some rows right, some wrong. */
  @Test
  void run_aPeerThatAnswers_isJudgedByTheTruth() throws IOException {
    var python =
        program(
            """
            cat >/dev/null
            [ "$2" = cupy ] || { echo '{"python": "3.9", "missing": "not here"}'; exit; }
            echo '{"python": "3.9", "version": "1.2", "device": "gpu", "runs": [
              {"batch": 1, "millis": [3, 1, 2], "rows": [[0], [1], [2], [0], [0]]}]}'
            """);
    try (var rows = VectorSource.of(new float[][] {{0}, {1}, {2}, {2}});
        var queries = VectorSource.of(new float[][] {{0}, {1}, {2}, {1}, {0.75f}})) {
      var result = run(rows, queries, 1, python, Duration.ofMinutes(1));
      var peer = result.contenders().stream().filter(one -> one.name().equals("cupy")).findFirst();
      // The nearest are 0, 1, 2, 1, 1: three of five are right.
      assertThat(peer.orElseThrow())
          .isEqualTo(
              new Contender(
                  "cupy",
                  "1.2",
                  "gpu",
                  List.of(new Contender.Run(1, 1, 1, 3, 0.6, false, 2, null, null))));
      assertThat(result.python()).isEqualTo("3.9");
      assertThat(result.kithIsExact()).isTrue();
      assertThat(peersMissing(result)).contains(new Missing("numpy", "not here")).hasSize(6);
    }
  }

  @Test
  void run_aRowAsNearAsTheLast_countsAsFound() throws IOException {
    var python =
        program(
            """
            cat >/dev/null
            echo '{"python": "3.9", "version": "1.2", "device": "cpu", "runs": [
              {"batch": 1, "millis": [1], "rows": [[2]]}]}'
            """);
    try (var rows = VectorSource.of(new float[][] {{0}, {2}, {2}});
        var queries = VectorSource.of(new float[][] {{3}})) {
      var numpy = contender(run(rows, queries, 1, python, Duration.ofMinutes(1)), "numpy");
      assertThat(numpy.runs().getFirst().recall()).isEqualTo(1);
      assertThat(numpy.runs().getFirst().sameRows()).isFalse();
    }
  }

  /** The BLAS of FAISS is the fastest that was tried. */
  @Test
  void run_faiss_runsWithItsFastestBlas() throws IOException {
    var python =
        program(
            """
            cat >/dev/null
            millis=5
            [ "${OPENBLAS_CORETYPE:-}" = ZEN ] && millis=1
            [ "$OMP_NUM_THREADS$OPENBLAS_NUM_THREADS$MKL_NUM_THREADS" = 111 ] || exit 7
            echo '{"python": "3.9", "version": "1.2", "device": "cpu", "runs": [
              {"batch": 1, "millis": ['$millis'], "rows": [[0]]}]}'
            """);
    try (var rows = VectorSource.of(new float[][] {{0}})) {
      var result = run(rows, rows, 1, python, Duration.ofMinutes(1));
      assertThat(contender(result, "faiss-cpu").version()).isEqualTo("1.2 as ZEN");
      assertThat(contender(result, "faiss-cpu").runs().getFirst().millis()).isEqualTo(1);
      assertThat(contender(result, "numpy").version()).isEqualTo("1.2");
    }
  }

  @Test
  void run_aPeerThatFails_isMissingWithItsLastWords() throws IOException {
    var python = program("echo 'first words' >&2; echo 'ValueError: last words' >&2; exit 3");
    assertThat(peersMissing(run(python, Duration.ofMinutes(1))))
        .extracting(Missing::reason)
        .containsOnly("it failed with status 3: ValueError: last words");
    var silent = program("exit 4");
    assertThat(peersMissing(run(silent, Duration.ofMinutes(1))))
        .extracting(Missing::reason)
        .containsOnly("it failed with status 4: it said nothing");
    var chatty = program("cat >/dev/null; echo hello");
    assertThat(peersMissing(run(chatty, Duration.ofMinutes(1))))
        .extracting(Missing::reason)
        .allSatisfy(
            reason -> assertThat(reason).startsWith("it printed no JSON document: Unrecognized"));
    var binary = program("cat >/dev/null; printf '\\377'");
    assertThat(peersMissing(run(binary, Duration.ofMinutes(1))))
        .extracting(Missing::reason)
        .allSatisfy(reason -> assertThat(reason).startsWith("it printed no JSON document: "));
    for (var other : List.of(program("exit 0"), program("cat >/dev/null; echo 7"))) {
      assertThat(peersMissing(run(other, Duration.ofMinutes(1))))
          .extracting(Missing::reason)
          .hasSameSizeAs(PythonPeers.NAMES)
          .containsOnly("it did not run peer.py; name a Python by --python: " + other);
    }
  }

  @Test
  void run_aPeerThatHangs_isEndedAtTheLimit() throws IOException {
    var python = program("exec sleep 600");
    long start = System.nanoTime();
    assertThat(peersMissing(run(python, Duration.ofSeconds(1))))
        .extracting(Missing::reason)
        .containsOnly("it did not end within 1 s");
    assertThat((System.nanoTime() - start) / 1e9).isLessThan(60);
  }

  /** Runs the script itself, where there is a Python with NumPy. */
  @Test
  void run_numpy_findsTheTrueRows() throws IOException {
    var result = run("python3", Duration.ofMinutes(2));
    var numpy = result.contenders().stream().filter(one -> one.name().equals("numpy")).findFirst();
    assumeTrue(numpy.isPresent(), "no python3 with numpy here");
    assertThat(numpy.get().device()).isEqualTo("cpu");
    assertThat(numpy.get().runs()).hasSize(2);
    for (var run : numpy.get().runs()) {
      assertThat(run.recall()).isEqualTo(1);
      assertThat(run.millis()).isPositive();
    }
    assertThat(result.python()).startsWith("3.");
  }

  private static Contender contender(ComparisonResult result, String name) {
    return result.contenders().stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<Missing> peersMissing(ComparisonResult result) {
    return result.missing().stream().filter(one -> PythonPeers.NAMES.contains(one.name())).toList();
  }

  private static ComparisonResult run(String python, Duration limit) throws IOException {
    try (var rows = VECTORS.generate(0, 300);
        var queries = VECTORS.generate(300, 5)) {
      return run(rows, queries, 4, python, limit);
    }
  }

  private static ComparisonResult run(
      VectorSource rows, VectorSource queries, int k, String python, Duration limit)
      throws IOException {
    var told = new ArrayList<String>();
    var result =
        Comparison.run(
            "test",
            rows,
            queries,
            new Settings(k, 1, 0, 3, python, limit),
            "9.9",
            "a machine",
            "c0",
            List.of(),
            told::add);
    assertThat(told).containsAll(PythonPeers.NAMES);
    return result;
  }

  private String program(String script) throws IOException {
    var file = Files.createTempFile(temp, "python", "");
    Files.writeString(file, "#!/bin/sh\n" + script, UTF_8);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file.toString();
  }
}
