package dev.kith.langchain4j;

import dev.kith.db.Kith;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.store.embedding.EmbeddingStore;
import dev.langchain4j.store.embedding.EmbeddingStoreWithFilteringIT;
import org.junit.jupiter.api.AfterEach;

/** LangChain4j's suites of adding, searching and filtering, on a new store for each test. */
class FilteringConformanceTest extends EmbeddingStoreWithFilteringIT {
  private final Kith kith = Kith.inMemory();
  private final EmbeddingStore<TextSegment> store =
      KithEmbeddingStore.of(kith.create("store", KithEmbeddingStore.schema(HashedModel.DIMENSION)));

  @AfterEach
  void close() {
    kith.close();
  }

  @Override
  protected EmbeddingStore<TextSegment> embeddingStore() {
    return store;
  }

  @Override
  protected EmbeddingModel embeddingModel() {
    return new HashedModel();
  }

  @Override
  protected boolean supportsContains() {
    return true;
  }
}
