package dev.kith.core.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TextEmbeddingTest {
  private static final TextEmbedding BGE =
      TextEmbedding.of("bge")
          .withPooling("cls")
          .withMaxLength(512)
          .withPrefixes("query: ", "")
          .withChecksum("sha256:1");

  @Test
  void differences_nameEachPart() {
    assertThat(BGE.differences(BGE)).isEmpty();
    assertThat(BGE.differences(BGE.withChecksum("sha256:2")))
        .containsExactly("model bge of checksum sha256:1, not sha256:2");
    assertThat(BGE.differences(BGE.withPooling("mean"))).containsExactly("pooling cls, not mean");
    assertThat(BGE.differences(BGE.withMaxLength(128)))
        .containsExactly("512 tokens of a text, not 128");
    assertThat(BGE.differences(BGE.withNormalized(false)))
        .containsExactly("vectors of length 1, not of any");
    assertThat(BGE.withNormalized(false).differences(BGE))
        .containsExactly("vectors of any length, not of length 1");
    assertThat(BGE.differences(BGE.withPrefixes("", "passage: ")))
        .containsExactly("query prefix 'query: ', not ''", "passage prefix '', not 'passage: '");
    assertThat(BGE.differences(TextEmbedding.of("e5").withPrefixes("query: ", "")))
        .containsExactly("model bge, not e5");
  }

  @Test
  void differences_whatIsLeftOut_andNamesOfTheSameFiles_areNone() {
    assertThat(BGE.differences(TextEmbedding.of("bge").withPrefixes("query: ", ""))).isEmpty();
    var renamed = new TextEmbedding("my-folder", "cls", 512, true, "query: ", "", BGE.checksum());
    assertThat(BGE.differences(renamed)).isEmpty();
    assertThatCode(() -> BGE.requireSame(renamed, "here")).doesNotThrowAnyException();
  }

  @Test
  void requireSame_saysAllThatDiffers() {
    assertThatThrownBy(
            () -> BGE.requireSame(TextEmbedding.of("e5").withPooling("mean"), "vector v of c"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "texts must be embedded as the vectors they are compared with: vector v of c has model"
                + " bge, not e5; pooling cls, not mean; query prefix 'query: ', not ''; take that"
                + " one, or a field of its own");
    assertThatThrownBy(() -> TextEmbedding.of(" ")).hasMessage("a model must have a name");
  }
}
