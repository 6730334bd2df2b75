package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final Times EVEN = new Times(Collections.nCopies(9, 2.0));
  private static final Times APART =
      new Times(List.of(1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 57.0, 57.0, 57.0));

  @Test
  void remark_workAndWallAgree_isNone() {
    assertThat(Load.remark(2, 2, EVEN)).isNull();
    assertThat(Load.remark(2, 3.9, EVEN)).isNull();
    assertThat(Load.remark(2, 1.7, EVEN)).isNull();
  }

  @Test
  void remark_lessWorkThanWall_isBusy() {
    assertThat(Load.remark(2, 0.5, EVEN))
        .isEqualTo("machine busy: 0.50 s of work took 2.00 s; run again when it is idle");
    assertThat(Load.remark(0.05, 0, EVEN)).as("too short to tell").isNull();
    assertThat(Load.remark(2, Double.NaN, EVEN)).as("the work of a device").isNull();
  }

  @Test
  void remark_timesFarApart_isBusy() {
    assertThat(Load.remark(2, 2, APART))
        .isEqualTo(
            "machine busy: the spread is 56.0 times the least time; run again when it is idle");
    assertThat(Load.remark(2, 2, new Times(APART.each().subList(0, 7))))
        .as("too few runs to tell")
        .isNull();
  }
}
