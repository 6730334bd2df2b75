package dev.kith.db.durability;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/**
 * A collection cannot be read without being written: the process that made it ended before its
 * first checkpoint.
 */
public final class NoCheckpointException extends KithException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public NoCheckpointException(String message) {
    super(Reaction.REOPEN, message);
  }
}
