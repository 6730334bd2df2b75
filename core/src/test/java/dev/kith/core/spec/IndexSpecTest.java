package dev.kith.core.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.quant.Quantizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IndexSpecTest {

  @ParameterizedTest
  @ValueSource(strings = {"flat", "flat(shadow=int8)", "flat(shadow=fp16)", "flat(shadow=bf16)"})
  void toString_ofASpec_isReadAgain(String text) {
    assertThat(IndexSpec.parse(text)).hasToString(text).isEqualTo(IndexSpec.parse(text));
    assertThat(IndexSpec.parse(text).exact()).isTrue();
  }

  @Test
  void parse_shadow_isItsQuantizer() {
    assertThat(IndexSpec.parse("flat(shadow=int8)"))
        .isEqualTo(new IndexSpec.Flat(Quantizer.INT8))
        .isNotEqualTo(new IndexSpec.Flat(Quantizer.FP16))
        .isNotEqualTo(new IndexSpec.Flat(null));
  }

  @Test
  void parse_blanksBetweenPieces_areSkipped() {
    assertThat(IndexSpec.parse(" flat ( shadow = int8 ) ")).hasToString("flat(shadow=int8)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hnsw(m=16) | column 1: no such index: hnsw; known are flat and"
            + " flat(shadow=int8|fp16|bf16)",
        "flat(shadow=int4) | column 13: no such shadow: int4; known are int8, fp16, bf16",
        "flat(shadow=pq(m=4)) | column 13: no such shadow: pq(m=4); known are int8, fp16, bf16",
        "flat(m=16) | column 6: flat has no parameter m; known are: shadow",
        "flat() | column 6: expected a parameter's name, found \")\"",
        "flat(shadow) | column 12: expected =, found \")\"",
        "flat(shadow=) | column 13: expected a value of shadow, found \")\"",
        "flat(shadow=int8 | column 17: expected , or ), found the end",
        "flat(shadow=pq(m=4) | column 20: expected , or ), found the end",
        "flat(shadow=pq(m=4 | column 19: expected ), found the end",
        "flat(shadow=int8)x | column 18: expected the end, found \"x\"",
        "flat shadow | column 6: expected ( or the end, found \"s\"",
        "flat(shadow=int8,shadow=fp16) | column 18: shadow is given twice",
        "Flat | column 1: expected the name of an index, found \"F\"",
      })
  void parse_whatDoesNotBelongThere_isNamedWithItsColumn(String line) {
    // Written in one piece, for the texts hold the sign that would part them.
    var text = line.substring(0, line.indexOf(" | "));
    var message = line.substring(line.indexOf(" | ") + 3);
    assertThatThrownBy(() -> IndexSpec.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("index \"%s\", %s", text, message);
  }

  @Test
  void parse_nothing_saysWhatIsExpected() {
    assertThatThrownBy(() -> IndexSpec.parse(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("index \"\", column 1: expected the name of an index, found the end");
  }
}
