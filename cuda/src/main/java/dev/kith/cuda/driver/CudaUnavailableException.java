package dev.kith.cuda.driver;

/** This process cannot use a GPU; the message says why and what to do. */
public final class CudaUnavailableException extends Exception {
  private static final long serialVersionUID = 1;

  private final String reason;
  private final boolean absent;

  /** With the whole reason, one line. */
  public CudaUnavailableException(String reason) {
    this(reason, false);
  }

  private CudaUnavailableException(String reason, boolean absent) {
    super(reason);
    this.reason = reason;
    this.absent = absent;
  }

  /** Of a machine that has no GPU, or of a process that wants none: nothing is wrong. */
  static CudaUnavailableException absent(String reason) {
    return new CudaUnavailableException(reason, true);
  }

  /** The same, thrown at another place. */
  public CudaUnavailableException again() {
    return new CudaUnavailableException(reason, absent);
  }

  /** Whether there is no GPU, or none is wanted, rather than one that cannot be used. */
  public boolean isAbsent() {
    return absent;
  }

  /** One line: what is missing and what to do. */
  public String reason() {
    return reason;
  }
}
