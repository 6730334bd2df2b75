package dev.kith.embed;

import dev.kith.core.text.TextEmbedder;
import dev.kith.core.text.TextEmbedderProvider;
import dev.kith.core.text.TextEmbedding;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Loads the models of the {@link ModelCatalog} for collections that remember them. */
public final class ModelProvider implements TextEmbedderProvider {
  /** Creates the provider; {@link java.util.ServiceLoader} does. */
  public ModelProvider() {}

  @Override
  public @Nullable TextEmbedder load(TextEmbedding embedding) {
    return ModelCatalog.entries().stream().anyMatch(e -> e.name().equals(embedding.model()))
        ? TextModel.load(embedding.model(), options(embedding))
        : null;
  }

  /**
   * The options by which a model embeds as a description says.
   *
   * @throws ModelException if no model of Kith pools in that way
   */
  public static TextModel.Options options(TextEmbedding embedding) {
    var options =
        TextModel.Options.DEFAULT
            .withNormalize(embedding.normalized())
            .withPrefixes(embedding.queryPrefix(), embedding.passagePrefix());
    var pooling = embedding.pooling();
    if (pooling != null) {
      options = options.withPooling(pooling(pooling));
    }
    return embedding.maxLength() > 0 ? options.withMaxLength(embedding.maxLength()) : options;
  }

  private static Pooling pooling(String name) {
    return Arrays.stream(Pooling.values())
        .filter(pooling -> pooling.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ModelException(
                    "no such pooling: %s; known are %s"
                        .formatted(
                            name,
                            Arrays.stream(Pooling.values())
                                .map(pooling -> pooling.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")))));
  }
}
