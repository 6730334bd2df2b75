package dev.kith.core.failure;

/** What a caller can do about a {@link KithException}; its message says how. */
public enum Reaction {
  /** Give other input: a file or a text does not hold what it should. */
  FIX_INPUT,
  /** Try again later, or allow more time: nothing is broken. */
  RETRY,
  /** Close what is open and open it again, to write: that recovers what was acknowledged. */
  REOPEN,
  /** Repair what is stored, or restore a copy of it: its bytes are not those that were written. */
  RESTORE,
  /** Change the machine or choose another way: something that was asked for is not there. */
  CONFIGURE
}
