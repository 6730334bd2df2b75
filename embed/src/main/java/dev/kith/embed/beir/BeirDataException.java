package dev.kith.embed.beir;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a BEIR folder does not hold what it should. The message names the file, the line and
 * what was expected there.
 */
public final class BeirDataException extends KithException {
  private static final long serialVersionUID = 1;

  /** Creates the exception with its complete message. */
  public BeirDataException(String message) {
    super(Reaction.FIX_INPUT, message);
  }

  /** Creates the exception with its complete message and its cause. */
  public BeirDataException(String message, @Nullable Throwable cause) {
    super(Reaction.FIX_INPUT, message, cause);
  }
}
