package dev.kith.core.backend;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/**
 * Thrown when no backend can serve, or not the one that was asked for; the message says why and
 * what to do.
 */
public final class BackendUnavailableException extends KithException {
  private static final long serialVersionUID = 1;

  /** Creates the exception with its complete message. */
  public BackendUnavailableException(String message) {
    super(Reaction.CONFIGURE, message);
  }

  /** Creates the exception with its complete message and its cause. */
  public BackendUnavailableException(String message, Throwable cause) {
    super(Reaction.CONFIGURE, message, cause);
  }
}
