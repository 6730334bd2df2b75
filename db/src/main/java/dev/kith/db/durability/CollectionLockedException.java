package dev.kith.db.durability;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/** Another process, or another handle of this one, writes the collection. */
public final class CollectionLockedException extends KithException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public CollectionLockedException(String message) {
    super(Reaction.RETRY, message);
  }
}
