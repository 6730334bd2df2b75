package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArithmeticRateTest {

  /**
   * The rate is below what a loop removed by the compiler would give, and above a slow machine's.
   */
  @Test
  void measure_anyMachine_isPossible() {
    assertThat(ArithmeticRate.measure(200)).isBetween(1e8, 1e12);
  }
}
