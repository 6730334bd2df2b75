package dev.kith.cuda.exact;

/** A row of the answer is not finite. */
final class BrokenRowException extends RuntimeException {
  private static final long serialVersionUID = 1;
}
