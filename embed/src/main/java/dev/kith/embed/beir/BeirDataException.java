package dev.kith.embed.beir;

import org.jspecify.annotations.Nullable;

/**
 * A BEIR folder does not hold what it should. The message names the file, the line and what was
 * expected there.
 */
public final class BeirDataException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public BeirDataException(String message) {
    super(message);
  }

  /** With the whole message and what lies behind it. */
  public BeirDataException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
