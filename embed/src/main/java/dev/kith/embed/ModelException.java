package dev.kith.embed;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a model cannot be had or cannot run: not found, damaged, not of the BERT family. The
 * message is one line that says what was tried and what to do.
 */
public final class ModelException extends KithException {
  private static final long serialVersionUID = 1;

  /** Creates the exception with its complete message. */
  public ModelException(String message) {
    super(Reaction.CONFIGURE, message);
  }

  /** Creates the exception with its complete message and its cause. */
  public ModelException(String message, @Nullable Throwable cause) {
    super(Reaction.CONFIGURE, message, cause);
  }
}
