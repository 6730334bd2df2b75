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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph",
        "graph(r=32,codes=int8,builder=nndescent,efc=200,alpha=1.2,passes=2,seed=7)",
        "graph(dims=all)",
        "graph(codes=int4,dims=192)",
        "hnsw",
        "hnsw(m=32,efc=100,codes=float32,seed=9)",
        "vamana",
        "vamana(degree=32,alpha=1.1,efc=64,passes=1,codes=float16,seed=3)",
        "ivf",
        "ivf(lists=256,seed=7)",
        "ivf(lists=256,codes=bits1)",
        "ivf(codes=pq48x4,seed=2)",
        "ivf(lists=7,codes=opq16x8)",
        "flat(shadow=bits4)",
        "flat(shadow=pq48x8,seed=3)",
        "auto(recall=0.99)",
        "auto(recall=0.9)"
      })
  void toString_ofAnApproximateIndex_isReadAgain(String text) {
    assertThat(IndexSpec.parse(text)).hasToString(text).isEqualTo(IndexSpec.parse(text));
    assertThat(IndexSpec.parse(text).exact()).isFalse();
  }

  @Test
  void parse_defaultsWrittenOut_areTheShortForm() {
    assertThat(IndexSpec.parse("graph(r=64,codes=auto,dims=auto)")).hasToString("graph");
    assertThat(IndexSpec.parse("hnsw(m=16)")).isEqualTo(GraphSpec.Hnsw.DEFAULT);
    assertThat(IndexSpec.parse("vamana")).isEqualTo(GraphSpec.Vamana.DEFAULT);
    assertThat(IndexSpec.parse("ivf(codes=int8,refine=rows,seed=1)")).isEqualTo(ListSpec.DEFAULT);
  }

  @Test
  void chosenFor_auto_goesByTheNumberOfRows() {
    var auto = IndexSpec.parse("auto");
    assertThat(auto).isEqualTo(AutoSpec.DEFAULT).isEqualTo(new AutoSpec(0.99));
    assertThat(auto.chosenFor(AutoSpec.INDEX_ROWS - 1)).hasToString("flat(shadow=int8)");
    assertThat(auto.chosenFor(AutoSpec.INDEX_ROWS)).isEqualTo(GraphSpec.Graph.DEFAULT);
    assertThat(ListSpec.DEFAULT.chosenFor(1)).isEqualTo(ListSpec.DEFAULT);
  }

  @Test
  void parse_oneListOfEverything_isASweep() {
    assertThat(IndexSpec.parse("ivf(lists=1,codes=bits1)"))
        .hasToString("flat(shadow=bits1)")
        .isEqualTo(IndexSpec.parse("flat(shadow=bits1)"));
    var sweep = (ListSpec) IndexSpec.parse("flat(shadow=bits1)");
    assertThat(sweep.sweeps()).isTrue();
    assertThat(sweep.listsFor(4096)).isEqualTo(1); // stretches in which its rows are stored
    assertThat(sweep.listsFor(4097)).isEqualTo(2);
    assertThat(sweep.listsFor(0)).isZero();
    assertThat(((ListSpec) IndexSpec.parse("ivf(lists=1)")).sweeps()).isFalse();
  }

  @Test
  void codes_numbersThatAreNone_areRefused() {
    assertThatThrownBy(() -> new ListSpec.Codes(9, 0, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "codes of lists have 1 to 8 bits an element, or 4 or 8 bits a part: bits=9, parts=0,"
                + " fitted=false");
    assertThat(ListSpec.Codes.rotated(1)).hasToString("bits1");
    assertThat(ListSpec.DEFAULT.codes()).hasToString("int8");
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
        "ivfpq(m=16) | column 1: no such index: ivfpq; known are flat,"
            + " flat(shadow=int8|fp16|bf16|bits1..bits8|pq48x4),"
            + " graph(r=64,codes=auto|int4|int8|float16|float32,dims=auto|all|N,builder=insert|knn|nndescent,efc=128,alpha=1.1,passes=1,seed=1),"
            + " hnsw(m=16,efc=200,codes=int8|int4|auto|float16|float32,seed=1),"
            + " vamana(degree=64,alpha=1.2,efc=100,passes=2,codes=int8|int4|auto|float16|float32,seed=1),"
            + " ivf(lists=4096,codes=int8|bits1..bits8|pq48x4|pq48x8|opq48x4|opq48x8,refine=rows,seed=1),"
            + " auto(recall=0.99)",
        "auto(recall=0) | column 13: recall must be above 0 and at most 1: 0.0",
        "auto(recall=high) | column 13: recall must be above 0 and at most 1: high",
        "auto(r=64) | column 6: auto has no parameter r; known are: recall",
        "ivf(m=16) | column 5: ivf has no parameter m; known are: codes, lists, refine, seed",
        "ivf(lists=0) | column 11: lists must be a whole number from 1 to 1048576: 0",
        "ivf(codes=bits9) | column 11: codes must be one of"
            + " int8|bits1..bits8|pq48x4|pq48x8|opq48x4|opq48x8: bits9",
        "ivf(codes=pq48x5) | column 11: codes must be one of"
            + " int8|bits1..bits8|pq48x4|pq48x8|opq48x4|opq48x8: pq48x5",
        "flat(shadow=bits9) | column 13: no such shadow: bits9; known are int8, fp16, bf16, bits1"
            + " to bits8, pq48x4 and such",
        "flat(shadow=bits1,m=2) | column 19: flat has no parameter m; known are: seed, shadow",
        "ivf(lists=4,refine=none) | column 20: refine must be one of rows: none",
        "graph(r=3) | column 9: r must be a whole number from 4 to 512: 3",
        "graph(r=64,seed=-1) | column 17: seed must be a whole number from 1 on: -1",
        "graph(codes=int2) | column 13: codes must be one of auto, int4, int8, float16, float32:"
            + " int2",
        "graph(dims=some) | column 12: dims must be auto, all or a whole number from 1 to 99999:"
            + " some",
        "graph(dims=0) | column 12: dims must be auto, all or a whole number from 1 to 99999: 0",
        "graph(codes=float16,dims=64) | column 26: dims=64 goes with codes of few bits:"
            + " codes=float16; ask for int4, int8 or auto",
        "vamana(alpha=0.9) | column 14: alpha must be a number from 1.0 to 4.0: 0.9",
        "hnsw(r=64) | column 6: hnsw has no parameter r; known are: codes, efc, m, seed",
        "flat(shadow=int4) | column 13: no such shadow: int4; known are int8, fp16, bf16, bits1 to"
            + " bits8, pq48x4 and such",
        "flat(shadow=pq(m=4)) | column 13: no such shadow: pq(m=4); known are int8, fp16, bf16,"
            + " bits1 to bits8, pq48x4 and such",
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
  void listsFor_noNumberGiven_growsWithTheRootOfTheRows() {
    assertThat(ListSpec.DEFAULT.listsFor(0)).isZero();
    assertThat(ListSpec.DEFAULT.listsFor(1)).isEqualTo(1);
    assertThat(ListSpec.DEFAULT.listsFor(1_000)).isEqualTo(62); // of 16 rows each
    assertThat(ListSpec.DEFAULT.listsFor(1_000_000)).isEqualTo(4_000);
    assertThat(ListSpec.DEFAULT.listsFor(Long.MAX_VALUE)).isEqualTo(ListSpec.MOST);
    var blocks = (ListSpec) IndexSpec.parse("ivf(codes=bits1)"); // fewer, for they are read sooner
    assertThat(blocks.listsFor(1_000_000)).isEqualTo(1_000);
    assertThat(blocks.listsFor(30)).isEqualTo(1);
  }

  @Test
  void listsFor_aNumber_isThatOrTheRows() {
    var spec = (ListSpec) IndexSpec.parse("ivf(lists=50)");
    assertThat(spec.listsFor(49)).isEqualTo(49);
    assertThat(spec.listsFor(1_000_000)).isEqualTo(50);
    assertThatThrownBy(() -> new ListSpec(-1, ListSpec.Codes.INT8, ListSpec.Refine.ROWS, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "there are 1 to 1048576 lists, or 0 for a number that suits, and the seed is at least"
                + " 1: lists=-1, seed=1");
  }

  @Test
  void parse_nothing_saysWhatIsExpected() {
    assertThatThrownBy(() -> IndexSpec.parse(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("index \"\", column 1: expected the name of an index, found the end");
  }
}
