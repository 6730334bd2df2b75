package dev.kith.core.search;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/**
 * Thrown when a search reached its deadline or was cancelled. There is no partial answer: what was
 * found so far is thrown away, never returned.
 */
public final class SearchStoppedException extends KithException {
  private static final long serialVersionUID = 1;

  /** Creates the exception with its complete message. */
  public SearchStoppedException(String message) {
    super(Reaction.RETRY, message);
  }
}
