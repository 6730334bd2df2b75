package dev.kith.db.point;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.db.json.PayloadJson;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadTest {
  private static final String HALF = "\ud83d";

  private static ObjectNode tree() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static Payload ofTree(ObjectNode tree) {
    return Payload.ofStored(PayloadJson.of(tree));
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  private static String nested(int arrays) {
    return "[".repeat(arrays) + "]".repeat(arrays);
  }

  @Test
  void of_halfASurrogate_isRefusedAtItsPlace() {
    String value = "a string in a payload must be Unicode text: it has half a surrogate, \\ud83d, ";
    refused(() -> Payload.of("a", HALF), value + "at /a");
    refused(() -> Payload.of(Map.of("a", List.of("b", "c" + HALF))), value + "at /a/1");
    refused(() -> ofTree(tree().put("a", HALF)), value + "at /a");
    refused(() -> Payload.parse("{\"a\": {\"b\": \"" + HALF + "\"}}"), value + "at /a/b");
    refused(() -> Payload.parse("{\"a\": \"\\ud83d\"}"), value + "at /a");
    refused(
        () -> Payload.parse("{\"a\": \"\\ude00\\ud83d\"}"),
        value.replace("d83d", "de00") + "at /a");
    String key = "a key in a payload must be Unicode text: it has half a surrogate, \\ud83d, ";
    refused(() -> Payload.of(HALF, 1), key + "at /\\ud83d");
    refused(() -> Payload.of(Map.of("a", Map.of(HALF, 1))), key + "at /a/\\ud83d");
    refused(() -> ofTree(tree().put(HALF, 1)), key + "at /\\ud83d");
    assertThatThrownBy(() -> Payload.parse("{\"\\ud83d\": 1}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Broken surrogate pair");
  }

  @Test
  void of_wholeSurrogates_areKept() {
    assertThat(Payload.of("😀", "a😀").toString()).isEqualTo("{\"😀\":\"a😀\"}");
    assertThat(Payload.parse("{\"a\": \"\\ud83d\\ude00\"}")).isEqualTo(Payload.of("a", "😀"));
  }

  @Test
  void of_numberBeyondTheLimit_saysWhich() {
    String message =
        "a number in a payload must have at most 1000 characters: characters=1001 at /n";
    var large = new BigInteger("9".repeat(1001));
    refused(() -> Payload.of("n", large), message);
    refused(() -> ofTree(tree().put("n", large)), message);
    refused(() -> Payload.parse("{\"n\": " + large + "}"), message);
    refused(() -> Payload.of("n", new BigDecimal("0." + "1".repeat(999))), message);
    assertThat(Payload.of("n", new BigInteger("9".repeat(1000))).value("n"))
        .isEqualTo(new BigInteger("9".repeat(1000)));
    assertThatThrownBy(() -> Payload.parse("{\"n\": " + "9".repeat(5000) + "}"))
        .hasMessage(
            "a payload must be a JSON object: Number value length (5000) exceeds the maximum"
                + " allowed (2000)");
  }

  @Test
  void of_nestedBeyondTheLimit_saysWhich() {
    String message = "a payload may be nested at most 1000 deep";
    assertThatThrownBy(() -> Payload.parse("{\"n\":" + nested(1000) + "}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message + ": it is deeper at /n/0/0/0")
        .hasMessageEndingWith("...; keep what lies deeper as text");
    List<Object> list = new ArrayList<>();
    var array = JsonNodeFactory.instance.arrayNode();
    for (int i = 1; i < 100_000; i++) {
      list = new ArrayList<>(List.of(list));
      array = JsonNodeFactory.instance.arrayNode().add(array);
    }
    var deepList = list;
    var deepArray = array;
    refused(() -> Payload.of("n", deepList), message + "; keep what lies deeper as text");
    assertThatThrownBy(() -> ofTree((ObjectNode) tree().set("n", deepArray)))
        .hasMessageStartingWith(message);
    var cycle = new HashMap<String, Object>();
    cycle.put("me", cycle);
    refused(() -> Payload.of(cycle), message + "; keep what lies deeper as text");
  }

  @Test
  void of_atTheLimits_isReadAgain() {
    var deepest = "{\"n\":" + nested(999) + "}";
    var read = Payload.ofStored(Payload.parse(deepest).utf8());
    assertThat(PayloadJson.text(read.values())).isEqualTo(deepest);
    var key = "é".repeat(Payload.MAX_KEY);
    assertThat(Payload.ofStored(Payload.of(key, 1).utf8()).value(key)).isEqualTo(1);
    refused(
        () -> Payload.of(Map.of("a", Map.of("k".repeat(50_001), 1))),
        "a key in a payload must have at most 50000 characters: characters=50001 at /a/"
            + "k".repeat(74)
            + "...");
    var text = "é".repeat(Payload.MAX_STRING);
    assertThat(Payload.ofStored(Payload.of("a", text).utf8()).get("a")).hasSize(text.length());
    refused(
        () -> Payload.of("a", text + "é"),
        "a string in a payload must have at most 20000000 characters: characters=20000001 at /a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"100.0", "1.0", "1e2", "1E+2", "-0.0", "0.10", "12345678901234567890.5", "1e400"})
  void parse_number_isKeptAsWritten(String number) {
    assertThat(Payload.parse("{\"n\": [" + number + "]}").toString())
        .isEqualTo("{\"n\":[" + number + "]}");
  }

  @Test
  void tree_decimal_keepsItsZeros() {
    assertThat(Payload.parse("{\"n\": 100.0}").get("n")).isEqualTo("100.0");
    assertThat(Payload.of("n", new BigDecimal("100.0")).toString()).isEqualTo("{\"n\":100.0}");
  }

  @Test
  void of_float_isTheJsonWithItsDigits() {
    var wanted = Payload.parse("{\"f\": 0.1}");
    assertThat(Payload.of("f", 0.1f)).isEqualTo(wanted);
    assertThat(ofTree(tree().put("f", 0.1f))).isEqualTo(wanted);
    var list = Payload.parse("{\"f\": [0.1, 0.2]}");
    assertThat(Payload.of("f", List.of(0.1f, 0.2f))).isEqualTo(list);
    assertThat(Payload.of("f", new float[] {0.1f, 0.2f})).isEqualTo(list);
    assertThat(Payload.of("f", new Float[] {0.1f, 0.2f})).isEqualTo(list);
    assertThat(Payload.of("f", Map.of("g", 0.1f))).isEqualTo(Payload.parse("{\"f\":{\"g\":0.1}}"));
    refused(
        () -> Payload.of("f", new float[] {1, Float.NaN}),
        "a payload's numbers must be finite: NaN at /f/1");
  }

  @Test
  void of_valuesThatAreNoJson_areWrittenAsBefore() {
    assertThat(Payload.of("b", new byte[] {1, 2, 3}).get("b")).isEqualTo("AQID");
    assertThat(ofTree(tree().put("b", new byte[] {1, 2, 3})).get("b")).isEqualTo("AQID");
    assertThat(ofTree(tree().putPOJO("p", List.of(1, "a"))).toString())
        .isEqualTo("{\"p\":[1,\"a\"]}");
    assertThat(Payload.of("p", Path.of("a")).get("p")).endsWith("a");
  }

  @Test
  void values_areJavasOwn_andCannotBeChanged() {
    var payload =
        Payload.parse(
            "{\"i\": 1, \"l\": 5000000000, \"d\": 1.50, \"n\": null, \"a\": [true, {\"b\":"
                + " \"c\"}]}");
    assertThat(payload.values().keySet()).containsExactly("i", "l", "d", "n", "a");
    assertThat(payload.value("i")).isEqualTo(1);
    assertThat(payload.value("l")).isEqualTo(5_000_000_000L);
    assertThat(payload.value("d")).isEqualTo(new BigDecimal("1.50"));
    assertThat(payload.value("a")).isEqualTo(List.of(true, Map.of("b", "c")));
    assertThat(payload.value("n")).isNull();
    assertThat(payload.get("n")).isEqualTo("null");
    assertThat(payload.get("m")).isNull();
    assertThat(payload.get("i.m")).isNull();
    assertThatThrownBy(() -> payload.values().put("x", 1))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> requireNonNull((List<?>) payload.value("a")).clear())
        .isInstanceOf(UnsupportedOperationException.class);
    var own = payload.toMap();
    own.put("x", 1);
    assertThat(own).hasSize(6);
    assertThat(payload.values()).hasSize(5);
  }

  @Test
  void equals_numbersAreTheSame_howeverTheyAreWritten() {
    var one = Payload.parse("{\"a\": [1, {\"b\": 2.50}], \"c\": 100}");
    var other = Payload.parse("{\"c\": 1e2, \"a\": [1.0, {\"b\": 2.5}]}");
    assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
    assertThat(one).isNotEqualTo(Payload.parse("{\"a\": [1, {\"b\": 2.51}], \"c\": 100}"));
    assertThat(one).isNotEqualTo(Payload.parse("{\"a\": [1], \"c\": 100}"));
    assertThat(one).isNotEqualTo(Payload.parse("{\"a\": [1, {\"d\": 2.5}], \"c\": 100}"));
    assertThat(Payload.parse("{\"a\": null}")).isNotEqualTo(Payload.parse("{\"b\": null}"));
    assertThat(Payload.parse("{\"a\": \"1\"}")).isNotEqualTo(Payload.parse("{\"a\": 1}"));
  }

  @Test
  void parse_whatIsNoObject_isRefused() {
    refused(() -> Payload.parse("[1]"), "a payload must be a JSON object");
    refused(() -> Payload.parse(""), "a payload must be a JSON object");
    refused(() -> Payload.parse("{} {}"), "a payload must be one JSON object: more follows it");
    assertThatThrownBy(() -> Payload.parse("{\"a\": 1, \"a\": 2}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a payload must be a JSON object: column 13: Duplicate field 'a'");
    assertThatThrownBy(() -> Payload.parse("{\"a\": 1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a payload must be a JSON object: column ");
  }
}
