package dev.kith.lab.peers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.peers.PeerResult.Missing;
import dev.kith.lab.peers.PeerRun.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests with stand-ins for peers, and with the real ones where what they need is there. */
@DisabledOnOs(OS.WINDOWS)
class PeersTest {
  private static final ClusteredVectors VECTORS = new ClusteredVectors(20, 8, 4, 0.5, 1);
  private static final Effort BEAM = new Effort.Beam(30);

  /** Answers as a peer does, up to what a test adds to it. */
  private static final String HONEST =
      """
      while read -r request rest; do
        case $request in
          load) printf 'loaded\\t300\\t20\\t40\\tfake 1.0\\n';;
          build) printf 'built\\t2500000000\\t7000\\n';;
          search) %s;;
        esac
      done
      """;

  @TempDir Path temp;
  private VectorSource rows = VectorSource.of(new float[][] {{0}});
  private VectorSource queries = rows;

  @BeforeEach
  void vectors() {
    rows = VECTORS.generate(0, 300);
    queries = VECTORS.generate(300, 40);
  }

  @AfterEach
  void close() {
    rows.close();
    queries.close();
  }

  @Test
  void search_anHonestPeer_givesItsRowsAndItsTime() throws Exception {
    var script = HONEST.formatted("printf 'found\\t1500000\\t3,1,2\\t\\t299\\n'");
    try (var peer = peer(script, Duration.ofSeconds(20))) {
      assertThat(peer.build()).isEqualTo(new Contestant.Built("fake 1.0", 2.5, 7000));
      var answer = peer.search(BEAM, 0, 3);
      assertThat(answer.cpuSeconds()).isEqualTo(0.0015);
      assertThat(answer.rows())
          .containsExactly(new long[] {3, 1, 2}, new long[] {}, new long[] {299});
    }
  }

  @Test
  void search_aPeerThatDies_saysItsStatusAndItsLastWords() throws Exception {
    assertThat(reasonOf("echo first >&2; echo 'bad alloc' >&2; exit 9"))
        .isEqualTo("it ended with status 9: bad alloc");
    assertThat(reasonOf("exit 0")).isEqualTo("it ended with status 0: it said nothing");
  }

  @Test
  void search_aPeerThatPrintsGarbage_isShownInOneLine() throws Exception {
    assertThat(reasonOf("echo Segmentation fault"))
        .isEqualTo("it answered \"Segmentation fault\", expected found and 4 fields");
    assertThat(reasonOf("printf 'found\\t5\\t1\\n'"))
        .isEqualTo("it answered \"found\t5\t1\", expected found and 4 fields");
    assertThat(reasonOf("printf 'found\\t5\\t1,two\\t1\\t1\\n'"))
        .isEqualTo("it answered found with \"two\", expected a whole number");
    assertThat(reasonOf("printf 'found\\tsoon\\t1\\t1\\t1\\n'"))
        .isEqualTo("it answered found with \"soon\", expected a whole number");
    assertThat(reasonOf("printf '%080d\\n' 0"))
        .isEqualTo("it answered \"" + "0".repeat(60) + "...\", expected found and 4 fields");
    assertThat(reasonOf("printf 'failed\\tefSearch is too small\\n'"))
        .isEqualTo("efSearch is too small");
  }

  @Test
  void search_aPeerThatHangs_isLeftAtTheLimit() throws Exception {
    var script = HONEST.formatted("exec sleep 600");
    try (var peer = peer(script, Duration.ofSeconds(5))) {
      peer.build();
      assertThatThrownBy(() -> peer.search(BEAM, 0, 3)).hasMessage("it did not answer within 5 s");
    }
  }

  @Test
  void search_anEffortThatIsNoBeam_isRefused() throws Exception {
    try (var peer = peer(HONEST.formatted("exit 1"), Duration.ofSeconds(20))) {
      peer.build();
      assertThatThrownBy(() -> peer.search(new Effort.Exact(), 0, 3))
          .hasMessage("peers know a beam's width alone: Exact[]");
    }
  }

  @Test
  void build_aPeerThatLoadsOtherData_isRefused() throws Exception {
    var script = "read -r line; printf 'loaded\\t300\\t20\\t41\\tfake\\n'; read -r line";
    try (var peer = peer(script, Duration.ofSeconds(20))) {
      assertThatThrownBy(peer::build)
          .hasMessage(
              "it loaded other data: rows, dimension, queries=[300, 20, 41], expected [300, 20,"
                  + " 40]");
    }
  }

