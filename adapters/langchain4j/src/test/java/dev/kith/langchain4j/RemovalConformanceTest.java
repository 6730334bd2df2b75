package dev.kith.langchain4j;

import dev.kith.db.Kith;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.store.embedding.EmbeddingStore;
import dev.langchain4j.store.embedding.EmbeddingStoreAddAllContract;
import dev.langchain4j.store.embedding.EmbeddingStoreRemoveAllContract;
import dev.langchain4j.store.embedding.EmbeddingStoreWithRemovalIT;
import org.junit.jupiter.api.AfterEach;

/** LangChain4j's suite of removing, and its contracts of adding and removing many. */
class RemovalConformanceTest extends EmbeddingStoreWithRemovalIT
    implements EmbeddingStoreAddAllContract, EmbeddingStoreRemoveAllContract {
  private final Kith kith = Kith.inMemory();
  private final EmbeddingStore<TextSegment> store =
      KithEmbeddingStore.of(kith.create("store", KithEmbeddingStore.schema(HashedModel.DIMENSION)));

  @AfterEach
  void close() {
    kith.close();
  }

  @Override
  public EmbeddingStore<TextSegment> embeddingStore() {
    return store;
  }

  @Override
  protected EmbeddingModel embeddingModel() {
    return new HashedModel();
  }
}
