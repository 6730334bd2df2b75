package dev.kith.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.output.Response;
import java.util.List;
import java.util.random.RandomGeneratorFactory;

/**
 * Model that gives every text a random direction of its own: equal texts are equal, others far
 * apart.
 */
final class HashedModel implements EmbeddingModel {
  static final int DIMENSION = 24;

  @Override
  public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
    return Response.from(segments.stream().map(segment -> embedding(segment.text())).toList());
  }

  private static Embedding embedding(String text) {
    var random = RandomGeneratorFactory.of("SplittableRandom").create(text.hashCode());
    var vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return Embedding.from(vector);
  }
}