  @Test
  void build_noSuchProgram_isNotInstalled() throws Exception {
    try (var peer = peer(List.of("/nowhere/peer"), Duration.ofSeconds(20))) {
      assertThatThrownBy(peer::build)
          .isInstanceOf(ContestantException.class)
          .hasMessageStartingWith("not installed: /nowhere/peer cannot be started (");
    }
  }

  @Test
  void run_oneDiesAndOneIsNotInstalled_theOtherIsMeasured() throws Exception {
    var data = data();
    var good =
        "printf 'found\\t1000000'; i=0; while [ $i -lt 20 ]; do printf '\\t1'; i=$((i+1));"
            + " done; printf '\\n'";
    var limit = Duration.ofSeconds(20);
    var result =
        PeerRun.run(
            data,
            data.exact(3),
            new Options(3, 2, 20, List.of(0.1)),
            List.of(
                peer(HONEST.formatted("exit 3"), limit),
                peer(HONEST.formatted(good), limit),
                peer(List.of("/nowhere/peer"), limit)),
            List.of(),
            "m",
            "c",
            line -> {});
    assertThat(result.contestants()).hasSize(1);
    assertThat(result.contestants().getFirst().curve().getFirst().queriesPerCpuSecond())
        .isEqualTo(20_000);
    assertThat(result.missing()).extracting(Missing::reason).hasSize(2);
    assertThat(result.missing().get(1).reason())
        .isEqualTo("it ended with status 3: it said nothing");
  }

  @Test
  void programs_whatIsMissing_isSaidWithWhatToDo() throws Exception {
    var folder = temp.resolve("programs");
    var none = new PeerPrograms(folder, null, "python3", "/nowhere/g++");
    assertThatThrownBy(none::hnswlib)
        .hasMessage(
            "not installed: there is no C++ compiler /nowhere/g++; install one, and hnswlib's"
                + " headers (Debian: apt-get install g++ libhnswlib-dev)");
    assertThatThrownBy(none::jvector)
        .hasMessage(
            "not installed: no Maven wrapper to fetch jvector 4.0.2 with (system property"
                + " kith.home names its folder); put its jars into %s",
            folder.resolve("jars/jvector-4.0.2"));
    var headers = "echo 'peer.cpp:7:10: fatal error: hnswlib/hnswlib.h: No such file'; exit 1";
    assertThatThrownBy(new PeerPrograms(folder, null, "python3", program(headers))::hnswlib)
        .hasMessage(
            "not installed: hnswlib's headers are missing; install them (Debian: apt-get install"
                + " libhnswlib-dev)");
    var broken = program("echo 'In file x'; echo 'x:1: error: no'; exit 4");
    assertThatThrownBy(new PeerPrograms(folder, null, "python3", broken)::hnswlib)
        .hasMessage("not installed: %s ended with status 4: x:1: error: no", broken);
    var home = Files.createDirectory(temp.resolve("home"));
    script(home.resolve("mvnw"), "echo '[INFO] a'; echo '[ERROR] cannot reach it'; exit 1");
    assertThatThrownBy(new PeerPrograms(folder, home, "python3", "g++")::lucene)
        .hasMessage(
            "not installed: lucene 10.6.0 could not be fetched: cannot reach it; put its jars into"
                + " %s",
            folder.resolve("jars/lucene-10.6.0"));
  }

  @Test
  void programs_askedTwice_buildAndFetchOnce() throws Exception {
    var folder = temp.resolve("programs");
    var count = temp.resolve("count");
    var compiler =
        program(
            "echo once >>"
                + count
                + "; while [ $# -gt 1 ]; do shift; done; echo '#!' >\"$1\";"
                + " chmod +x \"$1\"");
    var programs = new PeerPrograms(folder, null, "python3", compiler);
    assertThat(programs.hnswlib()).containsExactly(folder.resolve("hnswlib/peer").toString());
    assertThat(programs.hnswlib()).isEqualTo(programs.hnswlib());
    assertThat(Files.readAllLines(count)).containsExactly("once");
    Files.writeString(folder.resolve("hnswlib/peer.cpp"), "older", UTF_8);
    programs.hnswlib();
    assertThat(Files.readAllLines(count)).as("the source changed").hasSize(2);

    var home = Files.createDirectory(temp.resolve("home"));
    script(home.resolve("mvnw"), "echo once >>" + count);
    assertThatThrownBy(new PeerPrograms(folder, home, "python3", compiler)::lucene)
        .hasMessage(
            "not installed: Maven ended well but left no jar of lucene 10.6.0; put its jars into"
                + " %s",
            folder.resolve("jars/lucene-10.6.0"));
    script(
        home.resolve("mvnw"),
        "echo once >>%s; for last; do :; done; touch \"${last#-DoutputDirectory=}/a.jar\""
            .formatted(count));
    var java = new PeerPrograms(folder, home, "python3", compiler);
    assertThat(java.lucene()).isEqualTo(java.lucene()).contains("-Dpeer.version=10.6.0");
    assertThat(Files.readAllLines(count)).hasSize(4);
  }

