package dev.kith.core.text;

import java.util.List;

/**
 * Turns texts into vectors. Vectors of questions and of passages are compared with each other; a
 * model may want them told apart by prefixes. Safe for many threads.
 */
public interface TextEmbedder extends AutoCloseable {

  /** All that its vectors depend on. */
  TextEmbedding embedding();

  /** Elements of a vector. */
  int dimension();

  /** The vector of what is looked for, {@code float[dimension]}. */
  float[] embedQuery(String text);

  /**
   * The vectors of what is to be found, in the order of the texts, {@code float[dimension]} each.
   *
   * @param texts some; many are embedded faster together than one by one
   */
  List<float[]> embedPassages(List<String> texts);

  /** Lets its memory go, if it holds some. */
  @Override
  default void close() {}
}
