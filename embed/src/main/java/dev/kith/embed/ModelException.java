package dev.kith.embed;

import org.jspecify.annotations.Nullable;

/**
 * A model cannot be had or cannot run: not found, damaged, not of the BERT family. The message is
 * one line that says what was tried and what to do.
 */
public final class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public ModelException(String message) {
    super(message);
  }

  /** With the whole message and what lies behind it. */
  public ModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
