package dev.kith.db.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2024-05-01T10:00:00+09:00",
        "2024-05-01T10:00:00+09",
        "2024-05-01T10:00:00+0900",
        "2024-05-01T10:00:00+09:00:00",
        "2024-05-01T10:00+09",
        "2024-05-01 10:00:00+09",
        "2024-05-01 10:00:00 +0900",
        "2024-05-01t10:00:00.000000+09:00",
        "2024-05-01T10:00:00,000+09",
        "20240501T100000+0900",
        "20240501T1000+09",
        "2024-05-01T01:00:00Z",
        "2024-05-01T01:00:00.Z",
        "2024-05-01T01:00:00.",
        "2024-05-01t01:00:00z",
        "2024-05-01 01:00:00",
        "2024-05-01 01:00:00-00:00",
        "2024-05-01 01:00",
        "20240501T010000Z",
        "20240501 010000.0000000000Z"
      })
  void millis_anyFormOfAnInstant_isThatInstant(String text) {
    assertThat(Times.millis(text)).isEqualTo(Instant.parse("2024-05-01T01:00:00Z").toEpochMilli());
  }

  @Test
  void millis_datesAndFractions() {
    long midnight = Instant.parse("2024-05-01T00:00:00Z").toEpochMilli();
    assertThat(Times.millis("2024-05-01")).isEqualTo(midnight);
    assertThat(Times.millis("20240501")).isEqualTo(midnight);
    assertThat(Times.millis("2024-05-01 00:00:00.0019999999999Z")).isEqualTo(midnight + 1);
    assertThat(Times.millis("-0001-01-01")).isNegative();
    assertThat(Times.millis("+12345-01-01")).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2024",
        "2024-05",
        "2024-5-1",
        "2024-02-30",
        "2024-05-01T",
        "2024-05-01T10",
        "2024-05-0110:00",
        "2024-05-01  10:00",
        "2024-05-01T10:00:00+9",
        "2024-05-01T25:00:00",
        "2024-05-01T10:00:00+19",
        "2024-05-01 10:00 UTC",
        "2024-05-01Z",
        "2024-0501",
        "01.05.2024",
        "+1000000000-01-01",
        "\u0662\u0660\u0662\u0664-05-01"
      })
  void millis_anythingElse_isNone(String text) {
    assertThat(Times.millis(text)).isNull();
  }
}
