package dev.kith.cuda.driver;

/** This process cannot use a GPU; the message says why and what to do. */
public final class CudaUnavailableException extends Exception {
  private static final long serialVersionUID = 1;

  private final String reason;

  /** With the whole reason, one line. */
  public CudaUnavailableException(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** One line: what is missing and what to do. */
  public String reason() {
    return reason;
  }
}
