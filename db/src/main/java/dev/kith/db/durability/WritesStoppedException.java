package dev.kith.db.durability;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/**
 * A write could not be made durable, or one before it. The collection can be read, but takes no
 * more writes until it is closed and opened again, which recovers all that was acknowledged; the
 * write that failed is then there as a whole or not at all.
 */
public final class WritesStoppedException extends KithException {
  private static final long serialVersionUID = 1;

  /** Of a collection, for that reason. */
  public WritesStoppedException(String collection, Throwable cause) {
    super(
        Reaction.REOPEN,
        "collection %s takes no more writes: %s; mend that, close the collection and open it again: nothing acknowledged is lost"
            .formatted(
                collection, cause.getMessage() == null ? cause.toString() : cause.getMessage()),
        cause);
  }
}
