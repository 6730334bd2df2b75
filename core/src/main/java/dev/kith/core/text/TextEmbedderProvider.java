package dev.kith.core.text;

import org.jspecify.annotations.Nullable;

/** Loads embedders by their descriptions; found by {@link java.util.ServiceLoader}. */
public interface TextEmbedderProvider {

  /**
   * The embedder of that description, which the caller closes, or null if this provider does not
   * know its model.
   */
  @Nullable TextEmbedder load(TextEmbedding embedding);
}
