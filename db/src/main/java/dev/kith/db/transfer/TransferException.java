package dev.kith.db.transfer;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;
import org.jspecify.annotations.Nullable;

/**
 * A file does not hold the points that it should. The message is one line: file, line or row, and
 * what was expected there.
 */
public final class TransferException extends KithException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public TransferException(String message) {
    super(Reaction.FIX_INPUT, message);
  }

  /** With the whole message and what lies behind it. */
  public TransferException(String message, @Nullable Throwable cause) {
    super(Reaction.FIX_INPUT, message, cause);
  }
}
