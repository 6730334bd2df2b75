package dev.kith.lab.peers;

import org.jspecify.annotations.Nullable;

/** Thrown when a contestant cannot run, or cannot go on; the others are measured without it. */
public final class ContestantException extends Exception {
  private static final long serialVersionUID = 1;

  /** Creates one whose reason is one line: what, and what to do. */
  public ContestantException(String reason) {
    this(reason, null);
  }

  /** Creates one that was caused by {@code cause}. */
  public ContestantException(String reason, @Nullable Throwable cause) {
    super(reason, cause);
  }

  /** Why, in one line. */
  public String reason() {
    return String.valueOf(getMessage());
  }
}
