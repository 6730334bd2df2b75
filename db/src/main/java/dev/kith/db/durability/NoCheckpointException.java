package dev.kith.db.durability;

/**
 * A collection cannot be read without being written: the process that made it ended before its
 * first checkpoint.
 */
public final class NoCheckpointException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public NoCheckpointException(String message) {
    super(message);
  }
}
