package dev.kith.embed;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.text.TextEmbedderProvider;
import dev.kith.core.text.TextEmbedding;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** Models that collections remember. */
class ModelProviderTest {
  private static final TextEmbedding DEFAULT = TextEmbedding.of(ModelCatalog.DEFAULT);

  private static TextEmbedderProvider provider() {
    return ServiceLoader.load(TextEmbedderProvider.class).findFirst().orElseThrow();
  }

  @Test
  void load_embedsAsTheDescriptionSays_andDescribesItselfSo() {
    var wanted =
        DEFAULT
            .withPooling("mean")
            .withMaxLength(16)
            .withNormalized(false)
            .withPrefixes("query: ", "passage: ");
    try (var embedder = requireNonNull(provider().load(wanted));
        var plain =
            TextModel.load(
                ModelCatalog.DEFAULT,
                TextModel.Options.DEFAULT
                    .withPooling(Pooling.MEAN)
                    .withMaxLength(16)
                    .withNormalize(false))) {
      assertThat(embedder.embedding().withChecksum(null)).isEqualTo(wanted);
      assertThat(embedder.embedding().checksum()).matches("sha256:[0-9a-f]{64}");
      assertThat(embedder.embedding().checksum()).isEqualTo(plain.embedding().checksum());
      assertThat(wanted.differences(embedder.embedding())).isEmpty();
      assertThat(embedder.embedQuery("a hill")).isEqualTo(plain.embed("query: a hill"));
      assertThat(embedder.embedPassages(List.of("a hill", "lentils")).get(1))
          .containsExactly(
              plain.embedPassages(List.of("passage: a hill", "passage: lentils")).get(1));
      assertThat(embedder.embedPassages(List.of())).isEmpty();
      assertThat(plain.embedQuery("a hill")).isEqualTo(plain.embed("a hill"));
    }
  }

  @Test
  void load_whatIsNotKnown_isNullOrSaysWhat() {
    assertThat(provider().load(TextEmbedding.of("somebody-elses"))).isNull();
    assertThatThrownBy(() -> provider().load(DEFAULT.withPooling("max")))
        .isInstanceOf(ModelException.class)
        .hasMessage("no such pooling: max; known are cls, mean");
  }
}
