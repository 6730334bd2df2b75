package dev.kith.cuda.memory;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/**
 * Thrown when the device has no room; the message has the numbers. What is more than the budget
 * asks for another one ({@link Reaction#CONFIGURE}), what others use may be free later ({@link
 * Reaction#RETRY}).
 */
public final class DeviceBudgetException extends KithException {
  private static final long serialVersionUID = 1;

  DeviceBudgetException(Reaction reaction, String message) {
    super(reaction, message);
  }
}
