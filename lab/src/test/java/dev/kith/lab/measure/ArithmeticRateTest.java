package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArithmeticRateTest {

  /** A rate that work removed by the compiler would pass, and a slow machine would not reach. */
  @Test
  void measure_anyMachine_isPossible() {
    assertThat(ArithmeticRate.measure(200)).isBetween(1e8, 1e12);
  }
}
