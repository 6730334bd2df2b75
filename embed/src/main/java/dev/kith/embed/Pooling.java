package dev.kith.embed;

/**
 * Way in which the vectors of a text's tokens become one vector. A model works with the one it was
 * trained with.
 */
public enum Pooling {
  /** The vector of the first token, {@code [CLS]}: bge models. */
  CLS,
  /** The mean over all tokens, padding left out: MiniLM and gte models. */
  MEAN
}
