package dev.kith.core.backend;

/** A backend was asked for by name and cannot serve; the message says why and what to do. */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public BackendUnavailableException(String message) {
    super(message);
  }

  /** With the whole message and what failed. */
  public BackendUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
