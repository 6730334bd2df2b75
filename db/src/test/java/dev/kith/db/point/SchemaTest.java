package dev.kith.db.point;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import org.junit.jupiter.api.Test;

class SchemaTest {
  @Test
  void parse_byteOrderMark_isNoText() {
    var schema = Schema.of(2, Metric.L2);
    assertThat(Schema.parse("\ufeff" + schema.toJson())).isEqualTo(schema);
  }

  @Test
  void parse_beyondALimit_saysWhich() {
    assertThatThrownBy(() -> Schema.parse("[".repeat(5000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a schema must be JSON: Document nesting depth (1001) exceeds the maximum allowed"
                + " (1000)");
    assertThatThrownBy(() -> Schema.parse("{\"strict\": " + "9".repeat(2000) + "}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a schema must be JSON: Number value length (2000) exceeds the maximum allowed (1000)");
    assertThatThrownBy(() -> Schema.parse("{\n \"strict\" }"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a schema must be JSON: line 2, column ");
  }
}
