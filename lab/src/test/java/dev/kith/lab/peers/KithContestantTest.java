package dev.kith.lab.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.lab.measure.Clock;
import dev.kith.lab.peers.PeerRun.Options;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KithContestantTest {
  private static final ClusteredVectors VECTORS = new ClusteredVectors(6, 6, 4, 0.5, 1);

  @TempDir Path temp;

  @Test
  void run_exactIndexes_findAllRows() throws IOException {
    try (var rows = VECTORS.generate(0, 300);
        var queries = VECTORS.generate(300, 40)) {
      var data = PeerData.in(temp, "d", rows, queries, Metric.COSINE);
      var result =
          PeerRun.run(
              data,
              data.exact(4),
              new Options(4, 2, 20, List.of(0.95)),
              List.of(
                  new KithContestant(data, "flat", "scalar", settings()),
                  new KithContestant(data, "flat(shadow=int8)", null, settings())),
              List.of(),
              "m",
              "c",
              line -> {});
      assertThat(result.missing()).isEmpty();
      assertThat(result.contestants())
          .extracting(PeerResult.Measured::name)
          .containsExactly("kith scalar flat", "kith flat(shadow=int8)");
      assertThat(result.contestants())
          .allSatisfy(
              one -> {
                assertThat(one.version()).isEqualTo("9.9");
                assertThat(one.curve().getFirst().effort()).isEqualTo("exact");
                assertThat(one.curve().getFirst().recall()).isEqualTo(1);
                assertThat(one.speeds().getFirst().leastEffort()).isTrue();
                assertThat(one.buildCpuSeconds()).isNotNegative();
              });
      assertThat(result.contestants().get(0).bytes()).isEqualTo(300 * 6 * 4);
      assertThat(result.contestants().get(1).bytes()).isGreaterThan(300 * 6 * 4 + 300 * 6);
    }
  }

  @Test
  void build_aBackendThatIsNotThere_isOneLine() throws IOException {
    try (var rows = VECTORS.generate(0, 30);
        var queries = VECTORS.generate(30, 2)) {
      var data = PeerData.in(temp, "d", rows, queries, Metric.L2);
      var kith = new KithContestant(data, "flat", "abacus", settings());
      assertThatThrownBy(kith::build)
          .isInstanceOf(ContestantException.class)
          .hasMessageContaining("abacus");
      kith.close();
      assertThatThrownBy(() -> kith.search(new Effort.Exact(), 0, 1))
          .hasMessage("it was not built, or was closed");
    }
  }

  private static KithContestant.Settings settings() {
    return new KithContestant.Settings(4, 1, "9.9", List.of(new Effort.Exact()), Clock.SYSTEM);
  }
}
