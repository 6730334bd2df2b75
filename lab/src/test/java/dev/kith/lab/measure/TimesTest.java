package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class TimesTest {

  @Test
  void median_oddAndEvenCounts_isTheMiddle() {
    assertThat(new Times(List.of(9.0, 1.0, 2.0)).median()).isEqualTo(2);
    assertThat(new Times(List.of(4.0, 1.0, 2.0, 9.0)).median()).isEqualTo(3);
    assertThat(new Times(List.of(7.0)).median()).isEqualTo(7);
  }

  @Test
  void spread_someRuns_isThirdLessFirstQuartile() {
    assertThat(new Times(List.of(5.0, 4.0, 3.0, 2.0, 1.0)).spread()).isEqualTo(2);
    assertThat(new Times(List.of(7.0)).spread()).isZero();
    assertThat(new Times(List.of(1.0, 1.0, 1.0, 1.0, 1000.0)).spread()).isZero();
  }

  @Test
  void times_aFactor_scalesEachInItsPlace() {
    assertThat(new Times(List.of(3.0, 1.0)).times(2).each()).containsExactly(6.0, 2.0);
  }

  @Test
  void new_noRuns_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Times(List.of()))
        .withMessage("no runs, so no times: at least one is needed");
  }
}
