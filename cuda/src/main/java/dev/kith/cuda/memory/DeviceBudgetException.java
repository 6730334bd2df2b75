package dev.kith.cuda.memory;

/** The device has no room within its budget; the message has the numbers. */
public final class DeviceBudgetException extends RuntimeException {
  private static final long serialVersionUID = 1;

  DeviceBudgetException(String message) {
    super(message);
  }
}
