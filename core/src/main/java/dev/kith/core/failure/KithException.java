package dev.kith.core.failure;

import org.jspecify.annotations.Nullable;

/**
 * The supertype of Kith's own unchecked exceptions, one type a kind of failure. What a caller's
 * code is to blame for is not among them: that is an {@link IllegalArgumentException} or an {@link
 * IllegalStateException}; nor is what the operating system said, an {@link
 * java.io.UncheckedIOException}.
 */
public abstract class KithException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Reaction reaction;

  /** Creates the exception with its complete message: one line, which ends with what to do. */
  protected KithException(Reaction reaction, String message) {
    super(message);
    this.reaction = reaction;
  }

  /** The same with what lies behind it. */
  protected KithException(Reaction reaction, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reaction = reaction;
  }

  /** What a caller can do about it. */
  public final Reaction reaction() {
    return reaction;
  }
}
