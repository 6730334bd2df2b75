package dev.kith.core.backend;

/**
 * Thrown when no backend can serve, or not the one that was asked for; the message says why and
 * what to do.
 */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Creates the exception with its complete message. */
  public BackendUnavailableException(String message) {
    super(message);
  }

  /** Creates the exception with its complete message and its cause. */
  public BackendUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