  @Test
  void of_names_areContestantsInTheirOrder() throws Exception {
    assertThat(Peers.of(List.of("faiss", "hnswlib", "faiss"), data(), settings("python3")))
        .extracting(Contestant::name)
        .containsExactly("FAISS HNSW32 efc=200", "hnswlib M=16 efc=200", "hnswlib M=32 efc=200");
    assertThat(Peers.of(Peers.NAMES, data(), settings("python3"))).hasSize(7);
    assertThatThrownBy(() -> Peers.of(List.of("annoy"), data(), settings("python3")))
        .hasMessage("no such peer: annoy; there are hnswlib, lucene, jvector, faiss");
  }

  @Test
  void faiss_aPythonWithoutIt_isNotInstalled() throws Exception {
    var python = program("printf 'failed\\tnot installed: No module\\n'; cat >/dev/null");
    var data = data();
    try (var faiss = Peers.of(List.of("faiss"), data, settings(python)).getFirst()) {
      assertThatThrownBy(faiss::build).hasMessage("not installed: No module");
    }
    var absent = settings("/nowhere/python");
    try (var faiss = Peers.of(List.of("faiss"), data, absent).getFirst()) {
      assertThatThrownBy(faiss::build)
          .hasMessageStartingWith("not installed: /nowhere/python cannot be started (");
    }
  }

  /** Runs the real programs that need no download, where their libraries are installed. */
  @Test
  void run_realPeers_findTheTrueRows() throws Exception {
    var data = data();
    var peers = Peers.of(List.of("hnswlib", "faiss"), data, settings("python3"));
    var result =
        PeerRun.run(
            data,
            data.exact(5),
            new Options(5, 2, 20, List.of(0.9)),
            peers,
            List.of(),
            "m",
            "c",
            line -> {});
    assertThat(result.missing())
        .extracting(Missing::reason)
        .allSatisfy(reason -> assertThat(reason).startsWith("not installed: "));
    if (result.contestants().isEmpty()) {
      abort("neither hnswlib nor FAISS is installed here");
    }
    assertThat(result.contestants())
        .allSatisfy(
            one -> {
              assertThat(one.curve()).hasSize(2);
              assertThat(one.curve().getLast().recall()).isGreaterThan(0.95);
              assertThat(one.curve().getLast().queriesPerCpuSecond()).isPositive();
              assertThat(one.bytes()).isGreaterThan(300 * 20 * 4);
              assertThat(one.buildCpuSeconds()).isPositive();
            });
  }

  /** Reason that a peer gives up with when it is asked three queries. */
  private String reasonOf(String whenAsked) throws Exception {
    try (var peer = peer(HONEST.formatted(whenAsked), Duration.ofSeconds(20))) {
      peer.build();
      var thrown =
          org.junit.jupiter.api.Assertions.assertThrows(
              ContestantException.class, () -> peer.search(BEAM, 0, 3));
      return thrown.reason();
    }
  }

  private Contestant peer(String script, Duration limit) throws IOException {
    return peer(List.of(program(script)), limit);
  }

  private Contestant peer(List<String> command, Duration limit) throws IOException {
    return new PeerProcess(
        "fake",
        () -> command,
        "m=16",
        data(),
        new PeerProcess.Settings(3, 1, limit),
        List.of(BEAM));
  }

  private PeerData data() throws IOException {
    if (!Files.exists(temp.resolve("X.npy"))) {
      return PeerData.in(temp, "d", rows, queries, Metric.L2);
    }
    return new PeerData(
        "d", rows, queries, Metric.L2, temp.resolve("X.npy"), temp.resolve("Q.npy"));
  }

  private Peers.Settings settings(String python) {
    return new Peers.Settings(
        5, 1, List.of(10, 100), python, Duration.ofMinutes(2), temp.resolve("cache"), null);
  }

  private String program(String script) throws IOException {
    return script(Files.createTempFile(temp, "peer", ""), script).toString();
  }

  private static Path script(Path file, String script) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + script + "\n", UTF_8);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }
}
