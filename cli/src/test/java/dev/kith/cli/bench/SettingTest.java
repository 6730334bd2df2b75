package dev.kith.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.search.Effort;
import dev.kith.core.spec.IndexSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class SettingTest {
  private static List<Effort> efforts(String spec, List<Double> recalls) {
    return Setting.efforts(IndexSpec.parse(spec), recalls, List.of(20), List.of(4), List.of(1, 2));
  }

  @Test
  void efforts_areThoseThatTheKindOfIndexKnows() {
    assertThat(efforts("ivf(codes=bits1)", List.of()))
        .containsExactly(new Effort.Probes(4), new Effort.Probes(1), new Effort.Probes(2));
    assertThat(efforts("graph", List.of()))
        .containsExactly(new Effort.Beam(20), new Effort.Beam(1), new Effort.Beam(2));
  }

  @Test
  void efforts_ofCodesThatAreAllRead_areRecallsAlone() {
    assertThat(efforts("flat(shadow=bits1)", List.of(0.9, 0.9999)))
        .containsExactly(new Effort.Recall(0.9), new Effort.Recall(0.9999));
    assertThat(efforts("flat(shadow=bits1)", List.of()))
        .hasSize(1)
        .allMatch(Effort.Recall.class::isInstance);
  }
}
