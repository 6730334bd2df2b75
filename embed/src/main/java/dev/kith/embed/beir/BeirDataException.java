package dev.kith.embed.beir;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a BEIR folder does not hold what it should. The message names the file, the line and
 * what was expected there.
 */
public final class BeirDataException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Creates the exception with its complete message. */
  public BeirDataException(String message) {
    super(message);
  }

  /** Creates the exception with its complete message and its cause. */
  public BeirDataException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
