package dev.kith.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogScaleTest {
  @Test
  void over_someTimes_isWholeDecadesAroundThem() {
    var scale = LogScale.over(List.of(0.02, 0.0, 400.0));
    assertThat(scale).isEqualTo(new LogScale(-2, 3));
    assertThat(scale.place(0.1)).isCloseTo(0.2, within(1e-12));
    assertThat(scale.place(1000)).isEqualTo(1);
    assertThat(scale.place(0.001)).isZero();
    assertThat(scale.place(0)).isZero();
  }

  @Test
  void over_powersOfTen_leavesTheSmallestABar() {
    assertThat(LogScale.over(List.of(1.0, 100.0))).isEqualTo(new LogScale(-1, 2));
    assertThat(LogScale.over(List.of())).isEqualTo(new LogScale(0, 1));
  }
}
