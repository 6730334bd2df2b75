package dev.kith.cli.collection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.cli.console.Screen;
import dev.kith.core.testing.Seeded;
import dev.kith.db.point.PointId;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids as they are typed and as they are shown. */
class IdsTest {
  private static final String UUID_TEXT = "0123abcd-0000-4000-8000-00000000000f";

  @Test
  void parse_eachForm_isThatKindOfId() {
    assertThat(Ids.parse("12")).isEqualTo(PointId.of(12));
    assertThat(Ids.parse("\"12\"")).isEqualTo(PointId.of("12"));
    assertThat(Ids.parse("012")).isEqualTo(PointId.of("012"));
    assertThat(Ids.parse(UUID_TEXT)).isEqualTo(PointId.of(UUID.fromString(UUID_TEXT)));
    assertThat(Ids.parse("\"" + UUID_TEXT + "\"")).isEqualTo(Ids.parse(UUID_TEXT));
    assertThat(Ids.parse("{\"text\": \"" + UUID_TEXT + "\"}")).isEqualTo(PointId.of(UUID_TEXT));
    assertThat(Ids.parse("{text}")).isEqualTo(PointId.of("{text}"));
    assertThat(Ids.parse("\"\\\"a\"")).isEqualTo(PointId.of("\"a"));
    assertThat(Ids.parse("@a")).isEqualTo(PointId.of("@a"));
    assertThat(Ids.parse(List.of("1", "1", "\"1\"")))
        .containsExactly(PointId.of(1), PointId.of("1"));
  }

  @Test
  void shown_textThatLooksLikeAnotherId_standsInJson() {
    assertThat(Ids.shown(PointId.of(12))).isEqualTo("12");
    assertThat(Ids.shown(PointId.of("12"))).isEqualTo("\"12\"");
    assertThat(Ids.shown(PointId.of(UUID_TEXT))).isEqualTo("{\"text\":\"" + UUID_TEXT + "\"}");
    assertThat(Ids.shown(PointId.of("a b"))).isEqualTo("a b");
    assertThat(Ids.shown(PointId.of("-k"))).isEqualTo("\"-k\"");
    assertThat(Ids.shown(PointId.of("\"a"))).isEqualTo("\"\\\"a\"");
    assertThat(Ids.shown(PointId.of("\u001b[2J\u202e")))
        .isEqualToIgnoringCase("\"\\u001b[2J\\u202e\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"a", "\"a\" b", "\"", "\"a\"\"b\""})
  void parse_quoteWithoutJson_saysHowToTypeIt(String argument) {
    assertThatThrownBy(() -> Ids.parse(argument))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "an id that begins with a quote must be a JSON string: %s; the text itself is '%s'",
            argument, Ids.shown(PointId.of(argument)));
  }

  @Test
  @ExtendWith(Seeded.class)
  void shown_anyId_isParsedAsTheSame(SplittableRandom random) {
    var pieces =
        new String[] {
          "\"",
          "\\",
          "{",
          "}",
          "text",
          ":",
          "1",
          "0",
          "-",
          " ",
          "\n",
          "\u001b",
          "\u009b",
          "\u202e",
          "\u2028",
          "é",
          "\ud83d\ude00",
          UUID_TEXT,
          "{\"text\":\"a\"}",
          "'",
          "@",
          "\\u001b"
        };
    for (int i = 0; i < 5_000; i++) {
      var text = new StringBuilder();
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      var id = PointId.of(text.toString());
      assertThat(Ids.parse(Ids.shown(id))).isEqualTo(id);
      assertThat(Ids.shown(id).chars()).noneMatch(Screen::isHidden);
    }
    for (var id :
        List.of(PointId.of(-1L), PointId.of(0), PointId.of(new UUID(random.nextLong(), 7)))) {
      assertThat(Ids.parse(Ids.shown(id))).isEqualTo(id);
    }
  }
}
