package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.vector.ClusteredVectors;
import org.junit.jupiter.api.Test;

/** Tests with wide limits: machines differ, and other work may run on this one. */
class MachineRatesTest {
  private static final ClusteredVectors VECTORS = new ClusteredVectors(64, 8, 4, 0.5, 1);

  @Test
  void readMillis_someMegabytes_liesWithinWhatMachinesCan() {
    try (var rows = VECTORS.generate(0, 40_000)) {
      long bytes = 40_000L * 64 * 4;
      // 0.1 GB/s to 10 TB/s
      assertThat(new MachineRates(rows).readMillis(bytes, 1)).isBetween(1e-3, 102.4);
      assertThat(new MachineRates(rows).readMillis(bytes, 2)).isBetween(1e-3, 102.4);
    }
  }

  @Test
  void readMillis_tooFewToTell_isNone() {
    try (var rows = VECTORS.generate(0, 10)) {
      assertThat(new MachineRates(rows).readMillis(2560, 1)).isZero();
    }
  }

  @Test
  void computeMillis_aMillionMultiplyAdds_liesWithinWhatMachinesCan() {
    try (var rows = VECTORS.generate(0, 10)) {
      var rates = new MachineRates(rows);
      // 0.1 to 1,000 multiply-adds a nanosecond
      assertThat(rates.computeMillis(1e6, 1)).isBetween(1e-3, 10.0);
      assertThat(rates.computeMillis(2e6, 1)).isEqualTo(2 * rates.computeMillis(1e6, 1));
    }
  }
}
