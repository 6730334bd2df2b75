package dev.kith.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kith.core.metric.Metric;
import dev.kith.db.Kith;
import dev.langchain4j.data.document.Metadata;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.lucene.index.IndexReader;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The store as a named module: what it requires is enough for LangChain4j and Lucene to run. */
class ModulePathTest {
  @Test
  void store_ofNamedModules_addsAndCounts() throws Exception {
    var finder =
        ModuleFinder.of(
            Stream.of(
                    KithEmbeddingStore.class,
                    Kith.class,
                    Metric.class,
                    Metadata.class,
                    IndexReader.class,
                    ObjectMapper.class,
                    JsonFactory.class,
                    JsonProperty.class,
                    NullMarked.class,
                    LoggerFactory.class)
                .map(ModulePathTest::place)
                .toArray(Path[]::new));
    var boot = ModuleLayer.boot();
    var resolved =
        boot.configuration().resolve(finder, ModuleFinder.of(), Set.of("dev.kith.langchain4j"));
    var layer = boot.defineModulesWithOneLoader(resolved, ClassLoader.getPlatformClassLoader());

    var loader = layer.findLoader("dev.kith.langchain4j");

    var stores = loader.loadClass("dev.kith.langchain4j.KithEmbeddingStore");
    var databases = loader.loadClass("dev.kith.db.Kith");
    var schema = stores.getMethod("schema", int.class).invoke(null, 2);
    try (var kith = (AutoCloseable) databases.getMethod("inMemory").invoke(null)) {
      var collection =
          databases
              .getMethod("create", String.class, schema.getClass())
              .invoke(kith, "store", schema);
      var collections = loader.loadClass("dev.kith.db.Collection");
      var store = stores.getMethod("of", collections).invoke(null, collection);
      var embeddings = loader.loadClass("dev.langchain4j.data.embedding.Embedding");
      var embedding = embeddings.getConstructor(float[].class).newInstance(new float[] {1, 2});
      stores.getMethod("add", String.class, embeddings).invoke(store, "a", embedding);

      assertThat(collections.getMethod("count").invoke(collection)).isEqualTo(1L);
      assertThat(store.getClass().getModule().getName()).isEqualTo("dev.kith.langchain4j");
      assertThat(embeddings.getModule().getName()).isEqualTo("langchain4j.core");
      Class.forName("dev.langchain4j.internal.Utils", true, loader); // which logs
    }
  }

  private static Path place(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
