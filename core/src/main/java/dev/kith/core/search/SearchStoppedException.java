package dev.kith.core.search;

/**
 * A search reached its deadline or was cancelled. An exact search has no partial answer: what it
 * found so far is thrown away, never returned.
 */
public final class SearchStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole message. */
  public SearchStoppedException(String message) {
    super(message);
  }
}
