package dev.kith.langchain4j;

import static dev.langchain4j.store.embedding.filter.MetadataFilterBuilder.metadataKey;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.db.Kith;
import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs what the javadoc of {@link KithEmbeddingStore} shows. */
class UsageTest {
  private static final String PACKAGE = "java/dev/kith/langchain4j/";

  /** The module's folder, wherever the tests were started. */
  private static Path module() throws URISyntaxException {
    var classes = UsageTest.class.getProtectionDomain().getCodeSource().getLocation();
    return Path.of(classes.toURI()).resolve("../..").normalize();
  }

  private static void usage(EmbeddingModel model, Path folder) {
    try (var kith = Kith.open(folder)) {
      var store = KithEmbeddingStore.of(kith.create("articles", KithEmbeddingStore.schema(24)));
      var segment =
          TextSegment.from("The Parthenon stands on the Acropolis", Metadata.from("lang", "en"));
      store.add(model.embed(segment).content(), segment);
      var request =
          EmbeddingSearchRequest.builder()
              .queryEmbedding(model.embed("iconic landmark").content())
              .filter(metadataKey("lang").isEqualTo("en"))
              .maxResults(3)
              .build();
      for (var match : store.search(request).matches()) {
        IO.println("%.3f  %s".formatted(match.score(), match.embedded().text()));
      }
    }
  }

  @Test
  void javadoc_itsExample_isWhatIsRunHere(@TempDir Path folder) throws Exception {
    usage(new HashedModel(), folder);

    try (var kith = Kith.openReadOnly(folder)) {
      assertThat(kith.collection("articles").count()).isEqualTo(1);
    }
    var javadoc =
        Files.readString(module().resolve("src/main/" + PACKAGE + "KithEmbeddingStore.java"));
    int start = javadoc.indexOf("{@code\n * try") + "{@code".length();
    var shown = javadoc.substring(start, javadoc.indexOf(" * }</pre>")).replace("\n * ", "\n");
    var here = Files.readString(module().resolve("src/test/" + PACKAGE + "UsageTest.java"));
    assertThat(words(shown)).startsWith("try(varkith");
    assertThat(words(here)).contains(words(shown).replace("schema(384)", "schema(24)"));
  }

  private static String words(String code) {
    return code.replaceAll("\\s+", "");
  }
}
