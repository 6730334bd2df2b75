package dev.kith.db.durability;

/** Another process, or another handle of this one, writes the collection. */
public final class CollectionLockedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public CollectionLockedException(String message) {
    super(message);
  }
}
