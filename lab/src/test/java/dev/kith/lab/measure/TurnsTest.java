package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class TurnsTest {
  @Test
  void round_twoOfThem_beginWithAnother() {
    var taken = new ArrayList<String>();
    for (int round = 0; round < 2; round++) {
      Turns.round(
          round,
          2,
          1,
          3,
          (piece, setting, contestant) ->
              taken.add("%d%d%d".formatted(piece, setting, contestant)));
    }
    assertThat(taken)
        .containsExactly(
            "000", "001", "002", "100", "101", "102", // then
            "001", "002", "000", "101", "102", "100");
  }

  @Test
  void round_noContestants_hasNoTurns() {
    Turns.round(1, 2, 2, 0, (piece, setting, contestant) -> assertThat(true).isFalse());
  }
}
