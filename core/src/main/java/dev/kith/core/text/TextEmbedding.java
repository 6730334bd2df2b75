package dev.kith.core.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How texts become vectors: all that the vectors depend on. Two vectors are comparable only if
 * these agree. What a description leaves out (null, or 0) agrees with anything.
 *
 * @param model name of the model
 * @param pooling how token vectors become one, such as {@code cls} or {@code mean}, or null
 * @param maxLength the most tokens of a text that are read, or 0
 * @param normalized whether vectors are scaled to length 1
 * @param queryPrefix put before what is looked for
 * @param passagePrefix put before what is to be found
 * @param checksum of the model's files, such as {@code sha256:9f86d0...}, or null
 */
public record TextEmbedding(
    String model,
    @Nullable String pooling,
    int maxLength,
    boolean normalized,
    String queryPrefix,
    String passagePrefix,
    @Nullable String checksum) {

  /** Checks the name and the number. */
  public TextEmbedding {
    if (model.isBlank()) {
      throw new IllegalArgumentException("a model must have a name");
    }
    if (maxLength < 0) {
      throw new IllegalArgumentException(
          "the most tokens of a text must be 0 (not said) or more: " + maxLength);
    }
  }

  /** By the model of that name; vectors have length 1, and all else is left out. */
  public static TextEmbedding of(String model) {
    return new TextEmbedding(model, null, 0, true, "", "", null);
  }

  /** The same with that pooling. */
  public TextEmbedding withPooling(@Nullable String value) {
    return new TextEmbedding(
        model, value, maxLength, normalized, queryPrefix, passagePrefix, checksum);
  }

  /** The same with that many tokens of a text. */
  public TextEmbedding withMaxLength(int value) {
    return new TextEmbedding(
        model, pooling, value, normalized, queryPrefix, passagePrefix, checksum);
  }

  /** The same with vectors of length 1, or of their own lengths. */
  public TextEmbedding withNormalized(boolean value) {
    return new TextEmbedding(
        model, pooling, maxLength, value, queryPrefix, passagePrefix, checksum);
  }

  /** The same with these prefixes. */
  public TextEmbedding withPrefixes(String query, String passage) {
    return new TextEmbedding(model, pooling, maxLength, normalized, query, passage, checksum);
  }

  /** The same with that checksum. */
  public TextEmbedding withChecksum(@Nullable String value) {
    return new TextEmbedding(
        model, pooling, maxLength, normalized, queryPrefix, passagePrefix, value);
  }

  /**
   * What keeps vectors of this and of another embedding from being compared, such as {@code model
   * bge-small-en-v15, not all-minilm-l6-v2}; none if they may be. Names may differ where checksums
   * agree.
   */
  public List<String> differences(TextEmbedding other) {
    var found = new ArrayList<String>();
    boolean summed = checksum != null && other.checksum != null;
    boolean sameFiles = summed && Objects.equals(checksum, other.checksum);
    if (!sameFiles && !model.equals(other.model)) {
      found.add("model %s, not %s".formatted(model, other.model));
    } else if (summed && !sameFiles) {
      found.add("model %s of checksum %s, not %s".formatted(model, checksum, other.checksum));
    }
    if (pooling != null && other.pooling != null && !pooling.equals(other.pooling)) {
      found.add("pooling %s, not %s".formatted(pooling, other.pooling));
    }
    if (maxLength > 0 && other.maxLength > 0 && maxLength != other.maxLength) {
      found.add("%d tokens of a text, not %d".formatted(maxLength, other.maxLength));
    }
    if (normalized != other.normalized) {
      found.add(
          normalized
              ? "vectors of length 1, not of any"
              : "vectors of any length, not of length 1");
    }
    if (!queryPrefix.equals(other.queryPrefix)) {
      found.add("query prefix '%s', not '%s'".formatted(queryPrefix, other.queryPrefix));
    }
    if (!passagePrefix.equals(other.passagePrefix)) {
      found.add("passage prefix '%s', not '%s'".formatted(passagePrefix, other.passagePrefix));
    }
    return found;
  }

  /**
   * Returns if vectors of another embedding may be compared with those of this one.
   *
   * @param place whose vectors they are, for the message
   * @throws IllegalArgumentException naming both models and what differs
   */
  public void requireSame(TextEmbedding other, String place) {
    var differences = differences(other);
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "texts must be embedded as the vectors they are compared with: %s has %s; take that one, or a field of its own"
              .formatted(place, String.join("; ", differences)));
    }
  }
}
