package dev.kith.lab.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.embed.TextModel;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmbeddingRateTest {

  @Test
  void measure_aModel_hasARate() {
    try (var model = TextModel.load("bge-small-en-v15-q")) {
      var rate = EmbeddingRate.measure("cpu", model, List.of("one text", "another"), 0);
      assertThat(rate.model()).isEqualTo("bge-small-en-v15-q");
      assertThat(rate.texts()).isEqualTo(2);
      assertThat(rate.textsPerSecond()).isBetween(1.0, 1e6);
      assertThat(rate.spread()).isNotNegative();
      assertThat(rate.notRun()).isNull();
    }
  }

  @Test
  void notRun_aReason_hasNoRate() {
    var rate = EmbeddingRate.notRun("gpu", "m", 2, "no provider");
    assertThat(rate.textsPerSecond()).isNull();
    assertThat(rate.notRun()).isEqualTo("no provider");
  }
}
